"""Tables: the assignment of tasks to tiers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from milepost.plan.blocks import Block, BlockKind
from milepost.plan.dialects.document import plain
from milepost.plan.dialects.reading import Reading
from milepost.plan.grammar.ids import IdRef, read_id_list
from milepost.plan.model import Assignment, Cell
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_COLUMNS = (
    ("reference", lazy_regex(r"(?:tasks?(?:\s+(?:ids?|range|no\.?))?|ids?|任务)", re.IGNORECASE)),
    (
        "assignee",
        lazy_regex(r"(?:assigned(?:\s+to)?|assignee|assignment|tier|agent|worker|责任人|负责人)", re.IGNORECASE),
    ),
    ("status", lazy_regex(r"(?:status|state|状态)", re.IGNORECASE)),
    ("notes", lazy_regex(r"(?:notes?|remarks?|comments?|备注)", re.IGNORECASE)),
)
_TIER = lazy_regex(r"\btier[\s\-_]*(\d{1,3})\b|(?<!\w)T(\d{1,2})(?!\w)", re.IGNORECASE)
_RANK = lazy_regex(r"\d{1,3}")


def assignments(reading: Reading, blocks: Iterator[Block]) -> Iterator[Assignment]:
    """Read the rows of every table among the blocks that has a column of tasks and one of assignees."""
    for block in blocks:
        if block.kind is BlockKind.TABLE and block.children:
            columns = _columns(reading, block.children[0])
            if "reference" in columns and "assignee" in columns:
                yield from _rows(reading, block, columns)


def _rows(reading: Reading, table: Block, columns: dict[str, int]) -> Iterator[Assignment]:
    """The rows of a table that names at least one task; other tables are about something else."""
    rows = [_row(reading, row, columns) for row in table.children[1:]]
    if any(row.tasks for row, _ in rows):
        for row, unknown in rows:
            reading.unknown(unknown, "the assignment table")
            yield row


def tier_rank(text: str) -> int | None:
    """The rank a cell names: ``Tier 3``, ``tier-3``, ``T3`` or ``3``."""
    bare = plain(text)
    if _RANK.fullmatch(bare):
        return int(bare)
    found = _TIER.search(bare)
    return int(found[1] or found[2]) if found else None


def _columns(reading: Reading, header: Block) -> dict[str, int]:
    columns: dict[str, int] = {}
    for place, cell in enumerate(header.children):
        title = plain(reading.text[cell.span.start : cell.span.end])
        for name, pattern in _COLUMNS:
            if name not in columns and pattern.fullmatch(title):
                columns[name] = place
    return columns


def _row(reading: Reading, row: Block, columns: dict[str, int]) -> tuple[Assignment, tuple[IdRef, ...]]:
    cells = {name: _cell(reading, row, place) for name, place in columns.items()}
    reference, assignee = cells["reference"], cells["assignee"]
    end = Cell("", Span(row.span.end, row.span.end))
    reference, assignee = reference or end, assignee or end
    ids = read_id_list(reading.text, reading.index, reference.span.start, reference.span.end)
    if not ids.known and not ids.unknown:
        reading.elsewhere(reference.span, "the assignment table")
    rank = tier_rank(assignee.text)
    assignment = Assignment(ids.ids, reference, assignee, rank, cells.get("status"), cells.get("notes"), row.span)
    return assignment, ids.unknown


def _cell(reading: Reading, row: Block, place: int) -> Cell | None:
    if place >= len(row.children):
        return None
    span = row.children[place].span
    return Cell(reading.text[span.start : span.end], span)
