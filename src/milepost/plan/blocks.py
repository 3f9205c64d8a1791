"""Markdown's block structure with exact spans.

Reads CommonMark's blocks plus GFM tables, task-list marks and YAML front matter. It keeps what a renderer throws
away: where every piece stands in the document. Link reference definitions stay paragraphs: a plan means nothing by
them, and their text must not get lost.
"""

from __future__ import annotations

from milepost.plan import block_syntax as syntax
from milepost.plan.block_model import Block, BlockKind, walk
from milepost.plan.block_scanner import Scanner
from milepost.plan.block_starts import STARTS
from milepost.source import Span

__all__ = ["Block", "BlockKind", "parse_blocks", "walk"]


def parse_blocks(text: str) -> Block:
    """Read a document's block structure; any text at all has one.

    Takes time and memory in proportion to the text's length. The children of the ``DOCUMENT`` block are the places
    at which a document can be read again in part.
    """
    scanner = Scanner(text)
    opening, offset = front_matter(text)
    scanner.stack[0].children += opening
    scanner.scan(offset, STARTS)
    scanner.close(1)
    return scanner.root


def front_matter(text: str) -> tuple[list[Block], int]:
    """Find the front matter that may open a document, and the offset at which its Markdown starts."""
    opening = syntax.FRONT_MATTER.match(text)
    closing = opening and syntax.FRONT_MATTER_END.search(text, opening.end(1))
    if not opening or not closing:
        return [], 0
    inner = syntax.LINE.finditer(text, opening.end(), closing.start() + 1)
    lines = [Span(line.start(), line.end(2)) for line in inner if line.start() <= closing.start()]
    return [Block(BlockKind.FRONT_MATTER, Span(0, closing.end(1)), lines)], closing.end()
