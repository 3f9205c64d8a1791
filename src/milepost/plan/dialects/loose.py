"""Boxes without a number beside numbered ones: tasks, optional where they are for later, or mere conditions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

from milepost.plan.blocks import Block, BlockKind, walk
from milepost.plan.dialects.assemble import SectionTasks
from milepost.plan.dialects.boxes import read_box
from milepost.plan.dialects.criteria import in_criteria
from milepost.plan.dialects.document import LISTS, Document, Section
from milepost.plan.dialects.heads import Head, read_head
from milepost.plan.dialects.numbered import document_heads
from milepost.plan.dialects.numbering import written_id
from milepost.plan.dialects.plain import PlainTasks
from milepost.plan.dialects.reading import Reading
from milepost.plan.dialects.tasks import TaskReader, first_line, title_head
from milepost.plan.grammar.ids import ID
from milepost.plan.model import Task
from milepost.source.lazy_regex import lazy_regex

_LATER = lazy_regex(
    r".*\b(?:future|out[ -]of[ -]scope|nice[ -]to[ -]have|someday|stretch|optional|later|post-?mvp|roadmap)\b.*",
    re.IGNORECASE | re.DOTALL,
)


_WORK = lazy_regex(
    r"\b(?:tasks?|to-?dos?|implementation|work|plan|steps|enhancements?|tareas|tarefas|tâches|aufgaben|задачи)\b"
    r"|任务|任務|タスク|実装|实现|작업",
    re.IGNORECASE,
)
_TASKS = lazy_regex(r"\b(?:tasks|to-?dos)\b\W*\Z", re.IGNORECASE)
_ASIDE = lazy_regex(r"[(（\[][^()（）\[\]]*[)）\]]")
_CONDITIONS = lazy_regex(
    r"\b(?:pre-?requisites?|dependenc(?:y|ies)|check-?lists?|validat(?:e|ion)|gates?|verification|verify|review"
    r"|guidance|status|summary|risks?|mitigation|roll-?backs?|roll-?out|monitoring|deployment|pre-?merge|merge|hand-?off"
    r"|limitations|notes|testing[ \t]+requirements?|protocols?"
    r"|format|coverage|criteria|metrics|progress|achievements|legend)\b|検証|确认|检查|注意|前提|基準|标准",
    re.IGNORECASE,
)
_MENTION = lazy_regex(rf"(?:\*\*)?(?P<id>{ID})(?:[ \t]*(?:[-–—]|to\b|through\b)[ \t]*(?P<last>{ID})(?!\w))?(?![^\W_])")


def is_for_later(section: Section) -> bool:
    """Say whether a section, or one around it below the title, is about what need not be done now."""
    return any(around.level > 1 and _LATER.fullmatch(around.title) for around in section.ancestors())


@dataclass
class PlacesOfWork:
    """Tells sections whose boxes are work, though they have no ids, from those that say what has to hold.

    ``name_phase`` names phases and ``accepts`` says what ids the dialect's tasks have: work stands in phases without
    any, and under headings that speak of work.
    """

    document: Document
    name_phase: Callable[[Section], object]
    accepts: Callable[[Head], bool]

    def hold(self, section: Section) -> bool:
        """Say whether a section's boxes are tasks, though none of them has an id."""
        for around in section.ancestors():
            if self.name_phase(around):
                return id(around) not in self._with_ids
            if _states_conditions(around):
                return False
            if is_for_later(around) or _WORK.search(_subject(around)):
                says_so = around is section or _TASKS.search(_subject(around)) is not None
                return says_so or (around.level > 1 and id(around) not in self._with_ids)
        return False

    def may_state_conditions(self, section: Section) -> bool:
        """Say whether boxes that are no tasks can be taken for conditions: under such a heading, or inside a phase."""
        return any(_states_conditions(one) or bool(self.name_phase(one)) for one in section.ancestors())

    def are_conditions(self, section: Section) -> bool:
        """Say whether a section stands under a heading that speaks of conditions, outside all phases."""
        around = list(section.ancestors())
        return any(map(_states_conditions, around)) and not any(map(self.name_phase, around))

    @cached_property
    def _with_ids(self) -> set[int]:
        stated = (section for section, head in document_heads(self.document) if self.accepts(head))
        return {id(around) for section in stated for around in section.ancestors()}


def _subject(section: Section) -> str:
    return _ASIDE.sub("", section.title)


def _states_conditions(section: Section) -> bool:
    title = _subject(section)
    return _CONDITIONS.search(title) is not None and _TASKS.search(title) is None


