"""Boxes without a number beside numbered ones: tasks in a section of their own, but optional where it is for later."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property

from milepost.plan.blocks import BlockKind, walk
from milepost.plan.dialects.assemble import SectionTasks
from milepost.plan.dialects.boxes import read_box
from milepost.plan.dialects.document import Section
from milepost.plan.dialects.heads import read_head
from milepost.plan.dialects.plain import PlainTasks
from milepost.plan.dialects.reading import Reading
from milepost.plan.dialects.tasks import TaskReader, first_line, title_head
from milepost.plan.model import Task
from milepost.source.lazy_regex import lazy_regex

_LATER = lazy_regex(
    r".*\b(?:future|out[ -]of[ -]scope|nice[ -]to[ -]have|someday|stretch|optional|later|post-?mvp|roadmap)\b.*",
    re.IGNORECASE | re.DOTALL,
)


def is_for_later(section: Section) -> bool:
    """Say whether a section, or one around it below the title, is about what need not be done now."""
    return any(around.level > 1 and _LATER.fullmatch(around.title) for around in section.ancestors())


@dataclass
class WithLooseBoxes:
    """Reads sections by another reader, and those in which it finds nothing box by box."""

    reading: Reading
    numbered: SectionTasks
    counts: dict[str | None, int] = field(default_factory=dict)

    def of_section(self, section: Section, phase: str | None) -> list[Task]:
        """The tasks of a section."""
        found = self.numbered(section, phase)
        if found:
            return found
        reader = TaskReader(self.reading, lambda *_: None)
        tasks: list[Task] = []
        for item in PlainTasks(self.reading).boxes(section):
            line = first_line(item)
            box = read_box(self.reading, line.start, line.end) if line else None
            if line and box:
                head = title_head(self.reading, line, box, self._name(phase))
                tasks += reader.build(item, box, head, phase)
        return [replace(task, optional=True) for task in tasks] if is_for_later(section) else tasks

    def _name(self, phase: str | None) -> str:
        while True:
            self.counts[phase] = self.counts.get(phase, 0) + 1
            name = f"{phase}.{self.counts[phase]}" if phase else str(self.counts[phase])
            if name not in self._stated_ids:
                return name

    @cached_property
    def _stated_ids(self) -> set[str]:
        items = (block for block in walk(self.reading.document.root) if block.kind is BlockKind.ITEM and block.checkbox)
        lines = (line for item in items if (line := first_line(item)))
        boxes = ((read_box(self.reading, line.start, line.end), line.end) for line in lines)
        heads = (read_head(self.reading.text, box.end, end) for box, end in boxes if box)
        return {head.id for head in heads if head}
