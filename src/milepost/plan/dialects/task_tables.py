"""Tasks in tables: ``| 1.1 | Title | Status |``, a row a task."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from milepost.plan.blocks import BlockKind
from milepost.plan.dialects.assemble import PlanReader, phase_name
from milepost.plan.dialects.document import Document, Section
from milepost.plan.dialects.headings import labelled_dependencies
from milepost.plan.dialects.loose import PlacesOfWork, WithLooseBoxes
from milepost.plan.dialects.numbered import document_heads
from milepost.plan.dialects.numbering import separate
from milepost.plan.dialects.plain import PlainTasks
from milepost.plan.dialects.reading import Reading
from milepost.plan.dialects.rows import TaskTable, table_tasks, task_table
from milepost.plan.model import Plan, Task

NAME = "tables"


def detect(document: Document) -> bool:
    """Say whether most of the document's tasks are rows of tables."""
    reading = Reading(document)
    rows = sum(len(table.rows) for _, table in _tables(reading))
    if rows < 2 or document_heads(document):
        return False
    boxes = PlainTasks(reading)
    return rows > sum(len(boxes.boxes(section)) for section in document.sections)


def why(document: Document) -> str:
    """What shows that the tasks are rows of tables."""
    tables = [table for _, table in _tables(Reading(document))]
    rows = sum(len(table.rows) for table in tables)
    named = all("id" in table.columns for table in tables)
    says = "start with an id and tell a state or an effort" if named else "name a task and tell its state"
    return f"{rows} rows of {len(tables)} tables {says}"


def read(reading: Reading) -> Plan:
    """Read the tables of tasks of a document; a later table that repeats ids of an earlier one is a summary.

    Boxes beside the tables are tasks where a heading speaks of work, and else conditions.
    """
    places = PlacesOfWork(reading.document, phase_name, lambda _: False)
    tasks = WithLooseBoxes(reading, _TableTasks(reading).of_section, places)
    reader = PlanReader(
        reading,
        NAME,
        tasks.of_section,
        arrange=separate,
        dependencies=labelled_dependencies,
        holds_criteria=tasks.holds_criteria,
    )
    return reader.read()


def _tables(reading: Reading) -> Iterator[tuple[Section, TaskTable]]:
    for section in reading.document.sections:
        for block in section.blocks:
            table = task_table(reading, block) if block.kind is BlockKind.TABLE else None
            if table:
                yield section, table


@dataclass
class _TableTasks:
    reading: Reading
    known: set[str] = field(default_factory=set)
    count: int = 0

    def of_section(self, section: Section, phase: str | None) -> list[Task]:
        """The tasks of a section's tables."""
        tasks: list[Task] = []
        for block in section.blocks:
            table = task_table(self.reading, block) if block.kind is BlockKind.TABLE else None
            if table:
                rows = list(table_tasks(self.reading, table, phase, self._next))
                if not all(task.id in self.known for task in rows):
                    self.known.update(task.id for task in rows)
                    tasks += rows
        return tasks

    def _next(self) -> str:
        self.count += 1
        while str(self.count) in self.known:
            self.count += 1
        return str(self.count)
