"""The blocks of a document that changes a little at a time: only sections with a new text are read again.

A heading that starts in the first column ends everything before it but an open fence or HTML block. So the text from
one such heading to the next has the same blocks wherever it stands, if nothing of that kind stays open at its end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from milepost.plan.block_model import Block, BlockKind, walk
from milepost.plan.block_scanner import Scanner
from milepost.plan.block_starts import STARTS
from milepost.plan.blocks import front_matter
from milepost.source import Span

_MARKS = re.compile(r"#{1,6}(?=[ \t\r\n]|\Z)")

_PATIENCE = 8
"""So many headings an open fence may hide before the rest of the document is read as one piece."""


@dataclass(slots=True)
class _Piece:
    """A stretch of text with its blocks, whose spans count from ``start``; ``leaks``: something stays open."""

    text: str
    blocks: list[Block]
    leaks: bool
    start: int = 0


@dataclass
class BlockCache:
    """Reads documents; what two in a row have in common is read once. Blocks given before are moved to new places."""

    _known: dict[str, list[_Piece]] = field(default_factory=dict)

    def parse(self, text: str) -> Block:
        """Read a document's block structure, as ``parse_blocks`` does."""
        before, self._known = self._known, {}
        root = Block(BlockKind.DOCUMENT, Span(0, len(text)))
        blocks, offset = front_matter(text)
        children = list(blocks)
        for start, end in self._cuts(text, offset, before):
            children += self._take(text, start, end, before).blocks
        root.children = children
        return root

    def _cuts(self, text: str, offset: int, before: dict[str, list[_Piece]]) -> list[tuple[int, int]]:
        """The stretches of a document that can be read by themselves."""
        marks = (found.start() for found in _MARKS.finditer(text, offset))
        starts = [start for start in marks if start == offset or text[start - 1] in "\r\n"]
        bounds = list(dict.fromkeys((offset, *starts, len(text))))
        cuts: list[tuple[int, int]] = []
        begin, tries = offset, 0
        for end in bounds[1:]:
            if end == len(text) or (tries < _PATIENCE and not self._leaks(text[begin:end], before)):
                cuts.append((begin, end))
                begin, tries = end, 0
            else:
                tries += 1
        return cuts

    def _leaks(self, text: str, before: dict[str, list[_Piece]]) -> bool:
        known = self._known.get(text) or before.get(text)
        if not known:
            known = before.setdefault(text, [_read(text)])
        return known[0].leaks

    def _take(self, text: str, start: int, end: int, before: dict[str, list[_Piece]]) -> _Piece:
        own = text[start:end]
        waiting = before.get(own)
        piece = waiting.pop(0) if waiting else _read(own)
        _move(piece, start)
        self._known.setdefault(own, []).append(piece)
        return piece


def _read(text: str) -> _Piece:
    scanner = Scanner(text)
    scanner.scan(0, STARTS, close=False)
    leaf = scanner.leaf
    is_inside = leaf is not None and leaf.kind in (BlockKind.FENCE, BlockKind.HTML)
    leaks = is_inside and len(scanner.stack) == 1
    scanner.close(1)
    return _Piece(text, list(scanner.root.children), leaks)


def _move(piece: _Piece, start: int) -> None:
    by = start - piece.start
    if by:
        for top in piece.blocks:
            for block in walk(top):
                begin, end = block.span
                span = block.span = Span(begin + by, end + by)
                lines = block.lines
                if lines and len(lines) == 1 and lines[0] == (begin, end):
                    block.lines = [span]
                elif lines:
                    block.lines = [Span(first + by, last + by) for first, last in lines]
                if block.checkbox:
                    block.checkbox = Span(block.checkbox.start + by, block.checkbox.end + by)
        piece.start = start
