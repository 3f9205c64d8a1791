"""Several documents read as one text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from milepost.source.span import Span
from milepost.source.text import SourceText

_SEPARATOR = "\x00"  # no text document holds one, so the joined text can always be cut apart again


class JoinedText(SourceText):
    """A folder of documents, one behind the other: what edits the text edits the documents it came from.

    Offsets count characters of the joined text; :meth:`locate` says in which document a span lies, and where there.
    """

    __slots__ = ("_starts", "parts")

    def __init__(self, parts: Sequence[SourceText], *, path: str = "") -> None:
        """Join documents; ``path`` is the folder's.

        Raises:
            ValueError: one of them holds the character that keeps them apart.
        """
        if any(_SEPARATOR in part.text for part in parts):
            raise ValueError("a document with a NUL character cannot be joined with others")
        super().__init__(_SEPARATOR.join(part.text for part in parts), path=path)
        self.parts = tuple(parts)
        self._starts: list[int] | None = None

    @property
    def starts(self) -> list[int]:
        """The offset at which each document starts."""
        if self._starts is None:
            self._starts = []
            start = 0
            for part in self.parts:
                self._starts.append(start)
                start += len(part.text) + 1
        return self._starts

    def to_bytes(self) -> bytes:
        """Give the documents' exact bytes, one behind the other with a NUL between them."""
        return _SEPARATOR.encode().join(part.to_bytes() for part in self.parts)

    def with_text(self, text: str) -> SourceText:
        """Cut an edited text apart again into the same documents.

        Raises:
            ValueError: the text no longer holds as many documents.
        """
        texts = text.split(_SEPARATOR) if self.parts else []
        parts = [part.with_text(new) for part, new in zip(self.parts, texts, strict=True)]
        found = JoinedText(parts, path=self.path)
        found.spelling = self.spelling
        return found

    def spelt(self, spelling: str) -> SourceText:
        """Make the same documents, to be read as something else than they may show to be."""
        found = JoinedText(self.parts, path=self.path)
        found.spelling = spelling
        return found

    def locate(self, span: Span) -> tuple[SourceText, Span]:
        """The document a span starts in, and the span there, cut off at the document's end."""
        if not self.parts:
            return self, span
        place = max(bisect_right(self.starts, span.start) - 1, 0)
        part, start = self.parts[place], self.starts[place]
        end = len(part.text)
        return part, Span(min(span.start - start, end), min(span.end - start, end))
