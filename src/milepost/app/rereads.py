"""What runs need of a document whose boxes and computed lines changed, had without reading it as a plan again."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace

from milepost.app.extracts import Extract, ticks_of
from milepost.app.sheets import Sheet
from milepost.source import Edit, SourceText, Span

_MANY = 200
"""Documents of which more lines differ are read."""
_NO_PLAIN_VALUE = frozenset("|[]<>`~")


def reread(found: Extract, before: SourceText, after: SourceText) -> Extract | None:
    """The extract of a document that says the same as before, but for marks in boxes and values of computed lines.

    None when more is different, or may be: the document has to be read for it.
    """
    sheet = found.sheet
    if sheet is None or found.ticks.digest != before.digest or type(after) is not SourceText:
        return None
    places = _Places(sheet)
    marks: list[Edit] = []
    values: list[Edit] = []
    for start, old, new in _changed_lines(before.text, after.text):
        if len(marks) + len(values) >= _MANY:
            return None
        box = places.box_in(start, start + len(old))
        edit = _mark(start, box, old, new) if box >= 0 else _value(start, places.value_in(start, len(old)), old, new)
        if edit is None:
            return None
        (marks if box >= 0 else values).append(edit)
    marked = sheet.marked(marks)
    longer = sum(len(edit.replacement) - len(before.slice(edit.span)) for edit in values)
    if marked is None or len(before.text) + longer != len(after.text):  # else there are lines more or less
        return None
    return on_sheet(found, marked.moved(values), after)


def on_sheet(found: Extract, sheet: Sheet, document: SourceText) -> Extract:
    """The extract of a document that says the same as before, but for what stands on a sheet of it."""
    fresh = replace(found, ticks=ticks_of(sheet.plan(document)), sheet_json=b"")
    fresh.__dict__["sheet"] = sheet
    fresh.__dict__["spec"] = found.spec
    return fresh


class _Places:
    """Where a sheet has its boxes and values."""

    def __init__(self, sheet: Sheet) -> None:
        gates = [place for gate in sheet.gates for place in gate.places if place >= 0]
        self._boxes = sorted([box.place for box in sheet.boxes] + gates)
        self._values = [Span(line.start, line.end) for line in sheet.lines]
        self._values += [Span(row.start, row.end) for row in sheet.rows]

    def box_in(self, start: int, end: int) -> int:
        """The place of the first box between two offsets; -1 when there is none."""
        here = bisect_left(self._boxes, start)
        return self._boxes[here] if here < len(self._boxes) and self._boxes[here] < end else -1

    def value_in(self, start: int, length: int) -> Span | None:
        """The span of the only value in a line."""
        found = [span for span in self._values if start <= span.start and span.end <= start + length]
        return found[0] if len(found) == 1 else None


def _changed_lines(old: str, new: str) -> Iterator[tuple[int, str, str]]:
    """The lines that differ, each with its offset in the old text; lines more or less differ at the end."""
    before, after = old.split("\n"), new.split("\n")
    start, counted = 0, 0
    for number, (one, other) in enumerate(zip(before, after, strict=False)):
        if one != other:
            start += sum(map(len, before[counted:number])) + number - counted
            counted = number
            yield start, one, other


def _mark(start: int, place: int, old: str, new: str) -> Edit | None:
    here = place - start
    if len(old) != len(new) or old[:here] != new[:here] or old[here + 1 :] != new[here + 1 :]:
        return None
    return Edit(Span(place, place + 1), new[here])


def _value(start: int, span: Span | None, old: str, new: str) -> Edit | None:
    if span is None:
        return None
    head, tail = old[: span.start - start], old[span.end - start :]
    value = new[len(head) : len(new) - len(tail)]
    whole = len(new) >= len(head) + len(tail) and new.startswith(head) and new.endswith(tail)
    if not whole or not value or value != value.strip() or _NO_PLAIN_VALUE & set(value):
        return None
    return Edit(span, value)
