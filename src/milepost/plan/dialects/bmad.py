"""BMAD stories: ``## Tasks / Subtasks`` with ``- [ ] Task 1: … (AC: 1, 2)``, ``## Status``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from milepost.plan.blocks import Block, BlockKind
from milepost.plan.dialects.assemble import PlanReader, in_checkpoint
from milepost.plan.dialects.boxes import read_box
from milepost.plan.dialects.document import Document, Section
from milepost.plan.dialects.headings import HeadingTasks, labelled_dependencies
from milepost.plan.dialects.heads import Head, read_head
from milepost.plan.dialects.labelled import read_effort
from milepost.plan.dialects.numbering import nest, separate
from milepost.plan.dialects.plain import PlainTasks
from milepost.plan.dialects.reading import Reading
from milepost.plan.dialects.story_criteria import criteria_references
from milepost.plan.dialects.task_headings import TaskHeadings
from milepost.plan.dialects.tasks import TaskReader, first_line, title_head
from milepost.plan.grammar.states import find_state
from milepost.plan.model import Claim, ClaimKind, Field, Plan, Reference, Task
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

NAME = "bmad"

_TASKS = lazy_regex(r"\W*(?:tasks?(?:[ \t]*(?:/|&|and)[ \t]*sub-?tasks?)?|sub-?tasks)(?:[ \t]+list)?\W*", re.IGNORECASE)
_BOTH = lazy_regex(r"\W*tasks?[ \t]*(?:/|&|and)[ \t]*sub-?tasks?\W*", re.IGNORECASE)
_TITLE = lazy_regex(r"\W*story[ \t]+\w+(?:[.-]\w+)*[ \t]*[:：–—-]", re.IGNORECASE)
_PARTS = frozenset({"story", "acceptance criteria", "dev notes", "dev agent record", "status", "qa results"})
_REMARK = lazy_regex(r"[ \t*_]*[(（](?P<inner>[^()（）]*)[)）]")
_COLON = lazy_regex(r"[ \t]*(?:\*\*|__)?[ \t]*(?:[:：.–—-](?:\*\*|__)?(?=[ \t]))?[ \t]*")
_LINK = lazy_regex(r"(?P<key>depends[ \t]+on|blocks|blocked[ \t]+by|requires)[ \t]*[:：][ \t]*", re.IGNORECASE)


def detect(document: Document) -> bool:
    """Say whether the document is a story."""
    return bool(_evidence(document))


def why(document: Document) -> str:
    """What shows that the document is a story."""
    return f"it has {_evidence(document)}"


def _evidence(document: Document) -> str:
    titles = [section.title for section in document.sections if section.heading]
    both = next((title for title in titles if _BOTH.fullmatch(title)), None)
    if both:
        return f'a section "{both}"'
    parts = [title for title in titles if title.strip(" :").casefold() in _PARTS]
    if titles and _TITLE.match(titles[0]) and len(parts) > 1:
        return f"the title of a story and the sections {', '.join(dict.fromkeys(parts))}"
    return ""


def read(reading: Reading) -> Plan:
    """Read a story; where its section of tasks is empty, every checklist of it is read as tasks."""
    document = reading.document
    headings = TaskHeadings(document, within=_in_tasks)
    if headings.found:
        under = HeadingTasks(reading, headings)
        of_section, is_task = under.of_section, lambda section: headings.of(section) is not None
    elif any(_in_tasks(section) and _has_boxes(section) for section in document.sections):
        of_section, is_task = _StoryTasks(reading).of_section, lambda _: False
    else:
        of_section, is_task = PlainTasks.of(reading).of_section, lambda _: False
    reader = PlanReader(
        reading,
        NAME,
        of_section,
        arrange=lambda tasks: [_finished(reading, task) for task in nest(separate(tasks))],
        dependencies=labelled_dependencies,
        is_task=is_task,
        holds_criteria=lambda section: not _in_tasks(section),
    )
    plan = reader.read()
    return replace(plan, claims=(*plan.claims, *_status(reading)))


def _in_tasks(section: Section) -> bool:
    return any(around.level > 1 and _TASKS.fullmatch(around.title) for around in section.ancestors())


def _has_boxes(section: Section) -> bool:
    return any(item.checkbox for _, item in section.items)


@dataclass
class _StoryTasks:
    """The boxes of the sections of tasks; one without a number gets the next free one."""

    reading: Reading
    taken: set[str] = field(default_factory=set)
    last: int = 0

    def __post_init__(self) -> None:
        for section in self.reading.document.sections:
            if _in_tasks(section):
                heads = (self._head(item) for _, item in section.items)
                self.taken.update(head.id for head in heads if head)

    def of_section(self, section: Section, phase: str | None) -> list[Task]:
        """The tasks of a section's lists."""
        if not _in_tasks(section) or in_checkpoint(section):
            return []
        reader = TaskReader(
            self.reading, lambda reading, _, box, line: read_head(reading.text, box.end, line.end) if box else None
        )
        tasks: list[Task] = []
        for _, item in section.items:
            line = first_line(item)
            box = read_box(self.reading, line.start, line.end) if line else None
            if line and box:
                head = self._head(item) or title_head(self.reading, line, box, self._next())
                tasks += reader.build(item, box, head, phase)
        shared = tuple(_criteria(self.reading, section.title_span))
        return [task if any(_criteria(self.reading, task.title_span)) else _serving(task, shared) for task in tasks]

    def _head(self, item: Block) -> Head | None:
        line = first_line(item)
        box = read_box(self.reading, line.start, line.end) if line and item.checkbox else None
        return read_head(self.reading.text, box.end, line.end) if line and box else None

    def _next(self) -> str:
        while True:
            self.last += 1
            if str(self.last) not in self.taken:
                return str(self.last)


