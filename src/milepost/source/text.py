"""A document's bytes and their positions."""

from __future__ import annotations

import re
from bisect import bisect_right

from milepost.source.span import Position, Span

_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(r"\r\n|\n|\r")


class SourceText:
    """The text of one document, from which its exact bytes can always be had back.

    Bytes that are not UTF-8 survive as lone surrogates, a byte order mark is kept aside, and only ``\\r\\n``,
    ``\\n`` and ``\\r`` end a line. All offsets count characters of :attr:`text`.
    """

    __slots__ = ("_digest", "_line_starts", "bom", "path", "spelling", "text")

    def __init__(self, text: str, *, path: str = "", bom: bool = False, spelling: str = "") -> None:
        """Wrap text already decoded; use :meth:`from_bytes` for a file's content.

        ``spelling`` names what somebody wants it to be read as (empty: as whatever it shows to be).
        """
        self.text = text
        self.spelling = spelling
        self.path = path
        self.bom = bom
        self._line_starts: list[int] | None = None
        self._digest: str | None = None

    @classmethod
    def from_bytes(cls, raw: bytes, *, path: str = "") -> SourceText:
        """Decode a document; any bytes at all are accepted."""
        bom = raw.startswith(_BOM)
        body = raw[len(_BOM) :] if bom else raw
        return cls(body.decode("utf-8", "surrogateescape"), path=path, bom=bom)

    def to_bytes(self) -> bytes:
        """Give the document's exact bytes."""
        return (_BOM if self.bom else b"") + self.text.encode("utf-8", "surrogateescape")

    def with_text(self, text: str) -> SourceText:
        """Make the same document with another text."""
        return SourceText(text, path=self.path, bom=self.bom, spelling=self.spelling)

    def spelt(self, spelling: str) -> SourceText:
        """Make the same document, to be read as something else than it may show to be."""
        return SourceText(self.text, path=self.path, bom=self.bom, spelling=spelling)

    @property
    def digest(self) -> str:
        """SHA-256 of the document's bytes, in hexadecimal."""
        if self._digest is None:
            import hashlib

            self._digest = hashlib.sha256(self.to_bytes()).hexdigest()
        return self._digest

    @property
    def line_starts(self) -> list[int]:
        """The offset at which each line starts; a text always has at least one line."""
        if self._line_starts is None:
            self._line_starts = [0, *(m.end() for m in _LINE_END.finditer(self.text))]
        return self._line_starts

    @property
    def newline(self) -> str:
        """The line end to use in inserted text: the document's first one, ``\\n`` when it has none."""
        found = _LINE_END.search(self.text)
        return found.group() if found else "\n"

    def slice(self, span: Span) -> str:
        """Give the text a span covers."""
        return self.text[span.start : span.end]

    def locate(self, span: Span) -> tuple[SourceText, Span]:
        """The document a span lies in, and the span there: itself, unless the text is joined from several."""
        return self, span

    def position(self, offset: int) -> Position:
        """Turn an offset into line and column."""
        line = bisect_right(self.line_starts, offset) - 1
        return Position(line + 1, offset - self.line_starts[line] + 1)

    def offset(self, line: int, column: int = 1) -> int:
        """Turn line and column (from 1) into an offset, clamped to the text."""
        starts = self.line_starts
        if line > len(starts):
            return len(self.text)
        return min(starts[max(line, 1) - 1] + max(column, 1) - 1, len(self.text))

    def line_span(self, line: int) -> Span:
        """Span of a line (from 1) without its line end."""
        start = self.line_starts[line - 1]
        found = _LINE_END.search(self.text, start)
        return Span(start, found.start() if found else len(self.text))

    def utf16_position(self, offset: int) -> Position:
        """Turn an offset into line and column from 0, columns in UTF-16 units, as editors count."""
        line = bisect_right(self.line_starts, offset) - 1
        return Position(line, _utf16_length(self.text[self.line_starts[line] : offset]))

    def from_utf16(self, line: int, column: int) -> int:
        """Turn an editor's line and UTF-16 column (from 0) into an offset, clamped to the line."""
        if line >= len(self.line_starts):
            return len(self.text)
        span = self.line_span(line + 1)
        units = 0
        for index in range(span.start, span.end):
            if units >= column:
                return index
            units += 2 if ord(self.text[index]) > 0xFFFF else 1
        return span.end


def _utf16_length(text: str) -> int:
    return len(text) + sum(1 for char in text if ord(char) > 0xFFFF)
