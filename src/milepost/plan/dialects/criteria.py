"""Sections and lists of conditions: acceptance criteria, definitions of done. Their boxes are no tasks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from milepost.plan.blocks import Block, BlockKind
from milepost.plan.dialects.checkpoints import read_criterion
from milepost.plan.dialects.document import LISTS, Section
from milepost.plan.dialects.reading import Reading
from milepost.plan.grammar.labels import CRITERIA, meaning, read_labels
from milepost.plan.model import Criterion
from milepost.source.lazy_regex import lazy_regex

_TITLE = lazy_regex(
    r"[\W\d_]*(?:(?:final|overall|key|technical|functional|plan|project|mvp|release|phase[ \t]+\w+)[ \t]+)*"
    r"(?:acceptance[ \t]+(?:criteria|checks?)|success[ \t]+(?:criteria|metrics|indicators|validation)"
    r"|(?:exit|completion)[ \t]+criteria|(?:verification|validation|quality(?:[ \t]+assurance)?)[ \t]+checklist"
    r"|definition[ \t]+of[ \t]+(?:done|ready)|done[ \t]+when"
    r"|(?:pr|pull[ \t]+request)[ \t]+checklist"
    rf"|{'|'.join(CRITERIA)})(?:\W.*)?",
    re.IGNORECASE | re.DOTALL,
)


def is_criteria(section: Section) -> bool:
    """Say whether a section's title announces conditions."""
    return section.heading is not None and _TITLE.fullmatch(section.title) is not None


def in_criteria(section: Section) -> bool:
    """Say whether a section is part of one that announces conditions."""
    return any(is_criteria(around) for around in section.ancestors())


def criteria_lists(text: str, section: Section) -> frozenset[int]:
    """The identities of a section's lists that a label such as ``**Acceptance Criteria:**`` introduces."""
    found = set()
    for label, block in zip(section.blocks, section.blocks[1:], strict=False):
        if label.kind is BlockKind.PARAGRAPH and block.kind in LISTS:
            fields = list(read_labels(text, label.lines[-1]))
            if fields and not fields[-1].value and meaning(fields[-1].key) == "criteria":
                found.add(id(block))
    return frozenset(found)


def read_criteria(reading: Reading, blocks: Iterator[Block]) -> Iterator[Criterion]:
    """Read the boxes of lists as conditions, those nested in others as well."""
    for block in blocks:
        if block.kind is BlockKind.ITEM and block.checkbox:
            criterion = read_criterion(reading, block)
            if criterion:
                yield criterion
