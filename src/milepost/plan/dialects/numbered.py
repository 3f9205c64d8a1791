"""Tasks that are checkboxes with a number or an id, anywhere in the document."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from milepost.plan.blocks import Block
from milepost.plan.dialects.assemble import in_checkpoint
from milepost.plan.dialects.boxes import Box, read_box
from milepost.plan.dialects.criteria import in_criteria
from milepost.plan.dialects.document import LISTS, Document, Section
from milepost.plan.dialects.heads import Head
from milepost.plan.dialects.reading import Reading
from milepost.plan.dialects.tasks import TaskReader, continues, first_line
from milepost.plan.model import Task
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_HEADS = "_heads_of_boxes"
_LOOSE = "_boxes_without_head"

_OPTIONAL = lazy_regex(
    r"[(\[（【][ \t]*optional\b[^()\[\]（）]*[)\]）】][ \t.]*$|^optional[ \t]*[:：–—-]", re.IGNORECASE
)


@dataclass
class NumberedTasks:
    """Reads a section's checkboxes whose text starts with an id that ``accepts`` takes.

    Items without a checkbox and boxes without an id are looked into: a task may be nested in them.
    """

    reading: Reading
    accepts: Callable[[Head], bool] = lambda _: True
    nests: Callable[[str, str], bool] = continues

    def of_section(self, section: Section, phase: str | None) -> list[Task]:
        """The tasks of a section's lists."""
        if in_checkpoint(section) and not self._counts_on(section):
            return []
        reader = TaskReader(self.reading, self._head, self.nests, (self.accepts, self.nests))
        tasks: list[Task] = []
        waiting = [item for _, item in section.items][::-1]
        while waiting:
            item = waiting.pop()
            found = reader.read(item, phase)
            tasks += found
            if not found:
                waiting += [
                    inner for block in reversed(item.children) if block.kind in LISTS for inner in block.children[::-1]
                ]
        return tasks

    def _head(self, reading: Reading, item: Block, box: Box | None, line: Span) -> Head | None:
        head = reading.document.head(box.end, line.end) if box else None
        return head if head and self.accepts(head) else None

    def _counts_on(self, section: Section) -> bool:
        """Say whether the first box of a section has an id: a heading "Checkpoint" over tasks is a mere title."""
        heads = (head for head in boxed_heads(self.reading, section) if head is not None)
        return next((self.accepts(head) for head in heads), False)


def boxed_heads(reading: Reading, section: Section) -> Iterator[Head | None]:
    """What the checkboxes of a section's lists, not of those nested in others, say at their start.

    Where they say it is unknown: heads that are remembered have the places they had when they were read.
    """
    memory = reading.document.memory
    for block in section.blocks:
        if block.kind in LISTS:
            read = partial(_heads_of_list, reading, block)
            yield from read() if memory is None else memory.recall(block, "heads", read, lambda heads, _: heads)


def _heads_of_list(reading: Reading, block: Block) -> tuple[Head | None, ...]:
    return tuple(head for item in block.children for head in _boxed_head(reading, item))


def _boxed_head(reading: Reading, item: Block) -> tuple[Head | None, ...]:
    """What an item's checkbox is followed by; nothing when it has none."""
    line = first_line(item)
    box = read_box(reading, line.start, line.end) if line else None
    return (reading.document.head(box.end, line.end),) if line and box else ()


def document_heads(document: Document) -> list[tuple[Section, Head]]:
    """The heads of a document's outermost boxes with an id, for telling dialects apart; found once for all of them."""
    if _HEADS not in vars(document):
        reading = Reading(document)
        found: list[tuple[Section, Head]] = []
        loose: list[Section] = []
        for section in document.sections:
            for head in boxed_heads(reading, section):
                if head is None:
                    loose.append(section)
                else:
                    found.append((section, head))
        vars(document).update({_HEADS: found, _LOOSE: loose})
    heads: list[tuple[Section, Head]] = vars(document)[_HEADS]
    return heads


def is_mostly_loose(document: Document, counts: Callable[[Section], bool] = lambda _: True) -> bool:
    """Say whether more outermost boxes have no id than have one.

    Left aside are conditions, checkpoints, what a heading with the id of a task says of it, and boxes without an id in
    sections that do not count.
    """
    heads = document_heads(document)
    loose: list[Section] = vars(document)[_LOOSE]
    if len(loose) <= len(heads):
        return False
    ids = {head.id for _, head in heads}
    asked = {id(one): one for one in (*loose, *(section for section, _ in heads))}
    aside = {key for key, one in asked.items() if in_criteria(one) or in_checkpoint(one)}
    silent = {key for key, one in asked.items() if not counts(one) or one.title.partition(" ")[0].rstrip(".:") in ids}
    numbered = sum(id(section) not in aside for section, _ in heads)
    return sum(id(section) not in aside | silent for section in loose) > numbered


def says_optional(title: str) -> bool:
    """Say whether a title calls its task optional."""
    return _OPTIONAL.search(title) is not None