def _criteria(reading: Reading, title: Span) -> Iterator[Reference]:
    """The criteria that a title, of a task or of a group of tasks, names in brackets."""
    for remark in _REMARK.finditer(reading.text, *title):
        yield from criteria_references(reading.document, Span(*remark.span("inner"))) or ()


def _serving(task: Task, criteria: tuple[Reference, ...]) -> Task:
    return replace(task, requirements=(*task.requirements, *criteria)) if criteria else task


def _finished(reading: Reading, task: Task) -> Task:
    """A task whose title has no remarks in brackets that say something of the task.

    ``(AC: 1, 2)`` gives requirements, ``(2-3 hours)`` the effort, ``(DEPENDS ON: Task 1)`` dependencies. The title ends
    before them, or starts behind those it would start with: ``Task 1 (AC: 1): Title``.
    """
    references, fields, effort = list(task.requirements), list(task.fields), task.effort
    start, end = task.title_span
    for remark in _REMARK.finditer(reading.text, task.title_span.start, task.title_span.end):
        inner = Span(*remark.span("inner"))
        criteria = criteria_references(reading.document, inner)
        link = _LINK.match(reading.text, *inner)
        duration = read_effort(reading, inner)
        if criteria is not None:
            references += criteria
        elif link:
            value = Span(link.end(), inner.end)
            fields.append(Field(link["key"], reading.text[value.start : value.end], inner, value))
        elif duration and duration.span == inner:
            effort = effort or duration
        else:
            continue
        if remark.start() <= start:
            start = _COLON.match(reading.text, remark.end(), task.title_span.end).end()  # type: ignore[union-attr]
        else:
            end = min(end, remark.start())
    if (start, end) == task.title_span:
        return task
    span = Span(start, max(start, end))
    title = reading.text[span.start : span.end].replace("**", "").replace("__", "").strip()
    requirements = tuple(references)
    return replace(task, title=title, title_span=span, requirements=requirements, effort=effort, fields=tuple(fields))


def _status(reading: Reading) -> tuple[Claim, ...]:
    """What stands under the heading "Status", if it is a state."""
    for section in reading.document.sections:
        block = section.blocks[0] if section.blocks else None
        if section.title.strip(" :").casefold() == "status" and block and block.kind is BlockKind.PARAGRAPH:
            line = block.lines[0]
            state = find_state(reading.text, line.start, line.end)
            if state:
                text = reading.text[line.start : line.end]
                return (Claim(ClaimKind.STATUS, text, line, line),)
    return ()
