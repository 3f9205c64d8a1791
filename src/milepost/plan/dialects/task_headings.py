"""Headings that are tasks: ``### Task 1.1: Title``, ``### TASK-001: Title ✅``, or any heading over a task's fields."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from milepost.plan.blocks import Block, BlockKind
from milepost.plan.dialects.assemble import is_notes, is_phase
from milepost.plan.dialects.checkpoints import is_checkpoint, is_checkpoint_group
from milepost.plan.dialects.criteria import is_criteria
from milepost.plan.dialects.dependencies import is_dependency_section
from milepost.plan.dialects.document import LISTS, Document, Section
from milepost.plan.dialects.tasks import first_line
from milepost.plan.grammar.labels import meaning, read_labels
from milepost.plan.grammar.states import SIGN, find_state
from milepost.plan.model import Field, WrittenState
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_DECORATION = r"(?:[^\w\s#\[(<`~*_]+[ \t]*)?"
_SEPARATOR = r"(?:[ \t]*(?:[:：.)、]|[–—-](?=[ \t]))[ \t]*|[ \t]+|(?=[*_`]*$))"
_TASK = lazy_regex(
    rf"{_DECORATION}(?P<strike>~~)?(?:\*\*|__)?{_DECORATION}(?:\[(?P<mark>[ xX~/-])\][ \t]+)?"
    r"(?:(?P<word>(?:sub-?)?task|tarea|subtarea|tarefa|tâche|aufgabe|задача|任务|任務|子任务|タスク)[ \t]*#?"
    r"(?P<number>[A-Z]{0,3}\d+[A-Za-z]?(?:\.\d+[A-Za-z]?)*)"
    r"|(?P<id>(?:SUB)?TASK[-_][A-Z]{0,6}-?\d+[a-z]?(?:[.-]\d+)*|T\d{2,4}[a-z]?|P\d+-T\d+[a-z]?))"
    rf"(?!\w){_SEPARATOR}(?P<title>.*)",
    re.IGNORECASE | re.DOTALL,
)
_ANY_ID = lazy_regex(
    rf"{_DECORATION}(?P<strike>~~)?(?:\*\*|__)?{_DECORATION}(?:(?i:story|issue|item|step|epic|bug|ticket)[ \t]+#?)?"
    r"(?P<id>(?:[A-Z][A-Z0-9]*-)+[A-Z]?\d+[a-z]?(?:\.\d+)*|[A-Z]{0,3}\d+[a-z]?(?:\.\d+[a-z]?)*)"
    rf"(?!\w|:\d){_SEPARATOR}(?P<title>.*)",
    re.DOTALL,
)
_NO_TASK = lazy_regex(
    r"(?:.*[ \t])?(?:(?:N?FR|REQ|US|AC|ADR|BR|CONST|RISK|GOAL|DEC|NFR|CON|UC|SC|KPI|Q)-?\d+\b.*|user stor(?:y|ies)\b.*)"
    r"|\W*\d{4}-\d\d?-\d\d?\b.*"
    r"|\W*(?:overview|executive summary|summary|background|metadata|introduction|context|appendix|legend|story|status"
    r"|(?:project|document|plan|task|implementation) (?:overview|information|metadata|summary|status))\W*",
    re.IGNORECASE | re.DOTALL,
)
_SHOWING = frozenset({"status", "estimated", "depends", "criteria", "owner"})
_ANYTHING = _SHOWING | {"priority", "files", "requirements", "about", "blocks"}
_TASKS = lazy_regex(r"(?:tasks?|to-?dos?|tareas|任务)", re.IGNORECASE)
_TAIL = lazy_regex(rf"[ \t]+(?:[–—-]+[ \t]+|[\[(（]|(?={SIGN}))")
_CLOSE = lazy_regex(r"[\s\])）*_~]*")
_DIGITS = lazy_regex(r"\d+")
_STRONG = "**", "__", "~~"


@dataclass(frozen=True)
class TaskHeading:
    """A heading read as a task; ``id`` is empty when it states none."""

    section: Section
    id: str
    id_span: Span | None
    title: str
    title_span: Span
    struck: bool
    written: WrittenState | None
    mark_span: Span | None = None


@dataclass
class TaskHeadings:
    """The headings of a document that are tasks."""

    document: Document
    within: Callable[[Section], bool] = lambda _: True

    @cached_property
    def found(self) -> dict[int, TaskHeading]:
        """Task headings by the identity of their sections, in document order."""
        named = {id(section): self._named(section) for section in self._candidates}
        by_word = {key: heading for key, heading in named.items() if heading}
        described = {key: heading for key, heading in self._all_described(by_word) if heading.id or not by_word}
        by_word = _without_reports(by_word)
        both = {**by_word, **(described if by_word or len(described) > 1 else {})}
        both |= self._stated(both)
        both |= self._beside(both)
        return {id(section): both[id(section)] for section in self._candidates if id(section) in both}

    def of(self, section: Section) -> TaskHeading | None:
        """The task a section's heading is, if it is one."""
        return self.found.get(id(section))

    def around(self, section: Section) -> TaskHeading | None:
        """The innermost task heading a section stands under, itself included."""
        for outer in section.ancestors():
            heading = self.of(outer)
            if heading:
                return heading
        return None

    @cached_property
    def _candidates(self) -> tuple[Section, ...]:
        return tuple(
            section
            for section in self.document.sections
            if section.level > 1
            and self.within(section)
            and not is_phase(section)
            and not any(is_checkpoint(around) or is_checkpoint_group(around) for around in section.ancestors())
        )

    def _named(self, section: Section) -> TaskHeading | None:
        """A heading that says of itself that it is a task."""
        found = _TASK.match(self.document.text, *section.title_span)
        if found is None:
            return None
        return self._heading(section, found, "number" if found["word"] else "id")

    def _all_described(self, by_word: Container[int]) -> Iterator[tuple[int, TaskHeading]]:
        """Headings over a task's fields; beside such a one, others over fewer of them count as well."""
        beside: set[tuple[int, int]] = set()
        for showing in (_SHOWING, _ANYTHING):
            for section in self._candidates:
                place = (id(section.parent), section.level)
                if id(section) not in by_word and (showing is _SHOWING or place in beside):
                    heading = self._described(section, showing)
                    if heading:
                        beside.add(place)
                        yield id(section), heading

    def _stated(self, found: Container[int]) -> dict[int, TaskHeading]:
        """Headings with a number and a state behind it, ``### 1.2 Title ✅ DONE``, over text without any boxes."""
        stated = {key: heading for key, heading in self._numbered.items() if key not in found and heading.written}
        bare = {key: heading for key, heading in stated.items() if not _has_boxes(heading.section, self._inner)}
        return bare if len(bare) > 1 and len(bare) == len(stated) else {}

    def _beside(self, found: Mapping[int, TaskHeading]) -> dict[int, TaskHeading]:
        """Headings numbered as several tasks are: of their level, and in a phase or a numbered section as they are."""
        like = Counter(
            self._kind(heading) for heading in found.values() if heading.id and id(heading.section) in self._numbered
        )
        return {
            key: heading
            for key, heading in self._numbered.items()
            if key not in found and like[self._kind(heading)] > 1 and not _has_boxes(heading.section, self._inner)
        }

    @cached_property
    def _numbered(self) -> dict[int, TaskHeading]:
        """The headings with a number of two parts, for several of which a state or the others may speak."""
        headings = {}
        for section in self._candidates:
            found = None if self._says_no_task(section) else _ANY_ID.match(self.document.text, *section.title_span)
            if found and "." in found["id"]:
                headings[id(section)] = self._heading(section, found, "id")
        return headings

    def _kind(self, heading: TaskHeading) -> tuple[int, str]:
        return heading.section.level, _DIGITS.sub("0", heading.id)

    def _says_no_task(self, section: Section) -> bool:
        return _NO_TASK.fullmatch(section.title) is not None or is_notes(section) or is_dependency_section(section)

    def _described(self, section: Section, showing: frozenset[str]) -> TaskHeading | None:
        if self._says_no_task(section):
            return None
        found = _ANY_ID.match(self.document.text, *section.title_span)
        if not self._describes_task(section, showing, strictly=found is None):
            return None
        if found:
            return self._heading(section, found, "id")
        title, span, written = self._title(section.title_span)
        return TaskHeading(section, "", None, title, span, title.startswith("~~"), written)

    def _heading(self, section: Section, found: re.Match[str], group: str) -> TaskHeading:
        title, span, written = self._title(Span(*found.span("title")))
        id_span = Span(*found.span(group))
        struck = found["strike"] is not None
        mark = Span(*found.span("mark")) if found.groupdict().get("mark") else None
        return TaskHeading(section, found[group], id_span, title, span, struck, written, mark)

    def _title(self, span: Span) -> tuple[str, Span, WrittenState | None]:
        """A title without marks of emphasis and without the state written behind it, and that state."""
        text, written, end = self.document.text, None, span.end
        for tail in _TAIL.finditer(text, span.start, span.end):
            state = find_state(text, tail.end(), span.end)
            if state and _is_tail(text[state[2] : span.end], text[state[1] : state[2]]):
                written = WrittenState(state[0], text[state[1] : state[2]], Span(state[1], state[2]))
                end = tail.start()
                break
        raw = text[span.start : end].rstrip()
        title = raw
        for mark in _STRONG:
            title = title.replace(mark, "")
        return title.strip(), Span(span.start, span.start + len(raw)), written

    def _describes_task(self, section: Section, showing: frozenset[str], *, strictly: bool) -> bool:
        """Say whether a task's fields stand directly under a heading.

        A list of boxes under the label "Tasks" makes the heading a group of tasks, and so does, under a heading
        without an id, one that no label introduces.
        """
        labels = section_labels(self.document.text, section)
        meanings = {meaning(field.key) for field, _ in labels}
        if any(is_criteria(inner) for inner in self._inner(section)):
            meanings.add("criteria")
        if len(meanings - {None}) < 2 or not meanings & showing:
            return False
        introduced = {id(block): field for field, block in labels if block}
        for block in section.blocks:
            if block.kind in LISTS and any(item.checkbox for item in block.children):
                label = introduced.get(id(block))
                if _TASKS.fullmatch(label.key) if label else strictly:
                    return False
        return True

    def _inner(self, section: Section) -> list[Section]:
        return self._children.get(id(section), [])

    @cached_property
    def _children(self) -> dict[int, list[Section]]:
        children: dict[int, list[Section]] = {}
        for section in self.document.sections:
            if section.parent:
                children.setdefault(id(section.parent), []).append(section)
        return children


