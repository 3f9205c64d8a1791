"""Lists that sum up tasks written elsewhere: ``- [x] **1. Title**`` for the heading ``### 1. Title``."""

from __future__ import annotations

from collections.abc import Iterator

from milepost.plan.dialects.boxes import Box, read_box
from milepost.plan.dialects.document import Document, Section
from milepost.plan.dialects.heads import read_head
from milepost.plan.dialects.reading import Reading
from milepost.plan.dialects.task_headings import TaskHeading, TaskHeadings
from milepost.plan.dialects.tasks import first_line
from milepost.plan.model import Checkbox
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_WORD = lazy_regex(r"[^\W\d_]{4,}|[^\W\d_a-zA-Z]{2,}")


def overview_boxes(document: Document, headings: TaskHeadings) -> dict[str, Checkbox]:
    """The boxes outside task headings that name one of them by its id, and share a word with its title, by id."""
    reading = Reading(document)
    by_id = {heading.id: heading for heading in headings.found.values() if heading.id}
    found: dict[str, Checkbox] = {}
    for section in document.sections if by_id else ():
        if headings.around(section) is None:
            for line, box in _boxes(reading, section):
                head = read_head(reading.text, box.end, line.end)
                heading = by_id.get(head.id) if head else None
                if head and heading and _is_about(head.title, heading):
                    found.setdefault(head.id, box.checkbox)
    return found


def _boxes(reading: Reading, section: Section) -> Iterator[tuple[Span, Box]]:
    for _, item in section.items:
        line = first_line(item)
        box = read_box(reading, line.start, line.end) if line and item.checkbox else None
        if line and box:
            yield line, box


def _is_about(title: str, heading: TaskHeading) -> bool:
    return not _words(heading.title) or bool(_words(title) & _words(heading.title))


def _words(title: str) -> set[str]:
    return {found.group().casefold() for found in _WORD.finditer(title)}
