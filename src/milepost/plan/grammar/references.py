"""References from tasks to requirements."""

from __future__ import annotations

import re
from collections.abc import Iterator

from milepost.plan.model import Reference, ReferenceKind
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_PART = lazy_regex(r"[^,;、，；]+")
_AND = lazy_regex(r"\s+(?:and|&)\s+")
_TITLE_STORY = lazy_regex(
    r"(?P<join>[+&,/][ \t]*|\band[ \t]+)?\b(?:US|User[ \t]+Stor(?:y|ies))[ \t-]?(?P<number>\d+(?:\.\d+)?[a-z]?)\b",
    re.IGNORECASE,
)
_KINDS = lazy_regex(
    r"(?P<STORY>\[?[Uu][Ss]-?\d+(?:\.\d+)?[a-z]?\]?)"
    r"|(?P<WILDCARD>\[?(?:[\w-]*[A-Za-z_-])?\d+(?:\.\d+)*\.(?:x|X|\*)\]?)"
    r"|(?P<REQUIREMENT>\[?(?:[A-Za-z][A-Za-z0-9_]*-)*[A-Za-z]*\d+(?:\.\d+)*[a-z]?\]?)"
    r"|(?P<PLACEHOLDER>\[[^\]]*\]|.*\bX\.X\b.*)"
)


def read_references(text: str, span: Span) -> tuple[Reference, ...]:
    """Read the references a span of a text lists; what is neither id nor placeholder is a named standard."""
    start, end = span
    alone = _KINDS.fullmatch(text, start, end)
    if alone and alone.lastgroup != "PLACEHOLDER":
        kind = ReferenceKind[alone.lastgroup or ""]
        return (Reference(alone.group().strip("[]") if kind is ReferenceKind.STORY else alone.group(), kind, span),)
    body = text[start:end].strip()
    if body[:1] == "[" and body[-1:] == "]" and body.count("[") == 1 and "," in body:
        start = text.index("[", start) + 1
        end = start + len(body) - 2
    return tuple(_references(text, Span(start, end)))


def stories_in(title: str) -> list[str]:
    """The stories a title names: the first, and those joined to it (``User Story 1 and User Story 4``)."""
    found: list[str] = []
    for one in _TITLE_STORY.finditer(title):
        if not found or one["join"]:
            found.append(story_id(one["number"]))
    return found


def story_id(number: str) -> str:
    """The id of a story by its number, however that is written: ``US1``, ``US1.5``, ``US2a``."""
    return f"US{number.casefold().lstrip('0') or '0'}"


def _references(text: str, span: Span) -> Iterator[Reference]:
    in_standard = False
    for part in _PART.finditer(text, span.start, span.end):
        for start, end in _and_cuts(part):
            piece = text[start:end]
            body = piece.strip().strip("`").strip()
            if body:
                at = start + piece.index(body)
                kind = ReferenceKind.STANDARD if in_standard and body.isdigit() else _kind(body)
                in_standard = kind is ReferenceKind.STANDARD and body[-1:].isdigit()
                bare = body.strip("[]") if kind is ReferenceKind.STORY else body
                yield Reference(bare, kind, Span(at, at + len(body)))


def _and_cuts(part: re.Match[str]) -> list[tuple[int, int]]:
    """Cut at ``and`` only between ids: ``Security and privacy`` is one standard."""
    whole = [part.span()]
    if " " not in part.group().strip():
        return whole
    cuts, start = [], part.start()
    for word in _AND.finditer(part.string, part.start(), part.end()):
        cuts.append((start, word.start()))
        start = word.end()
    cuts.append((start, part.end()))
    all_ids = all(_kind(part.string[a:b].strip()) is not ReferenceKind.STANDARD for a, b in cuts)
    return cuts if all_ids else whole


def _kind(body: str) -> ReferenceKind:
    found = _KINDS.fullmatch(body)
    return ReferenceKind[found.lastgroup] if found and found.lastgroup else ReferenceKind.STANDARD
