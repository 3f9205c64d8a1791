"""The rows of an arrow graph cut into tokens: groups of ids, lines with or without arrowheads, vertical marks."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from milepost.plan.grammar.columns import display_columns
from milepost.plan.grammar.ids import IdIndex, IdRef, is_id, read_id_list
from milepost.source import Span


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


@dataclass(slots=True, eq=False)
class Row:
    """One line of a graph that holds a token at least."""

    span: Span
    columns: list[int]
    tokens: list[Token] = field(default_factory=list)

    def at(self, column: int) -> Token | None:
        """The token that covers a column."""
        place = bisect_right(self.tokens, column, key=lambda token: token.start) - 1
        token = self.tokens[place] if place >= 0 else None
        return token if token and column < token.end else None

    def offset_at(self, column: int) -> int:
        """The offset of the character shown at a column."""
        return self.span.start + bisect_right(self.columns, column) - 1

    @property
    def groups(self) -> list[Token]:
        """The row's groups, from left to right."""
        return [token for token in self.tokens if token.kind is TokenKind.GROUP]


_HEADS = "→➜⟶⇒▶►➔➝⟹⮕"
_LINE = re.compile(
    rf"(?P<branch>[├└┌╰╭┣┗┏]|[|+`\\](?=[-─]))?[-=─━═]*(?:[┬┐┘┤┼┴╮╯][-=─━═]*)*(?P<head>[{_HEADS}]|(?<=[-=─━═])>)?"
)
_LEFT = re.compile(r"[←⟵⇐◀◄⟸][-=─━═]*|<[-=─━═]+(?!>)")
_MARK = re.compile(r"[↓⇓│┃║▼▽⬇↧|]|(?<!\w)[vV](?!\w)")
_STOPS = rf";{_HEADS}←⟵⇐◀◄⟸├└┌╰╭┣┗┏┬┐┘┤┼┴╮╯─━═↓⇓│┃║▼▽⬇↧|"
_WORD = re.compile(rf"(?:(?![-=]+>|<[-=])[^\s{_STOPS}])+")
_BLANKS = re.compile(r"[ \t\u3000]+")
_CORNERS = frozenset("┐┘┤╮╯")
_DRAWN = frozenset("─━═┬┐┘┤┼┴╮╯")


def read_rows(text: str, lines: list[Span], index: IdIndex) -> list[Row]:
    """Cut lines of a text into rows of tokens; lines without any token are left out."""
    rows = (_read_row(text, line, index) for line in lines)
    return [row for row in rows if row.tokens]


def _read_row(text: str, line: Span, index: IdIndex) -> Row:
    row = Row(line, display_columns(text[line.start : line.end]))
    for kind, start, end, refs, unknown in _scan(text, line, index):
        columns = row.columns[start - line.start], row.columns[end - line.start]
        row.tokens.append(Token(kind, *columns, Span(start, end), refs, unknown))
    return row


_Found = tuple[TokenKind, int, int, tuple[IdRef, ...], tuple[IdRef, ...]]


def _scan(text: str, line: Span, index: IdIndex) -> Iterator[_Found]:
    position, words, group = line.start, "", None
    while position < line.end:
        if blanks := _BLANKS.match(text, position, line.end):
            position = blanks.end()
            if group and blanks.end() - blanks.start() > 1:
                yield group
                group, words = None, ""
            continue
        found = _read_line(text, position, line.end)
        if found:
            if group:
                yield group
            group, words = None, ""
            yield found
            position = found[2]
            continue
        following = _read_group(text, position, line.end, index) if _ids_may_follow(words, text[position]) else None
        if following and not (group and words):
            if group:
                yield group
            group, words, position = following, "", following[2]
            continue
        word = _WORD.match(text, position, line.end)
        end = max(word.end() if word else 0, position + 1)
        if text[position:end].strip("-=*•:()[]{}.,'\"`"):
            words = text[position:end]
            group = group and (group[0], group[1], end, *group[3:])
        position = end
    if group:
        yield group


def _ids_may_follow(words: str, char: str) -> bool:
    """After other words an id counts only in brackets or behind a colon: ``Install Python 3`` names no task."""
    return not words or words[-1] in ":：" or char in "([{`*#"


def _read_group(text: str, position: int, end: int, index: IdIndex) -> _Found | None:
    stop = text.find(";", position, end)
    ids = read_id_list(text, index, position, end if stop < 0 else stop)
    unknown = tuple(ref for ref in ids.unknown if is_id(ref.id))
    if not ids.known and not unknown:
        return None
    return TokenKind.GROUP, position, _rstrip(text, position, ids.end), ids.known, unknown


def _rstrip(text: str, start: int, end: int) -> int:
    return start + len(text[start:end].rstrip())


def _line_kind(line: re.Match[str]) -> TokenKind:
    if line["branch"]:
        return TokenKind.BRANCH
    return TokenKind.CORNER if line.group()[-1] in _CORNERS else TokenKind.RIGHT


def _read_line(text: str, position: int, end: int) -> _Found | None:
    """Read an arrow, a branch, a vertical mark or the ``;`` that ends a chain."""
    if text[position] == ";":
        return TokenKind.STOP, position, position + 1, (), ()
    if left := _LEFT.match(text, position, end):
        return TokenKind.LEFT, position, left.end(), (), ()
    line = _LINE.match(text, position, end)
    if line and line.end() > position and (line["branch"] or line["head"] or _DRAWN & set(line.group())):
        return _line_kind(line), position, line.end(), (), ()
    if mark := _MARK.match(text, position, end):
        return TokenKind.MARK, position, mark.end(), (), ()
    return None
