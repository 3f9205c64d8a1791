"""The blocks of a document that changes a little at a time: only sections with a new text are read again.

A heading that starts in the first column ends everything before it but an open fence or HTML block. So the text from
one such heading to the next has the same blocks wherever it stands, if nothing of that kind stays open at its end.
A bullet with plain text in the first column does the same, but that it goes on with the list before it: so a section
that changed keeps the items it had, and only what stands between them is read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from milepost.plan.block_model import Block, BlockKind
from milepost.plan.block_scanner import Scanner
from milepost.plan.block_starts import STARTS
from milepost.plan.block_syntax import PLAIN_ITEM
from milepost.plan.blocks import front_matter
from milepost.source import Span

_MARKS = re.compile(r"##{0,5}(?=[ \t\r\n]|\Z)")

_BULLET = re.compile(rf"(?:\A|(?<=[\r\n]))(?=[-*+]){PLAIN_ITEM.pattern}")

_CONTAINERS = (BlockKind.ITEM, BlockKind.QUOTE)

_PATIENCE = 8
"""So many headings an open fence may hide before the rest of the document is read as one piece."""


@dataclass(slots=True)
class _Piece:
    """The blocks of a stretch of text that starts at ``start``; ``leaks``: something stays open."""

    blocks: list[Block]
    leaks: bool
    start: int


_Pieces = dict[str, list[_Piece]]
"""Pieces by their text."""

_Items = dict[str, list[Block]]
"""Items of lists by their text up to the next item or block."""


@dataclass
class BlockCache:
    """Reads documents; what two in a row have in common is read once. Blocks given before are moved to new places."""

    _known: _Pieces = field(default_factory=dict)

    def parse(self, text: str) -> Block:
        """Read a document's block structure, as ``parse_blocks`` does."""
        before, self._known = self._known, {}
        root = Block(BlockKind.DOCUMENT, Span(0, len(text)))
        blocks, offset = front_matter(text)
        children = list(blocks)
        for start, end in self._cuts(text, offset, before):
            piece = before[text[start:end]].pop(0)
            _move(piece, start)
            self._known.setdefault(text[start:end], []).append(piece)
            children += piece.blocks
        root.children = children
        return root

    def _cuts(self, text: str, offset: int, before: _Pieces) -> list[tuple[int, int]]:
        """The stretches of a document that can be read by themselves; each is among the pieces then."""
        marks = (found.start() for found in _MARKS.finditer(text, offset))
        starts = [start for start in marks if start == offset or text[start - 1] in "\r\n"]
        bounds = list(dict.fromkeys((offset, *starts, len(text))))
        cuts: list[tuple[int, int]] = []
        wanted: Counter[str] = Counter()
        items: _Items | None = None
        begin, tries = offset, 0
        for end in bounds[1:]:
            own = text[begin:end]
            if len(before.get(own, ())) <= wanted[own]:
                items = _items_to_reuse(text, bounds, before) if items is None else items
                before.setdefault(own, []).append(_read(text, begin, end, items))
            if end == len(text) or (tries < _PATIENCE and not before[own][wanted[own]].leaks):
                cuts.append((begin, end))
                wanted[own] += 1
                begin, tries = end, 0
            else:
                tries += 1
        return cuts


def _items_to_reuse(text: str, bounds: Sequence[int], before: _Pieces) -> _Items:
    """The items of the pieces that the text no longer holds, taken out of them."""
    own = {text[begin:end] for begin, end in pairwise(bounds)}
    found: _Items = {}
    for name in [name for name in before if name not in own and name not in text]:
        for piece in before.pop(name):
            for line, item in _items(name, piece):
                found.setdefault(line, []).append(item)
    return found


def _items(text: str, piece: _Piece) -> Iterator[tuple[str, Block]]:
    """The items of a piece's lists that have a text of their own, in which nothing stands but the item."""
    starts = {
        item.span.start - piece.start: item
        for block in piece.blocks
        if block.kind is BlockKind.BULLET_LIST
        for item in block.children
    }
    for begin, end in pairwise((*_bullets(text), len(text))):
        item = starts.get(begin)
        if item and not text[item.span.end - piece.start : end].strip():
            yield text[begin:end], item


def _bullets(text: str) -> list[int]:
    """Where plain bullets start in the first column: such a one ends whatever a heading there ends."""
    return [found.start() for found in _BULLET.finditer(text)]


def _read(text: str, start: int, end: int, items: _Items) -> _Piece:
    """Read a stretch of text, by its bullets where that is of use; items are moved to where their text stands."""
    found = _read_by_items(text, start, end, items) if items else None
    return found or _scanned(text, start, end)


def _read_by_items(text: str, start: int, end: int, items: _Items) -> _Piece | None:
    """Read a stretch bullet by bullet; None when something stays open between two of them."""
    blocks: list[Block] = []
    piece = _Piece(blocks, False, start)
    bounds = dict.fromkeys((start, *(start + place for place in _bullets(text[start:end])), end))
    for begin, stop in pairwise(bounds):
        waiting = items.get(text[begin:stop])
        if waiting:
            item = waiting.pop()
            _move_block(item, begin - item.span.start)
            part = [Block(BlockKind.BULLET_LIST, item.span, (), [item], 0, item.info)]
        else:
            read = _scanned(text, begin, stop)
            part, piece.leaks = read.blocks, read.leaks
            if read.leaks and stop < end:
                return None
        _join(blocks, part)
    return piece


def _join(blocks: list[Block], more: list[Block]) -> None:
    """Add blocks to those before them; a list goes on if the same marks do."""
    if blocks and more:
        last, first = blocks[-1], more[0]
        if last.kind is first.kind is BlockKind.BULLET_LIST and last.info == first.info:
            assert isinstance(last.children, list)
            last.children += first.children
            last.span = Span(last.span.start, first.span.end)
            more = more[1:]
    blocks += more


def _scanned(text: str, start: int, end: int) -> _Piece:
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
