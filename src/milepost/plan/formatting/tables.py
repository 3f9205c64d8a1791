"""Aligned tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from milepost.plan.block_model import Block, BlockKind
from milepost.plan.block_syntax import cells
from milepost.plan.grammar.columns import display_width
from milepost.source import Edit, Span

_LINE = re.compile(r"[^\r\n]*")
_WIDEST = 160
"""A table whose rows would be wider than this gets no padding: nobody sees its columns side by side."""


def tables(text: str, root: Block) -> Iterator[Edit]:
    """Edits that give the columns of every top-level table one width; cells keep their text."""
    for block in root.children:
        if block.kind is BlockKind.TABLE and block.children:
            yield from _table(text, block)


def _table(text: str, table: Block) -> Iterator[Edit]:
    lines = list(_lines(text, table.span))
    if len(lines) != len(table.children) + 1:
        return
    marks = [text[cell.start : cell.end] for cell in cells(text, *lines[1])]
    rows = [[text[cell.span.start : cell.span.end] for cell in row.children] for row in table.children]
    widths = _widths(rows, len(marks))
    header, *body = rows
    delimiters = widths
    if sum(widths) + 3 * len(widths) + 1 > _WIDEST:
        widths, delimiters = [0] * len(widths), _widths([header], len(widths))
    written = [_row(header, marks, widths), _delimiters(marks, delimiters), *(_row(row, marks, widths) for row in body)]
    for span, line in zip(lines, written, strict=True):
        if text[span.start : span.end] != line:
            yield Edit(span, line)


def _lines(text: str, span: Span) -> Iterator[Span]:
    """The table's lines, with their indentation and their trailing blanks."""
    start = max(text.rfind("\n", 0, span.start), text.rfind("\r", 0, span.start)) + 1
    while start < span.end:
        found = _LINE.match(text, start)
        assert found
        yield Span(*found.span())
        start = found.end() + (2 if text.startswith("\r\n", found.end()) else 1)


def _widths(rows: Sequence[Sequence[str]], columns: int) -> list[int]:
    """The width of each column: its widest cell, and never less than a delimiter takes."""
    return [max([3, *(display_width(row[place]) for row in rows if place < len(row))]) for place in range(columns)]


def _row(row: Sequence[str], marks: Sequence[str], widths: Sequence[int]) -> str:
    padded = [_padded(text, mark, width) for text, mark, width in zip(row, marks, widths, strict=False)]
    return "| " + " | ".join([*padded, *row[len(widths) :]]) + " |"


def _padded(text: str, mark: str, width: int) -> str:
    room = max(width - display_width(text), 0)
    if mark.endswith(":"):
        left = room // 2 if mark.startswith(":") else room
        return " " * left + text + " " * (room - left)
    return text + " " * room


def _delimiters(marks: Sequence[str], widths: Sequence[int]) -> str:
    return "|" + "|".join(_delimiter(mark, width + 2) for mark, width in zip(marks, widths, strict=True)) + "|"


def _delimiter(mark: str, width: int) -> str:
    left, right = mark[:1] if mark.startswith(":") else "-", ":" if mark.endswith(":") else "-"
    return left + "-" * (width - 2) + right