def _has_boxes(section: Section, inner: Callable[[Section], list[Section]]) -> bool:
    """Say whether a section or one in it has boxes: they may be its steps, or tasks of a group that it is."""
    waiting = [section]
    while waiting:
        here = waiting.pop()
        if any(item.checkbox for _, item in here.items):
            return True
        waiting += inner(here)
    return False


def _without_reports(headings: Mapping[int, TaskHeading]) -> dict[int, TaskHeading]:
    """The headings that state a task; one of another level that names it again only reports on it."""
    levels: dict[str, int] = {}
    for heading in headings.values():
        levels.setdefault(heading.id, heading.section.level)
    return {key: heading for key, heading in headings.items() if heading.section.level == levels[heading.id]}


def _is_tail(rest: str, state: str) -> bool:
    """Say whether a heading may end so after its state: with nothing, a remark in brackets, or capitals throughout."""
    rest = rest[_CLOSE.match(rest).end() :]  # type: ignore[union-attr]
    return not rest or (any(map(str.isalpha, state)) and (rest[0] in "([（" or rest.isupper()))


def section_labels(text: str, section: Section) -> list[tuple[Field, Block | None]]:
    """The labelled lines directly under a heading, each with the list that follows it if its value is empty."""
    found: list[tuple[Field, Block | None]] = []
    for place, block in enumerate(section.blocks):
        if block.kind is BlockKind.PARAGRAPH:
            labels = [field for line in block.lines for field in read_labels(text, line)]
            following = section.blocks[place + 1] if place + 1 < len(section.blocks) else None
            for field in labels:
                takes = not field.value and field is labels[-1] and following and following.kind in LISTS
                found.append((field, following if takes else None))
        elif block.kind in LISTS:
            for item in block.children:
                line = first_line(item)
                if line and not item.checkbox:
                    found += [(field, None) for field in read_labels(text, line)]
    return found
