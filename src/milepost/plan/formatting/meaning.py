"""Whether two readings of a document say the same: the proof behind formatting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from milepost.plan.block_model import BlockKind, walk
from milepost.plan.blocks import parse_blocks
from milepost.plan.model import Checkbox, ClaimKind, Plan
from milepost.source import SourceText, Span

COMPUTED = frozenset(
    {ClaimKind.TOTAL_TASKS, ClaimKind.ESTIMATED_TIME, ClaimKind.STATUS, ClaimKind.PROGRESS, ClaimKind.LAST_UPDATED}
)
"""The claims that follow from the tasks, or from the calendar."""

_PLACES = frozenset({"source", "sources", "edits", "related", "span", "escalation"})
_VERBATIM = frozenset({BlockKind.FENCE, BlockKind.CODE, BlockKind.HTML, BlockKind.FRONT_MATTER})


def what_changes(before: Plan, after: Plan) -> str:
    """Name the first thing that two readings say differently; nothing when they say the same.

    Compared are the whole model without places, the document's blocks, the lines of code, and every letter and digit.
    """
    for name in ("dialect", *_parts(before)):
        if _said(getattr(before, name)) != _said(getattr(after, name)):
            return name
    if outline(before.source) != outline(after.source):
        return "blocks"
    return "" if _letters(before.source.text) == _letters(after.source.text) else "words"


def same_tasks(before: Plan, after: Plan) -> bool:
    """Say whether two readings agree on all but what is computed: totals, status, progress, the date."""
    names = ("title", "purpose", "phases", "tasks", "checkpoints", "dependencies", "notes")
    same = all(_said(getattr(before, name)) == _said(getattr(after, name)) for name in names)
    return same and _claimed(before) == _claimed(after)


def outline(source: SourceText) -> list[tuple[BlockKind, int, tuple[str, ...]]]:
    """The kinds and levels of a document's blocks in order, and the lines of those that are kept as they are."""
    found = []
    for block in walk(parse_blocks(source.text)):
        lines = tuple(source.slice(line) for line in block.lines) if block.kind in _VERBATIM else ()
        found.append((block.kind, block.level if block.kind is BlockKind.HEADING else 0, lines))
    return found


def _parts(plan: Plan) -> Iterator[str]:
    yield from (field.name for field in fields(plan) if field.name not in ("source", "dialect", "escalation"))


def _claimed(plan: Plan) -> object:
    claims = tuple(claim for claim in plan.claims if claim.kind not in COMPUTED)
    return _said(claims), [(row.tasks, row.tier) for row in plan.assignments]


def _said(value: Any) -> object:
    """A value without the places it was read from, as plain tuples that can be compared."""
    if isinstance(value, Span):
        return None
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, tuple):
        return tuple(_said(one) for one in value)
    if isinstance(value, Checkbox):
        return value.state
    if is_dataclass(value):
        names = (field.name for field in fields(value))
        return tuple(_said(getattr(value, name)) for name in names if name not in _PLACES)
    return value


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()
