"""The rows of an arrow graph cut into tokens: groups of ids, lines with or without arrowheads, vertical marks."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

from milepost.plan.grammar.columns import display_columns
from milepost.plan.grammar.ids import IdIndex, IdRef, is_id, read_id_list
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex


class TokenKind(Enum):
    """What a token of a row is."""

    GROUP = auto()
    RIGHT = auto()
    LEFT = auto()
    CORNER = auto()
    BRANCH = auto()
    MARK = auto()
    STOP = auto()


@dataclass(slots=True, eq=False)
class Token:
    """A token at display columns ``[start, end)``; a group's ``end`` includes the words that follow its ids."""

    kind: TokenKind
    start: int
    end: int
    span: Span
    refs: tuple[IdRef, ...] = ()
    unknown: tuple[IdRef, ...] = ()
    place: int = 0

    def distance(self, column: int) -> int:
        """How many columns lie between the token and a column; 0 inside it."""
        return max(self.start - column, column - self.end + 1, 0)


@dataclass(slots=True, eq=False)
class Row:
    """One line of a graph that holds a token at least."""

    span: Span
    columns: list[int]
    tokens: list[Token] = field(default_factory=list)
    groups: list[Token] = field(default_factory=list)

    def add(self, piece: _Piece) -> None:
        """Append a token."""
        start, end = (self.columns[offset - self.span.start] for offset in piece.span)
        token = Token(piece.kind, start, end, piece.span, piece.refs, piece.unknown, len(self.tokens))
        self.tokens.append(token)
        if token.kind is TokenKind.GROUP:
            self.groups.append(token)

    def left_of(self, token: Token) -> Token | None:
        """The group that stands right before a token."""
        return _group(self.tokens[token.place - 1]) if token.place else None

    def right_of(self, token: Token) -> Token | None:
        """The group that stands right behind a token."""
        return _group(self.tokens[token.place + 1]) if token.place + 1 < len(self.tokens) else None

    def nearest_group(self, column: int) -> Token:
        """The group nearest to a column, of two the left one; the row must have one."""
        place = bisect_right(self.groups, column, key=lambda group: group.start)
        around = self.groups[max(place - 1, 0) : place + 1]
        return min(around, key=lambda group: group.distance(column))

    def at(self, column: int) -> Token | None:
        """The token that covers a column."""
        place = bisect_right(self.tokens, column, key=lambda token: token.start) - 1
        token = self.tokens[place] if place >= 0 else None
        return token if token and column < token.end else None

    def offset_at(self, column: int) -> int:
        """The offset of the character shown at a column."""
        return self.span.start + bisect_right(self.columns, column) - 1


_HEADS = "→➜⟶⇒▶►➔➝⟹⮕"
_LINE = lazy_regex(
    rf"(?P<branch>[├└┌╰╭┣┗┏]|[|+`\\](?=[-─]))?[-=─━═]*(?:[┬┐┘┤┼┴╮╯][-=─━═]*)*(?P<head>[{_HEADS}]|(?<=[-=─━═])>)?"
)
_LEFT = lazy_regex(r"[←⟵⇐◀◄⟸][-=─━═]*|<[-=─━═]+(?!>)")
_MARK = lazy_regex(r"[↓⇓│┃║▼▽⬇↧|]|(?<!\w)[vV](?!\w)")
_STOPS = rf";{_HEADS}←⟵⇐◀◄⟸├└┌╰╭┣┗┏┬┐┘┤┼┴╮╯─━═↓⇓│┃║▼▽⬇↧|"
_WORD = lazy_regex(rf"(?:(?![-=]{1, 8}>|<[-=])[^\s{_STOPS}])+")
_WAITS = lazy_regex(r"(?:depends[ \t]+on|blocked[ \t]+by|waits[ \t]+for)\b[ \t]*[:：]?", re.IGNORECASE)
_BLANKS = lazy_regex(r"[ \t\u3000]+")
_CORNERS = frozenset("┐┘┤╮╯")
_DRAWN = frozenset("─━═┬┐┘┤┼┴╮╯")


def read_rows(text: str, lines: list[Span], index: IdIndex) -> list[Row]:
    """Cut lines of a text into rows of tokens; lines without any token are left out."""
    rows = (_read_row(text, line, index) for line in lines)
    return [row for row in rows if row.tokens]


