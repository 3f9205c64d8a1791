"""Changes to a document, always as replacements of spans."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from milepost.errors import OverlappingEdits
from milepost.source.span import Span
from milepost.source.text import SourceText


class Edit(NamedTuple):
    """Replace the text of a span; an empty span inserts."""

    span: Span
    replacement: str


def apply(source: SourceText, edits: Iterable[Edit]) -> SourceText:
    """Carry out edits; every character outside their spans stays as it is.

    Edits may come in any order. Identical edits count once; insertions at one offset keep their order.

    Raises:
        OverlappingEdits: two different edits touch the same characters, or a span lies outside the text.
    """
    ordered = sorted(dict.fromkeys(edits), key=lambda edit: edit.span)
    if not ordered:
        return source
    pieces: list[str] = []
    cursor = 0
    for edit in ordered:
        if edit.span.start < cursor or edit.span.end < edit.span.start or edit.span.end > len(source.text):
            raise OverlappingEdits(place=_place(source, edit.span.start))
        pieces += (source.text[cursor : edit.span.start], edit.replacement)
        cursor = edit.span.end
    pieces.append(source.text[cursor:])
    return source.with_text("".join(pieces))


def _place(source: SourceText, offset: int) -> str:
    line, column = source.position(min(max(offset, 0), len(source.text)))
    return f"{source.path}:{line}:{column}"
