"""Arrow graphs: finish-to-start dependencies drawn as text.

Arrows join what stands left and right of them; lists of ids are all-to-all with their neighbours. Vertical marks are
wires: whatever feeds a wire precedes whatever leaves it. A wire that starts right under an arrow could mean either
neighbour of the arrow; it is read as leaving from the left one, and that reading is reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from milepost.plan.grammar.graph_rows import Row, Token, TokenKind, read_rows
from milepost.plan.grammar.ids import IdIndex, IdRef
from milepost.source import Edit, Span
from milepost.source.lazy_regex import lazy_regex


class Link(NamedTuple):
    """``successor`` waits for ``predecessor``; ``span`` covers what the link was read from."""

    predecessor: str
    successor: str
    span: Span


class Ambiguity(NamedTuple):
    """A vertical mark with more than one reading: the links it was read as, in words, and edits that say so."""

    span: Span
    reading: str
    edits: tuple[Edit, ...]


class Graph(NamedTuple):
    """What a graph says, and what in it could not simply be taken."""

    links: tuple[Link, ...]
    unknown: tuple[IdRef, ...]
    ambiguities: tuple[Ambiguity, ...]


@dataclass(slots=True, eq=False)
class _Wire:
    """Connected vertical marks: what feeds them and what they lead to."""

    marks: list[tuple[Row, Token]] = field(default_factory=list)
    feeds: list[IdRef] = field(default_factory=list)
    exits: list[IdRef] = field(default_factory=list)
    doubtful: bool = False


class _Junction(NamedTuple):
    """A place where a wire may run on upwards or downwards, be fed from the left, or leave to the right."""

    column: int
    token: Token
    up: bool
    down: bool
    feed: Token | None
    exit: Token | None


_BOX_ART = lazy_regex(r"┌─*┐|╔|\+-{3,}\+")
_ARMS = {
    "├": (True, True), "┣": (True, True), "|": (True, True), "+": (True, True), "└": (True, False),
    "╰": (True, False), "┗": (True, False), "`": (True, False), "\\": (True, False), "┌": (False, True),
    "╭": (False, True), "┏": (False, True), "┬": (False, True), "┐": (False, True), "╮": (False, True),
    "┘": (True, False), "╯": (True, False), "┤": (True, True), "┼": (True, True), "┴": (True, False),
}  # fmt: skip
_DRAWN = (TokenKind.RIGHT, TokenKind.CORNER, TokenKind.BRANCH)
_LEADS_RIGHT = frozenset("┼┴")


def read_graph(text: str, lines: Iterable[Span], index: IdIndex, newline: str = "\n") -> Graph:
    """Read the graph drawn on the given lines of a text; ids not in the index are reported and join nothing."""
    spans = list(lines)
    rows = read_rows(text, spans, index)
    links: list[Link] = []
    for place, row in enumerate(rows):
        links += _chain_links(row, rows[place - 1] if place else None)
    ambiguities: list[Ambiguity] = []
    if rows and not _BOX_ART.search(text, spans[0].start, spans[-1].end):
        for wire in _wires(rows, text):
            links += _product(wire.feeds, wire.exits)
            if wire.doubtful and wire.feeds and wire.exits:
                ambiguities.append(_ambiguity(wire, text, spans[-1], newline))
    unknown = tuple(ref for row in rows for token in row.groups for ref in token.unknown)
    return Graph(tuple(dict.fromkeys(links)), unknown, tuple(ambiguities))


def _product(before: Iterable[IdRef], after: Iterable[IdRef]) -> Iterator[Link]:
    successors = list(after)
    for first in before:
        for second in successors:
            if first.id != second.id:
                start, end = min(first.span.start, second.span.start), max(first.span.end, second.span.end)
                yield Link(first.id, second.id, Span(start, end))


def _chain_links(row: Row, above: Row | None) -> Iterator[Link]:
    """Links along one row; an arrow at the start of a row, or at the end of the row above, joins two rows."""
    before: Token | None = None
    arrow: Token | None = None
    if above and above.tokens[-1].kind is TokenKind.RIGHT and row.tokens[0].kind is TokenKind.GROUP:
        before, arrow = above.left_of(above.tokens[-1]), above.tokens[-1]
    elif above and row.tokens[0].kind is TokenKind.RIGHT:
        before = _continued(row.tokens[0], above)
    for token in row.tokens:
        if token.kind is TokenKind.GROUP:
            if before and arrow:
                first, second = (before, token) if arrow.kind is TokenKind.RIGHT else (token, before)
                yield from _product(first.refs, second.refs)
            before, arrow = token, None
        elif token.kind in (TokenKind.RIGHT, TokenKind.LEFT):
            arrow = token
        else:
            before, arrow = None, None


def _continued(arrow: Token, above: Row) -> Token | None:
    """Where an arrow at the start of a row comes from: left of an arrow above it, else the last group above."""
    over = above.at(arrow.start) or above.at(arrow.start + 1)
    if over and over.kind is TokenKind.RIGHT:
        return above.left_of(over)
    return above.groups[-1] if above.groups else None


def _wires(rows: list[Row], text: str) -> list[_Wire]:
    wires: list[_Wire] = []
    open_at: dict[int, _Wire] = {}
    for place, row in enumerate(rows):
        above = rows[place - 1] if place else None
        continued: set[int] = set()
        next_open: dict[int, _Wire] = {}
        for junction in _junctions(row, text):
            wire = None
            if junction.up:
                column = next((c for c in _near(junction.column) if c in open_at), None)
                if column is not None:
                    wire = open_at[column]
                    continued.add(column)
            if wire is None:
                wire = _Wire()
                wires.append(wire)
                if junction.up and above:
                    _attach_above(wire, above, junction)
            _join(wire, row, junction)
            if junction.down:
                next_open[junction.column] = wire
        loose = [(column, wire) for column, wire in open_at.items() if column not in continued]
        _attach_below(loose, row)
        open_at = next_open
    return wires


def _near(column: int) -> tuple[int, int, int]:
    return column, column - 1, column + 1


def _junctions(row: Row, text: str) -> Iterator[_Junction]:
    for token in row.tokens:
        if token.kind is TokenKind.MARK:
            yield _Junction(token.start, token, True, True, None, None)
        elif token.kind is TokenKind.BRANCH:
            up, down = _ARMS[text[token.span.start]]
            yield _Junction(token.start, token, up, down, None, row.right_of(token))
        if token.kind in _DRAWN:
            for offset in range(token.span.start + (token.kind is TokenKind.BRANCH), token.span.end):
                if arms := _ARMS.get(text[offset]):
                    leaves = row.right_of(token) if text[offset] in _LEADS_RIGHT else None
                    column = row.columns[offset - row.span.start]
                    yield _Junction(column, token, *arms, row.left_of(token), leaves)


def _join(wire: _Wire, row: Row, junction: _Junction) -> None:
    wire.marks.append((row, junction.token))
    if junction.feed:
        wire.feeds += junction.feed.refs
    if junction.exit:
        wire.exits += junction.exit.refs


def _attach_above(wire: _Wire, above: Row, junction: _Junction) -> None:
    """Find what a wire that begins under a row leaves from."""
    token = above.at(junction.column)
    if token and token.kind is TokenKind.GROUP:
        wire.feeds += _refs_at(above, token, junction.column)
    elif token and token.kind in (TokenKind.RIGHT, TokenKind.LEFT):
        left = above.left_of(token)
        wire.doubtful = True
        wire.feeds += left.refs if left else ()
    elif above.groups:
        nearest = above.nearest_group(junction.column)
        wire.doubtful = len(above.groups) > 1 and nearest.distance(junction.column) > 1
        wire.feeds += _refs_at(above, nearest, junction.column)


def _attach_below(loose: list[tuple[int, _Wire]], row: Row) -> None:
    """Find what wires that end over a row lead to: several over one list lead each to its own id."""
    landings: list[tuple[_Wire, Token, int]] = []
    for column, wire in loose:
        token = row.at(column)
        if token and token.kind in (TokenKind.RIGHT, TokenKind.LEFT):
            wire.doubtful = True
            token = row.right_of(token)
        if (token is None or token.kind is not TokenKind.GROUP) and row.groups:
            token = row.nearest_group(column)
            wire.doubtful |= len(row.groups) > 1 and token.distance(column) > 1
        if token and token.kind is TokenKind.GROUP:
            landings.append((wire, token, column))
    wires_over = Counter(token.place for _, token, _ in landings)
    for wire, token, column in landings:
        wire.exits += _refs_at(row, token, column) if wires_over[token.place] > 1 else token.refs


def _refs_at(row: Row, token: Token, column: int) -> tuple[IdRef, ...]:
    """The id shown at a column of a group; the whole group between ids."""
    offset = row.offset_at(column)
    return tuple(ref for ref in token.refs if ref.span.contains(offset)) or token.refs


def _ambiguity(wire: _Wire, text: str, last_line: Span, newline: str) -> Ambiguity:
    first = wire.marks[0][1].span
    before = ", ".join(dict.fromkeys(ref.id for ref in wire.feeds))
    after = ", ".join(dict.fromkeys(ref.id for ref in wire.exits))
    reading = f"{before} → {after}"
    if any(token.kind in (TokenKind.RIGHT, TokenKind.CORNER) for _, token in wire.marks):
        return Ambiguity(first, reading, ())
    return Ambiguity(first, reading, tuple(_explicit(wire, text, reading, last_line, newline)))


def _explicit(wire: _Wire, text: str, reading: str, last_line: Span, newline: str) -> Iterator[Edit]:
    """Take the marks away and state the links on a line of their own, in place of a mark that has a line to itself."""
    alone = [row for row, token in wire.marks if len(row.tokens) == 1 and token.kind is TokenKind.MARK]
    for row, token in dict.fromkeys(wire.marks):
        if alone and row is alone[0]:
            yield Edit(row.span, reading)
        else:
            width = row.columns[token.span.end - row.span.start] - row.columns[token.span.start - row.span.start]
            yield Edit(token.span, " " * width)
    if not alone:
        line_start = max(text.rfind("\n", 0, last_line.start), text.rfind("\r", 0, last_line.start)) + 1
        prefix = text[line_start : last_line.start]
        yield Edit(Span(last_line.end, last_line.end), f"{newline}{prefix}{reading}")