@dataclass
class WithLooseBoxes:
    """Reads sections by another reader, and those in which it finds nothing box by box.

    ``places`` says in which of these boxes are tasks: everywhere unless given. Boxes without an id beside tasks in one
    list are tasks, but for those that sum up others (``T001-T004 done``).
    """

    reading: Reading
    numbered: SectionTasks
    places: PlacesOfWork | None = None
    counts: dict[str | None, int] = field(default_factory=dict)
    left_over: set[int] = field(default_factory=set)
    """The sections, by identity, with boxes that are nobody's task."""

    def of_section(self, section: Section, phase: str | None) -> list[Task]:
        """The tasks of a section."""
        found = self.numbered(section, phase)
        if found and not self._only_mentions(section, found):
            return self._with_those_beside(section, phase, found)
        boxes = PlainTasks(self.reading).boxes(section)
        if boxes and self.places and not self.places.hold(section):
            if self.places.may_state_conditions(section):
                self.left_over.add(id(section))
            return []
        tasks = [task for item in boxes for task in self._read(item, phase)]
        return [replace(task, optional=True) for task in tasks] if is_for_later(section) else tasks

    def _only_mentions(self, section: Section, tasks: list[Task]) -> bool:
        """Say whether conditions speak of tasks stated elsewhere: ``T006 was seen to fail``."""
        if self.places is None or not self.places.are_conditions(section):
            return False
        return all(self._stated_ids[written_id(task)] > 1 for task in tasks)

    def holds_criteria(self, section: Section) -> bool:
        """Say whether a section holds conditions: by its heading, or for its boxes are nobody's task."""
        return id(section) in self.left_over or in_criteria(section)

    def _with_those_beside(self, section: Section, phase: str | None, found: list[Task]) -> list[Task]:
        starts = {task.span.start for task in found}
        beside: list[Task] = []
        for block in section.blocks:
            if block.kind not in LISTS:
                continue
            boxes = [item for item in block.children if item.checkbox and item.span.start not in starts]
            if not boxes:
                continue
            depth = min((self._indent(item) for item in block.children if item.span.start in starts), default=-1)
            for item in boxes:
                if self._indent(item) <= depth and not self._sums_up(item):
                    beside += self._read(item, phase)
                else:
                    self.left_over.add(id(section))
        return sorted([*found, *beside], key=lambda task: task.span.start) if beside else found

    def _read(self, item: Block, phase: str | None) -> list[Task]:
        line = first_line(item)
        box = read_box(self.reading, line.start, line.end) if line else None
        if line is None or box is None:
            return []
        head = self._head(item)
        if head is None or self._stated_ids[head.id] > 1:
            head = title_head(self.reading, line, box, self._name(phase))
        return TaskReader(self.reading, lambda *_: None).build(item, box, head, phase)

    def _head(self, item: Block) -> Head | None:
        line = first_line(item)
        box = read_box(self.reading, line.start, line.end) if line else None
        return read_head(self.reading.text, box.end, line.end) if line and box else None

    def _indent(self, item: Block) -> int:
        """How many blanks stand before an item's mark: one further in than tasks looks like a step."""
        start = item.span.start
        while start and self.reading.text[start - 1] in " \t":
            start -= 1
        return item.span.start - start

    def _sums_up(self, item: Block) -> bool:
        """Say whether a box is about tasks stated elsewhere: a range of them, or one it merely mentions."""
        line = first_line(item)
        box = read_box(self.reading, line.start, line.end) if line else None
        if line is None or box is None:
            return False
        found = _MENTION.match(self.reading.text, box.end, line.end)
        return found is not None and (
            found["last"] is not None or (self._head(item) is None and self._states(found["id"]))
        )

    def _states(self, task_id: str) -> bool:
        return not task_id.isdigit() and task_id in self._stated_ids

    def _name(self, phase: str | None) -> str:
        while True:
            self.counts[phase] = self.counts.get(phase, 0) + 1
            name = f"{phase}.{self.counts[phase]}" if phase else str(self.counts[phase])
            if name not in self._stated_ids:
                return name

    @cached_property
    def _stated_ids(self) -> Counter[str]:
        items = (block for block in walk(self.reading.document.root) if block.kind is BlockKind.ITEM and block.checkbox)
        lines = (line for item in items if (line := first_line(item)))
        boxes = ((read_box(self.reading, line.start, line.end), line.end) for line in lines)
        heads = (read_head(self.reading.text, box.end, end) for box, end in boxes if box)
        return Counter(head.id for head in heads if head)