def _read_row(text: str, line: Span, index: IdIndex) -> Row:
    row = Row(line, display_columns(text[line.start : line.end]))
    for piece in _Scanner(text, line, index).pieces():
        row.add(piece)
    return row


def _group(token: Token) -> Token | None:
    return token if token.kind is TokenKind.GROUP else None


class _Piece(NamedTuple):
    """A token before its columns are known."""

    kind: TokenKind
    span: Span
    refs: tuple[IdRef, ...] = ()
    unknown: tuple[IdRef, ...] = ()


@dataclass(slots=True)
class _Scanner:
    """Walks along one line. ``words`` is the last word since the last group, arrow or wide gap."""

    text: str
    line: Span
    index: IdIndex
    group: _Piece | None = None
    words: str = ""

    def pieces(self) -> Iterator[_Piece]:
        """The tokens of the line, in order."""
        position, end = self.line
        while position < end:
            if blanks := _BLANKS.match(self.text, position, end):
                if blanks.end() - position > 1:
                    yield from self._finish()
                position = blanks.end()
            elif drawn := _read_drawn(self.text, position, end):
                yield from self._finish()
                yield drawn
                position = drawn.span.end
            elif waits := self._read_waits(position):
                yield from self._finish()
                yield waits
                position = waits.span.end
            elif group := self._read_group(position):
                yield from self._finish()
                self.group = group
                position = group.span.end
            else:
                position = self._read_word(position)
        yield from self._finish()

    def _finish(self) -> Iterator[_Piece]:
        if self.group:
            yield self.group
        self.group, self.words = None, ""

    def _read_waits(self, position: int) -> _Piece | None:
        """Read words behind a group that say what it waits for: they point to the left."""
        found = _WAITS.match(self.text, position, self.line.end) if self.text[position] in "DdBbWw" else None
        before = self.text[self.line.start : position] if found else ""
        is_aside = before.count("(") > before.count(")")
        return _Piece(TokenKind.LEFT, Span(*found.span())) if found and before and not is_aside else None

    def _read_group(self, position: int) -> _Piece | None:
        """Read a list of ids. After other words ids count only in brackets or behind a colon, and only once.

        So ``Install Python 3`` names no task, and ``1 Install Python (3)`` only task 1.
        """
        bracketed = self.text[position] in "([{`*#" or self.words.endswith((":", "："))
        if self.words and (self.group or not bracketed):
            return None
        stop = self.text.find(";", position, self.line.end)
        ids = read_id_list(self.text, self.index, position, self.line.end if stop < 0 else stop)
        unknown = tuple(ref for ref in ids.unknown if is_id(ref.id))
        if not ids.known and not unknown:
            return None
        end = position + len(self.text[position : ids.end].rstrip())
        return _Piece(TokenKind.GROUP, Span(position, end), ids.known, unknown)

    def _read_word(self, position: int) -> int:
        """Pass over a word; one that follows a group counts as part of it."""
        found = _WORD.match(self.text, position, self.line.end)
        end = found.end() if found else position + 1
        if self.text[position:end].strip("-=*•:()[]{}.,'\"`"):
            self.words = self.text[position:end]
            if self.group:
                self.group = self.group._replace(span=Span(self.group.span.start, end))
        return end


def _read_drawn(text: str, position: int, end: int) -> _Piece | None:
    """Read an arrow, a branch, a vertical mark or the ``;`` that ends a chain."""
    if text[position] == ";":
        return _Piece(TokenKind.STOP, Span(position, position + 1))
    if left := _LEFT.match(text, position, end):
        return _Piece(TokenKind.LEFT, Span(position, left.end()))
    line = _LINE.match(text, position, end)
    if line and line.end() > position and (line["branch"] or line["head"] or _DRAWN & set(line.group())):
        return _Piece(_line_kind(line), Span(position, line.end()))
    if mark := _MARK.match(text, position, end):
        return _Piece(TokenKind.MARK, Span(position, mark.end()))
    return None


def _line_kind(line: re.Match[str]) -> TokenKind:
    if line["branch"]:
        return TokenKind.BRANCH
    return TokenKind.CORNER if line.group()[-1] in _CORNERS else TokenKind.RIGHT
