"""Places in a text."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """A half-open range ``[start, end)`` of character offsets in :attr:`SourceText.text`."""

    start: int
    end: int

    def contains(self, offset: int) -> bool:
        """Say whether the offset lies inside the span."""
        return self.start <= offset < self.end


class Position(NamedTuple):
    """A place as people count it: line and column both start at 1; columns count characters."""

    line: int
    column: int
