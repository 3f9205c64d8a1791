"""How requirements are named: in headings, at the start of list items and paragraphs, and in the cells of tables."""

from __future__ import annotations

import re
from typing import NamedTuple

from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex
from milepost.spec.model import RequirementKind

ID = (
    r"(?:(?:[A-Z]{1,12}|Req|Const)(?:[-_][A-Z]{1,12})*[-_]\d+(?:\.\d+)*[a-z]?"
    r"|(?:US|FR|NFR|REQ|SC|AC|UC|BR|R)\d+(?:\.\d+)*[a-z]?)(?![\w-])(?!\.\d)"
)
"""The pattern of an id that names its sort, to be embedded in others."""

_OTHER_THINGS = lazy_regex(
    r"(?:ADR|ASM|ASSUMPTION|BUG|CVE|DEC|DECISION|DEP|DOC|EPIC|ES|GPT|HTTP|ISO|ISSUE|IEEE|MILESTONE|OQ|PCI|PHASE|PR|Q"
    r"|QUESTION|RFC|RISK|SHA|SOC|STEP|T|TASKS?|TC|TEST|TLS|TODO|UTF|WCAG|WP)(?:-.*)?"
)
"""What ids of these sorts name is no requirement."""

_WORDS = r"Requirement|Req\.?|需求|要求|要件|요구사항|Requisito|Requerimiento|Anforderung|Exigence|Требование"
_STORY_WORDS = r"(?:User[ \t]+)?Story|用戶故事|用户故事|Historia(?:[ \t]+de[ \t]+usuario)?"
_HEADING = lazy_regex(
    r"[^\w\[(]*(?:\d+(?:\.\d+)*[.)]?[ \t]+)?[\[(*_`]*(?:"
    rf"(?i:{_WORDS})[ \t]*#?(?P<number>\d+(?:\.\d+)*[a-z]?)(?![\w.])"
    rf"|(?i:{_STORY_WORDS})[ \t]*#?(?P<story>\d+(?:\.\d+)*[a-z]?)(?![\w.])"
    rf"|(?P<id>{ID})"
    rf"|(?i:{_WORDS})[ \t]*[:：](?=[ \t]*(?P<named>\S.*))"
    r")[\])*_`]*[ \t]*[:：.–—-]*[ \t]*(?P<title>.*)"
)
_ITEM = lazy_regex(
    r"(?:\[[ xX~/-]\][ \t]+)?(?:~~)?(?P<open>\*\*|__|`)?\[?"
    rf"(?P<id>{ID})\]?(?P<note>[ \t]*[(\[][^()\[\]\n]{{1,40}}[)\]])?(?P<gap>[ \t]*(?:[:：.]|[–—-](?=[ \t]))?)[ \t]*"
)
_AFTER_BOLD = lazy_regex(r"(?:[ \t]*[(\[][^()\[\]\n]{1,40}[)\]])?[ \t]*(?:[:：]|[–—-](?=[ \t]))?[ \t]*")
_OWN_NUMBER = lazy_regex(
    r"(?:\[[^\[\]\n]?\][ \t]+)?(?P<open>\*\*|__|`)?(?P<number>\d+(?:\.\d+)+[a-z]?)(?![\w.]*\w)(?:\*\*|__|`)?"
    r"[ \t]*(?:[:：.)）、]|[–—-](?=[ \t]))?(?:\*\*|__)?[ \t]+(?=\S)"
)
_CELL = lazy_regex(rf"[\[*_`~]*(?P<id>{ID})[\]*_`~]*(?:\([^()]*\))?")
_PRIORITY = lazy_regex(
    r"[(\[](?:priority|prioridad|priorität)?[ \t]*[:：]?[ \t]*"
    r"(?P<value>P\d|must(?:[ -]have)?|should(?:[ -]have)?|could(?:[ -]have)?|won['’]?t(?:[ -]have)?"
    r"|critical|high|medium|low|mandatory|optional)[)\]]",
    re.IGNORECASE,
)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_STORY, _CONSTRAINT, _OUTCOME = {"US", "STORY"}, {"CON", "CONST", "CONSTRAINT"}, {"SC"}


