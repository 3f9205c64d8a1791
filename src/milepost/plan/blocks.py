"""Markdown's block structure with exact spans.

Reads CommonMark's blocks plus GFM tables and task-list marks. It keeps what a renderer throws away: where every
piece stands in the document.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from milepost.source import Span


class BlockKind(StrEnum):
    """CommonMark's block kinds, GFM tables, and front matter."""

    DOCUMENT = "document"
    FRONT_MATTER = "front matter"
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    BULLET_LIST = "bullet list"
    ORDERED_LIST = "ordered list"
    ITEM = "item"
    QUOTE = "quote"
    FENCE = "fence"
    CODE = "code"
    HTML = "html"
    TABLE = "table"
    ROW = "row"
    CELL = "cell"
    BREAK = "break"
    DEFINITION = "definition"


@dataclass(slots=True, eq=False)
class Block:
    """A block. ``span`` runs from its first character to the end of its last non-blank line (no line end).

    ``lines`` holds, for leaf blocks, the span of each line's own content: container prefixes (indentation, ``>``,
    list markers), a heading's ``#`` marks and a fence's own fence lines are left out. A heading has one line, a
    table cell one (trimmed). ``level``: heading level, or an ordered list item's number. ``info``: a fence's info
    string, a list item's marker (``-``, ``*``, ``+``, ``1.``, ``1)``). ``checkbox``: in an item that starts with
    ``[x] `` (any one character between the brackets) the span of that character.
    """

    kind: BlockKind
    span: Span
    lines: list[Span] = field(default_factory=list)
    children: list[Block] = field(default_factory=list)
    level: int = 0
    info: str = ""
    checkbox: Span | None = None
