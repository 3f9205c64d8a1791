"""References from tasks to requirements."""

from __future__ import annotations

import re
from collections.abc import Iterator

from milepost.plan.model import Reference, ReferenceKind
from milepost.source import Span

_PART = re.compile(r"[^,;、，；]+")
_AND = re.compile(r"\s+(?:and|&)\s+")
_STORY = re.compile(r"\[?US-?\d+\]?", re.IGNORECASE)
_WILDCARD = re.compile(r"\[?[\w-]*\d+(?:\.\d+)*\.(?:x|X|\*)\]?")
_ID = re.compile(r"\[?(?:[A-Za-z][A-Za-z0-9_]*-)*[A-Za-z]*\d+(?:\.\d+)*[a-z]?\]?")
_UNFILLED = re.compile(r"\[[^\]]*\]|.*\bX\.X\b.*")


def read_references(text: str, span: Span) -> tuple[Reference, ...]:
    """Read the references a span of a text lists; what is neither id nor placeholder is a named standard."""
    return tuple(_references(text, span))


def _references(text: str, span: Span) -> Iterator[Reference]:
    for part in _PART.finditer(text, span.start, span.end):
        cuts = _and_cuts(part)
        for start, end in cuts:
            piece = text[start:end]
            body = piece.strip().strip("`").strip()
            if body:
                at = start + piece.index(body)
                yield Reference(_bare(body), _kind(body), Span(at, at + len(body)))


def _and_cuts(part: re.Match[str]) -> list[tuple[int, int]]:
    """Cut at ``and`` only between ids: ``Security and privacy`` is one standard."""
    whole = [(part.start(), part.end())]
    cuts, start = [], part.start()
    for word in _AND.finditer(part.string, part.start(), part.end()):
        cuts.append((start, word.start()))
        start = word.end()
    if not cuts:
        return whole
    cuts.append((start, part.end()))
    all_ids = all(_kind(part.string[a:b].strip()) is not ReferenceKind.STANDARD for a, b in cuts)
    return cuts if all_ids else whole


def _bare(body: str) -> str:
    return body[1:-1] if body.startswith("[") and body.endswith("]") and _STORY.fullmatch(body) else body


def _kind(body: str) -> ReferenceKind:
    for pattern, kind in (
        (_STORY, ReferenceKind.STORY),
        (_WILDCARD, ReferenceKind.WILDCARD),
        (_ID, ReferenceKind.REQUIREMENT),
        (_UNFILLED, ReferenceKind.PLACEHOLDER),
    ):
        if pattern.fullmatch(body):
            return kind
    return ReferenceKind.STANDARD
