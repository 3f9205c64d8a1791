"""Acceptance criteria a task names in brackets: ``(AC: 1, 3-5)``, ``(AC: all)``. They are the document's own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from milepost.plan.dialects.criteria import in_criteria
from milepost.plan.dialects.document import Document
from milepost.plan.model import Reference, ReferenceKind
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_REMARK = lazy_regex(r"ACs?[ \t]*[:：]?[ \t]*(?P<refs>#?\d[^\n]*|all\b[^\n]*)", re.IGNORECASE)
_CRITERION = lazy_regex(r"(?P<first>\d{1,6}(?:\.\d+)*|\ball\b)(?:[ \t]*[-–][ \t]*#?(?P<last>\d{1,6}))?", re.IGNORECASE)
_STATED = lazy_regex(
    r"^[ \t]*(?:#{1,6}[ \t]+|[-*+][ \t]+|\d{1,6}[.)][ \t]+)?(?:\[.\][ \t]+)?(?:\*\*|__)?AC[ #-]?(?P<named>\d{1,6})\b"
    r"|^(?P<counted>\d{1,6})[.)][ \t]",
    re.MULTILINE,
)
_LONGEST = 100
"""A range over more criteria than that is a mistake."""


def criteria_references(document: Document, inner: Span) -> Iterator[Reference] | None:
    """The criteria that the inside of a pair of brackets names: ``AC: 1, 3-5`` names AC1, AC3, AC4 and AC5.

    ``all`` stands for every criterion the document states. None when the brackets hold anything else.
    """
    found = _REMARK.fullmatch(document.text, *inner)
    return _references(document, Span(*found.span("refs"))) if found else None


def _references(document: Document, span: Span) -> Iterator[Reference]:
    for found in _CRITERION.finditer(document.text, span.start, span.end):
        for name in _numbers(document, found):
            yield Reference(f"AC{name}", ReferenceKind.REQUIREMENT, Span(*found.span()))


def _numbers(document: Document, found: re.Match[str]) -> list[str]:
    first, last = found["first"], found["last"]
    if first.casefold() == "all":
        return _all(document)
    if last and first.isdecimal() and int(first) < int(last) <= int(first) + _LONGEST:
        return [str(number) for number in range(int(first), int(last) + 1)]
    return [first]


def _all(document: Document) -> list[str]:
    """The numbers of all criteria stated under a heading of acceptance criteria, in document order."""
    numbers: list[str] = []
    for section in document.sections:
        if in_criteria(section):
            own = section.blocks[-1].span.end if section.blocks else section.start
            for found in _STATED.finditer(document.text, section.start, max(own, section.title_span.end)):
                numbers.append(str(int(found["named"] or found["counted"])))
    return list(dict.fromkeys(numbers))
