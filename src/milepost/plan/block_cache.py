"""The blocks of a document that changes a little at a time: only sections with a new text are read again.

A heading that starts in the first column ends everything before it but an open fence or HTML block. So the text from
one such heading to the next has the same blocks wherever it stands, if nothing of that kind stays open at its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from milepost.plan.block_model import Block, BlockKind
from milepost.plan.block_scanner import Scanner
from milepost.plan.block_starts import STARTS
from milepost.plan.blocks import front_matter
from milepost.source import Span

_MARKS = re.compile(r"##{0,5}(?=[ \t\r\n]|\Z)")

_CONTAINERS = (BlockKind.ITEM, BlockKind.QUOTE)

_PATIENCE = 8
"""So many headings an open fence may hide before the rest of the document is read as one piece."""


@dataclass(slots=True)
class _Piece:
    """The blocks of a stretch of text that starts at ``start``; ``leaks``: something stays open."""

    blocks: list[Block]
    leaks: bool
    start: int


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
            if end == len(text) or (tries < _PATIENCE and not self._leaks(text, begin, end, before)):
                cuts.append((begin, end))
                begin, tries = end, 0
            else:
                tries += 1
        return cuts

    def _leaks(self, text: str, start: int, end: int, before: dict[str, list[_Piece]]) -> bool:
        own = text[start:end]
        if own not in before:
            before[own] = [_read(text, start, end)]
        return before[own][0].leaks

    def _take(self, text: str, start: int, end: int, before: dict[str, list[_Piece]]) -> _Piece:
        own = text[start:end]
        waiting = before.get(own)
        piece = waiting.pop(0) if waiting else _read(text, start, end)
        _move(piece, start)
        self._known.setdefault(own, []).append(piece)
        return piece


def _read(text: str, start: int, end: int) -> _Piece:
    scanner = Scanner(text)
    scanner.scan(start, STARTS, end)
    leaf = scanner.leaf
    is_inside = leaf is not None and leaf.kind in (BlockKind.FENCE, BlockKind.HTML)
    leaks = is_inside and len(scanner.stack) == 1
    scanner.close(1)
    return _Piece(list(scanner.root.children), leaks, start)


def _move(piece: _Piece, start: int) -> None:
    by = start - piece.start
    if by:
        for block in piece.blocks:
            _move_block(block, by)
        piece.start = start


class _Later(Sequence[Block]):
    """What is in an item or a quote: moved once somebody looks at it, for who remembers the item never does."""

    __slots__ = ("_blocks", "by")

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._blocks = blocks
        self.by = 0

    def _moved(self) -> Sequence[Block]:
        by, self.by = self.by, 0
        if by:
            for block in self._blocks:
                _move_block(block, by)
        return self._blocks

    def __len__(self) -> int:
        return len(self._blocks)

    def __getitem__(self, place: Any) -> Any:
        return self._moved()[place]

    def __iter__(self) -> Iterator[Block]:
        return iter(self._moved())


def _move_block(block: Block, by: int) -> None:
    span = block.span = Span(block.span.start + by, block.span.end + by)
    lines = block.lines
    if len(lines) == 1 and lines[0].end + by == span.end and lines[0].start + by == span.start:
        block.lines = [span]
    elif lines:
        block.lines = [Span(start + by, end + by) for start, end in lines]
    if block.checkbox:
        block.checkbox = Span(block.checkbox.start + by, block.checkbox.end + by)
    inner = block.children
    if block.kind in _CONTAINERS and not isinstance(inner, _Later):
        inner = block.children = _Later(inner)
    if isinstance(inner, _Later):
        inner.by += by
    else:
        for child in inner:
            _move_block(child, by)
