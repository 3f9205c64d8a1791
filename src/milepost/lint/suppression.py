"""Comments that silence findings: ``<!-- milepost: ignore[name, CODE] reason -->``.

A comment behind other text speaks for its own line, a comment alone on its line for the next line that is neither
blank nor such a comment. ``ignore-file[…]`` speaks for the whole document. Names, codes, beginnings of codes and
``ALL`` are allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from milepost.plan.blocks import BlockKind, parse_blocks, walk
from milepost.source import Diagnostic, SourceText, Span
from milepost.source.lazy_regex import lazy_regex

_COMMENT = lazy_regex(r"<!--[ \t]*milepost:[ \t]*ignore(-file)?\[([^\]\r\n]*)\][^\r\n]*?-->")
_REST_OF_LINE = lazy_regex(r"[ \t]*(?:\r\n|\n|\r|\Z)")


def covers(selector: str, code: str, name: str) -> bool:
    """Say whether a selector (name, code, beginning of a code, ``ALL``) means a rule."""
    return selector in (name, "ALL") or (bool(selector) and code.startswith(selector))


@dataclass(frozen=True, slots=True)
class Suppression:
    """One name in one comment; ``line`` is the line it speaks for, 0 for the whole document."""

    selector: str
    line: int
    span: Span
    comment: Span

    def silences(self, finding: Diagnostic, line: int) -> bool:
        """Say whether it speaks for a finding that starts on the line."""
        return self.line in (0, line) and covers(self.selector, finding.code, finding.name)


class Suppressions:
    """All suppressions of a document; remembers which of them silenced something."""

    def __init__(self, source: SourceText) -> None:
        """Read the comments of a document."""
        self._source = source
        self.all: Sequence[Suppression] = tuple(_read(source)) if "milepost:" in source.text else ()
        self.used: set[Suppression] = set()

    def filter(self, findings: Iterable[Diagnostic]) -> list[Diagnostic]:
        """Give the findings nobody silenced."""
        return [finding for finding in findings if not self._silence(finding)]

    def room(self, comment: Span) -> Span:
        """The span to delete with a comment: its whole line when it is alone there, else the blanks before it."""
        text = self._source.text
        line = self._source.position(comment.start).line
        begin = self._source.line_starts[line - 1]
        rest = _REST_OF_LINE.match(text, comment.end)
        if not text[begin : comment.start].strip() and rest:
            return Span(begin, rest.end())
        return Span(begin + len(text[begin : comment.start].rstrip(" \t")), comment.end)

    def _silence(self, finding: Diagnostic) -> bool:
        if not self.all:
            return False
        line = self._source.position(finding.span.start).line
        speaking = [found for found in self.all if found.silences(finding, line)]
        self.used.update(speaking)
        return bool(speaking)


def _read(source: SourceText) -> Iterable[Suppression]:
    for found in _comments(source.text):
        line = 0 if found.group(1) else _line_meant(source, found)
        start = found.start(2)
        for part in found.group(2).split(","):
            selector = part.strip()
            begin = start + len(part) - len(part.lstrip())
            yield Suppression(selector, line, Span(begin, begin + len(selector)), Span(*found.span()))
            start += len(part) + 1


def _comments(text: str) -> Iterator[re.Match[str]]:
    """The comments that are meant, not shown as code."""
    found = [one for one in _COMMENT.finditer(text) if text[one.start() - 1 : one.start()] != "`"]
    if found:
        code = [block.span for block in walk(parse_blocks(text)) if block.kind in (BlockKind.FENCE, BlockKind.CODE)]
        yield from (one for one in found if not any(span.contains(one.start()) for span in code))


def _line_meant(source: SourceText, comment: re.Match[str]) -> int:
    line = source.position(comment.start()).line
    before = source.text[source.line_starts[line - 1] : comment.start()]
    if before.strip(" \t>-*+|") or not _REST_OF_LINE.match(source.text, comment.end()):
        return line
    following = line + 1
    while following < len(source.line_starts):
        text = source.slice(source.line_span(following)).strip()
        if text and not _COMMENT.fullmatch(text):
            break
        following += 1
    return following
