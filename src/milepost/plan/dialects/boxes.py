"""Checkboxes and what they say."""

from __future__ import annotations

from typing import NamedTuple

from milepost.plan.dialects.reading import Reading
from milepost.plan.marks import MARK_OF as MARK_OF
from milepost.plan.marks import MARKS as MARKS
from milepost.plan.model import Checkbox, ObservationKind, TaskState
from milepost.source import Edit, Span
from milepost.source.lazy_regex import lazy_regex

_BOX = lazy_regex(
    r"\[(?P<mark>[^\[\]\r\nP]?)\](?P<star>\\?\*(?=[ \t\d]))?(?:[ \t]+|(?<=\*)|(?=\d+\.\d[\d.]*[ \t]))(?=\S)"
)


class Box(NamedTuple):
    """A checkbox, whether a ``*`` follows it (optional), and where the text behind it starts."""

    checkbox: Checkbox
    starred: bool
    end: int


def read_box(reading: Reading, start: int, end: int) -> Box | None:
    """Read the checkbox a line starts with, in bold perhaps; an unreadable mark is noted.

    A box without text is no checkbox.
    """
    if not reading.text.startswith("[", start):
        if not reading.text.startswith("**[", start):
            return None
        start += len("**")
    found = _BOX.match(reading.text, start, end)
    if found is None:
        return None
    mark = found["mark"]
    span = Span(found.start("mark"), found.end("mark"))
    state = MARKS.get("" if not mark else " " if mark == "\t" else mark, TaskState.UNKNOWN)
    if state is TaskState.UNKNOWN:
        reading.observe(
            ObservationKind.UNREADABLE_CHECKBOX,
            Span(span.start - 1, span.end + 1),
            "the mark between the brackets has no meaning" if mark else "there is nothing between the brackets",
            edits=() if mark else (Edit(span, " "),),
        )
    return Box(Checkbox(state, mark, span), found["star"] is not None, found.end())