class Name(NamedTuple):
    """A requirement's id and where it stands, and where its title does."""

    id: str
    id_span: Span
    title_span: Span
    kind: RequirementKind


class OwnNumber(NamedTuple):
    """The number a criterion writes before its text, without that of its requirement, and where the text starts."""

    number: str
    end: int


class Priority(NamedTuple):
    """A priority in brackets: the whole, and the word alone."""

    span: Span
    value_span: Span


def in_heading(text: str, span: Span) -> Name | None:
    """What requirement a heading names: ``Requirement 1: Title``, ``US-1: Title (P1)``, ``Requirement: Title``."""
    found = _HEADING.match(text, span.start, span.end)
    if found is None:
        return None
    if found["named"]:
        name = Span(found.start("named"), found.start("named") + len(found["named"].rstrip()))
        return Name(text[name.start : name.end], name, name, RequirementKind.REQUIREMENT)
    title = Span(found.start("title"), found.end("title"))
    if found["id"]:
        return _named(found["id"], Span(*found.span("id")), title)
    group = "number" if found["number"] else "story"
    kind = RequirementKind.STORY if group == "story" else RequirementKind.REQUIREMENT
    name_of = f"US{found[group]}" if group == "story" else found[group]
    return Name(name_of, Span(*found.span(group)), title, kind)


def in_line(text: str, span: Span) -> Name | None:
    """What requirement the start of a line states: ``**REQ-1.1:** text``, ``**FR-003**: text``, ``REQ-1: text``.

    An id without emphasis must be followed by a colon or a dash.
    """
    found = _ITEM.match(text, span.start, span.end)
    if found is None:
        return None
    start, bold = found.end(), found["open"]
    if bold and text.startswith(bold, start):
        rest = _AFTER_BOLD.match(text, start + len(bold), span.end)
        assert rest is not None
        start = rest.end()
    elif bold not in text[start : span.end] if bold else found["gap"].strip() in {"", "."}:
        return None
    return _named(found["id"], Span(*found.span("id")), Span(start, span.end))


def own_number(text: str, span: Span, owner: str) -> OwnNumber | None:
    """The number at the start of a line that continues its requirement's: ``1.2: text`` below requirement 1."""
    found = _OWN_NUMBER.match(text, span.start, span.end)
    stem = f"{owner.rpartition('-')[2].lstrip(_LETTERS)}."
    if found is None or not found["number"].startswith(stem) or stem == ".":
        return None
    return OwnNumber(found["number"][len(stem) :], found.end())


def in_cell(text: str, span: Span) -> Name | None:
    """What requirement a cell names, if it holds nothing but an id, perhaps as a link."""
    found = _CELL.fullmatch(text, span.start, span.end)
    return _named(found["id"], Span(*found.span("id")), span) if found else None


def find_priority(text: str, span: Span) -> Priority | None:
    """A priority in brackets within a line: ``(Priority: P1)``, ``(Must)``."""
    found = _PRIORITY.search(text, span.start, span.end)
    return Priority(Span(*found.span()), Span(*found.span("value"))) if found else None


def sort_of(requirement_id: str) -> str:
    """The letters an id starts with, in upper case; empty for a number alone."""
    return re.split(r"[-_]?\d", requirement_id, maxsplit=1)[0].upper()


def _named(requirement_id: str, id_span: Span, title: Span) -> Name | None:
    sort = sort_of(requirement_id)
    if _OTHER_THINGS.fullmatch(sort):
        return None
    if sort in _STORY:
        kind = RequirementKind.STORY
    elif sort in _CONSTRAINT:
        kind = RequirementKind.CONSTRAINT
    else:
        kind = RequirementKind.OUTCOME if sort in _OUTCOME else RequirementKind.REQUIREMENT
    return Name(requirement_id, id_span, title, kind)
