"""The reference format: phases of tasks with bold ids, checkpoints, a graph, an assignment table, notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial

from milepost.plan.blocks import Block, walk
from milepost.plan.dialects.assemble import PlanReader, SectionTasks, in_checkpoint, is_notes, is_phase
from milepost.plan.dialects.boxes import Box, read_box
from milepost.plan.dialects.dependencies import is_dependency_section
from milepost.plan.dialects.document import LISTS, Document, Section
from milepost.plan.dialects.heads import Head
from milepost.plan.dialects.loose import WithLooseBoxes
from milepost.plan.dialects.numbered import is_mostly_loose
from milepost.plan.dialects.reading import Reading
from milepost.plan.dialects.tasks import TaskReader, first_line, head_with_id, remembered, title_head
from milepost.plan.model import Plan, Task
from milepost.source import Span

NAME = "reference"


def detect(document: Document) -> bool:
    """Say whether the document has a task that states its id."""
    if _has_ids(document, boxed=True):
        full = cache(partial(_full, document))
        return not is_mostly_loose(document, lambda section: (phase := _phase(section)) is None or id(phase) in full())
    return not _has_boxes(document) and _has_ids(document, boxed=False)


def why(document: Document) -> str:
    """What shows that the document is in the reference format."""
    boxed = _has_ids(document, boxed=True)
    return (
        "a checkbox states a task's id" if boxed else "items of its phases state tasks' ids, and nothing has a checkbox"
    )


def _has_boxes(document: Document) -> bool:
    return any(block.checkbox for block in walk(document.root))


def _has_ids(document: Document, *, boxed: bool) -> bool:
    """Say whether an item states an id: one with a checkbox, or one without it in a numbered phase."""
    reading = Reading(document)
    sections = (one for one in document.sections if boxed or any(is_phase(around) for around in one.ancestors()))
    return any(_states_ids(reading, section, boxed=boxed) for section in sections)


def _states_ids(reading: Reading, section: Section, *, boxed: bool = True) -> bool:
    """Say whether an item of a section states an id, with a checkbox or without."""
    if _is_no_place_for_tasks(section):
        return False
    for _, item in section.items:
        line = first_line(item)
        box = read_box(reading, line.start, line.end) if line else None
        if line and (box is not None) is boxed and head_with_id(reading, item, box, line):
            return True
    return False


def read(reading: Reading) -> Plan:
    """Read a document in the reference format."""
    boxed = _has_ids(reading.document, boxed=True)
    tasks = _ReferenceTasks(reading, boxed)
    return PlanReader(reading, NAME, _with_loose_phases(reading, tasks) if boxed else tasks.of_section).read()


def _with_loose_phases(reading: Reading, tasks: _ReferenceTasks) -> SectionTasks:
    """Reads a phase in which no box has an id box by box, for its tasks have no ids at all."""
    full = _full(reading.document)
    loose = WithLooseBoxes(reading, lambda *_: [])

    def of_section(section: Section, phase: str | None) -> list[Task]:
        around = _phase(section)
        if around is None or id(around) in full or _is_no_place_for_tasks(section):
            return tasks.of_section(section, phase)
        return loose.of_section(section, phase)

    return of_section


def _full(document: Document) -> set[int]:
    """The sections, by identity, in which a box states an id."""
    reading = Reading(document)
    return {id(outer) for one in document.sections if _states_ids(reading, one) for outer in one.ancestors()}


def _phase(section: Section) -> Section | None:
    return next((outer for outer in section.ancestors() if is_phase(outer)), None)


def _is_no_place_for_tasks(section: Section) -> bool:
    return in_checkpoint(section) or any(
        is_notes(around) or (is_dependency_section(around) and not is_phase(around)) for around in section.ancestors()
    )


@dataclass
class _ReferenceTasks:
    """Finds tasks; where tasks have checkboxes (``boxed``), an item without one only talks about a task."""

    reading: Reading
    boxed: bool

    def of_section(self, section: Section, phase: str | None) -> list[Task]:
        """The tasks of a section's lists."""
        if _is_no_place_for_tasks(section):
            return []
        tasks: list[Task] = []
        for block in section.blocks:
            if block.kind in LISTS:
                kind = (NAME, self.boxed, phase)
                tasks += remembered(self.reading, block, kind, partial(self._of_list, block, phase))
        return tasks

    def _of_list(self, block: Block, phase: str | None) -> list[Task]:
        """The tasks of a list. Beside a task with an id, an item with a checkbox and no id is a task as well."""
        reader = TaskReader(self.reading, self._head, kind=(NAME, self.boxed))
        read = [(item, reader.read(item, phase)) for item in block.children]
        numbered = any(tasks for _, tasks in read)
        names = _FreeNames(phase, {task.id for _, tasks in read for task in tasks})
        found: list[Task] = []
        for item, tasks in read:
            if not tasks and numbered:
                tasks = self._unnumbered(reader, item, phase, names)
            found += tasks
        return found

    def _head(self, reading: Reading, item: Block, box: Box | None, line: Span) -> Head | None:
        return None if box is None and self.boxed else head_with_id(reading, item, box, line)

    def _unnumbered(self, reader: TaskReader, item: Block, phase: str | None, names: Iterator[str]) -> list[Task]:
        line = first_line(item)
        box = read_box(self.reading, line.start, line.end) if line else None
        if line is None or box is None:
            return []
        return reader.build(item, box, title_head(self.reading, line, box, next(names)), phase)


@dataclass
class _FreeNames:
    """Ids for tasks without one: the phase's number and the next free number."""

    phase: str | None
    used: set[str]
    last: int = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        stem = f"{self.phase}." if self.phase else ""
        while True:
            self.last += 1
            name = f"{stem}{self.last}"
            if name not in self.used:
                return name
