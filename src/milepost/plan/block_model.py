"""What a block of Markdown is."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

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


@dataclass(slots=True, eq=False)
class Block:
    """A block. ``span`` runs from its first character to the end of its last non-blank line (no line end).

    A container's span covers its children and its own marks; a document's is the whole text, a row's and a cell's
    its trimmed content.

    ``lines`` holds, for leaf blocks, the span of each line's own content: container prefixes (indentation, ``>``,
    list markers), a heading's ``#`` marks and a fence's own fence lines are left out. Lines of paragraphs, headings
    and cells are trimmed of blanks on both sides; an ATX heading and a cell have exactly one, perhaps empty, a
    setext heading as many as its text. Lines of fences, code and HTML keep their blanks, a tab that is partly
    indentation counts as content, and blank lines are kept (those at the end of a block that nothing closes lie
    behind its span). Breaks and containers have none.

    ``level``: heading level, or an ordered list item's number. ``info``: a fence's info string, a list item's
    marker (``-``, ``*``, ``+``, ``1.``, ``1)``), the last character of a list's markers. ``checkbox``: in an item
    that starts with ``[x] `` or ``[x]* `` (any one character between the brackets, and text after it) the span of
    that character; the mark is also part of the item's first line.
    """

    kind: BlockKind
    span: Span
    lines: Sequence[Span] = ()
    children: Sequence[Block] = ()
    level: int = 0
    info: str = ""
    checkbox: Span | None = None
    readings: dict[Hashable, Any] | None = None
    """What was read from it, by the kind of reader, if somebody keeps that for the next version of the document."""


def walk(block: Block) -> Iterator[Block]:
    """Give a block and everything in it, in document order."""
    waiting = [block]
    while waiting:
        block = waiting.pop()
        yield block
        waiting.extend(reversed(block.children))
