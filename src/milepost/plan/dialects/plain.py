"""Plain checklists in any Markdown: every checkbox that is not inside another item's list is a task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from milepost.plan.blocks import Block
from milepost.plan.dialects.assemble import PlanReader, in_checkpoint
from milepost.plan.dialects.boxes import read_box
from milepost.plan.dialects.document import LISTS, Document, Section
from milepost.plan.dialects.reading import Reading
from milepost.plan.dialects.tasks import TaskReader, first_line, title_head
from milepost.plan.model import Plan, Task

NAME = "plain"


def detect(document: Document) -> bool:
    """Any document may be read as a plain checklist."""
    return True


def read(reading: Reading) -> Plan:
    """Read the checklists of a document; tasks are numbered through in document order."""
    return PlanReader(reading, NAME, _PlainTasks(reading).of_section).read()


@dataclass
class _PlainTasks:
    reading: Reading
    count: int = 0

    def of_section(self, section: Section, phase: str | None) -> list[Task]:
        """The tasks of a section's lists; items without a checkbox are looked into."""
        if in_checkpoint(section):
            return []
        reader = TaskReader(self.reading, head=lambda *_: None)
        tasks: list[Task] = []
        waiting = _items(section.blocks)
        while waiting:
            item = waiting.pop()
            line = first_line(item)
            box = read_box(self.reading, line.start, line.end) if line else None
            if line and box:
                self.count += 1
                tasks += reader.build(item, box, title_head(self.reading, line, box, str(self.count)), phase)
            else:
                waiting += _items(item.children)
        return tasks


def _items(blocks: Sequence[Block]) -> list[Block]:
    """The items of the lists among some blocks, the last one first."""
    return [item for block in reversed(blocks) if block.kind in LISTS for item in reversed(block.children)]
