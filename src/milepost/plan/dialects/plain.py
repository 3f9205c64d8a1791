"""Plain checklists in any Markdown: every checkbox that is not inside another item's list is a task.

A task has the id it states, where several of the document's boxes state one of the same kind, and else a number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property

from milepost.plan.blocks import Block, BlockKind
from milepost.plan.dialects.assemble import PlanReader, in_checkpoint
from milepost.plan.dialects.boxes import Box, read_box
from milepost.plan.dialects.criteria import criteria_lists, in_criteria
from milepost.plan.dialects.document import LISTS, Document, Section
from milepost.plan.dialects.heads import Head, read_head
from milepost.plan.dialects.numbered import document_heads
from milepost.plan.dialects.reading import Reading
from milepost.plan.dialects.rows import boxed_row
from milepost.plan.dialects.signs import SignedTasks
from milepost.plan.dialects.tasks import TaskReader, first_line, title_head
from milepost.plan.model import Plan, Task
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

NAME = "plain"

_NUMBER = lazy_regex(r"\d+(?:\.\d+)*")


def detect(document: Document) -> bool:
    """Any document may be read as a plain checklist."""
    return True


def why(document: Document) -> str:
    """Why nothing better was found, and what is read instead."""
    boxes = PlainTasks.of(Reading(document))
    found = sum(len(boxes.boxes(section)) for section in document.sections)
    return f"no more special spelling fits; it has {found} outermost checkboxes"


def read(reading: Reading) -> Plan:
    """Read the checklists of a document, or else its lists with signs; tasks are numbered in document order."""
    tasks, signs = PlainTasks.of(reading), SignedTasks(reading)
    plan = PlanReader(reading, NAME, tasks.of_section).read()
    if not plan.tasks and signs.applies():
        return PlanReader(Reading(reading.document, reading.sizes), NAME, signs.of_section).read()
    return replace(plan, checkpoints=()) if tasks.reads is Reads.GATES else plan


class Reads(IntEnum):
    """Which boxes are tasks: conditions and gates only where there is nothing else."""

    TASKS = 0
    CONDITIONS = 1
    GATES = 2


@dataclass
class PlainTasks:
    """Reads the checklists of sections; ``reads`` says how much counts as a task."""

    reading: Reading
    reads: Reads = Reads.TASKS
    count: int = 0

    @classmethod
    def of(cls, reading: Reading) -> PlainTasks:
        """The strictest reader that finds a task in the document at all."""
        for reads in Reads:
            tasks = cls(reading, reads)
            if any(tasks.boxes(section) for section in reading.document.sections):
                return tasks
        return cls(reading)

    def of_section(self, section: Section, phase: str | None) -> list[Task]:
        """The tasks of a section's lists; items without a checkbox are looked into."""
        reader = TaskReader(self.reading, head=lambda *_: None)
        tasks: list[Task] = []
        for item in self.boxes(section):
            line = first_line(item)
            box = read_box(self.reading, line.start, line.end) if line else None
            if line and box:
                tasks += reader.build(item, box, self._head(line, box), phase)
        return [*tasks, *self._rows(section, phase)]

    def _head(self, line: Span, box: Box) -> Head:
        head = read_head(self.reading.text, box.end, line.end) if self._stated else None
        return head if head and head.id in self._stated else title_head(self.reading, line, box, self._next())

    def _next(self) -> str:
        self.count += 1
        while str(self.count) in self._stated:
            self.count += 1
        return str(self.count)

    @cached_property
    def _stated(self) -> frozenset[str]:
        """The ids that boxes state, each of them once, and in a spelling that another one has as well."""
        times = Counter(head.id for _, head in document_heads(self.reading.document))
        once = [task_id for task_id, count in times.items() if count == 1]
        kinds = Counter(map(_kind, once))
        return frozenset(task_id for task_id in once if kinds[_kind(task_id)] > 1)

    def _rows(self, section: Section, phase: str | None) -> Iterator[Task]:
        """The rows of tables that have a checkbox in a cell."""
        if self._leaves_out(section):
            return
        for block in section.blocks:
            if block.kind is BlockKind.TABLE:
                for row in block.children[1:]:
                    task = boxed_row(self.reading, row, "", phase)
                    if task:
                        yield replace(task, id=self._next())

    def _leaves_out(self, section: Section) -> bool:
        if in_checkpoint(section):
            return self.reads is not Reads.GATES
        return self.reads is Reads.TASKS and in_criteria(section)

    def boxes(self, section: Section) -> list[Block]:
        """The outermost items with a checkbox."""
        if self._leaves_out(section):
            return []
        criteria = frozenset() if self.reads else criteria_lists(self.reading.text, section)
        found: list[Block] = []
        waiting = _items([block for block in section.blocks if id(block) not in criteria])
        while waiting:
            item = waiting.pop()
            line = first_line(item)
            if line and read_box(self.reading, line.start, line.end):
                found.append(item)
            else:
                waiting += _items(item.children)
        return found


def _items(blocks: Sequence[Block]) -> list[Block]:
    """The items of the lists among some blocks, the last one first."""
    return [item for block in reversed(blocks) if block.kind in LISTS for item in reversed(block.children)]


def _kind(task_id: str) -> str:
    """An id without its numbers: what several ids of one kind have in common."""
    return _NUMBER.sub("0", task_id)
