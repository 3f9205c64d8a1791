"""What a plan claims about itself: header lines, notes, footer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from milepost.plan.blocks import Block, BlockKind, walk
from milepost.plan.dialects.document import Section, plain
from milepost.plan.dialects.reading import Reading
from milepost.plan.grammar.ids import read_id_list
from milepost.plan.model import Claim, ClaimKind, EscalationRule, Note
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_LABELS: dict[str, ClaimKind] = {
    **dict.fromkeys(("total tasks", "total number of tasks", "number of tasks"), ClaimKind.TOTAL_TASKS),
    **dict.fromkeys(
        ("estimated time", "total estimated time", "total estimate", "estimated total", "total time",
         "estimated effort", "total effort"), ClaimKind.ESTIMATED_TIME,
    ),
    **dict.fromkeys(("status", "overall status"), ClaimKind.STATUS),
    **dict.fromkeys(("critical path",), ClaimKind.CRITICAL_PATH),
    **dict.fromkeys(
        ("parallelizable", "parallelisable", "parallelizable tasks", "parallel", "parallel tasks",
         "can run in parallel"), ClaimKind.PARALLELIZABLE,
    ),
    **dict.fromkeys(("last updated", "last update", "updated"), ClaimKind.LAST_UPDATED),
    **dict.fromkeys(("progress", "overall progress"), ClaimKind.PROGRESS),
}  # fmt: skip

FOOTER = frozenset({ClaimKind.LAST_UPDATED, ClaimKind.PROGRESS})
"""The claims that may stand below the last phase."""

_OF_A_PART = frozenset({ClaimKind.TOTAL_TASKS, ClaimKind.ESTIMATED_TIME, ClaimKind.STATUS})
_ABOUT_ALL = lazy_regex(
    r".*\b(?:overview|summary|status|progress|total|metadata|information|info|details|timeline|plan|project)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_TOTAL = lazy_regex(r"\b(?:total|overall)\b", re.IGNORECASE)
_HOLDERS = (BlockKind.BULLET_LIST, BlockKind.QUOTE)
_LABEL = lazy_regex(r"(?P<mark>\*\*|__)(?P<label>[^*_\n\r:：]{1,60})(?:[:：](?P=mark)|(?P=mark)[ \t]*[:：])[ \t]*")
_NEXT = lazy_regex(r"[ \t]*[|·•][ \t]*(?=\*\*|__)")
_LEAD = lazy_regex(r"(?:tasks?[ \t]*:?[ \t]*)?", re.IGNORECASE)
_ARROW = lazy_regex(r"[\s*`]*(?:[→➜⟶⇒▶►➔]|[-=]+>)[\s*`]*")
_GROUP_END = lazy_regex(r";|\.(?:[ \t]|$)")
_FACTOR = lazy_regex(
    r"(?P<times>\d{1,4}(?:[.,]\d{1,3})?)[ \t]*(?:[x×✕]|times\b)|(?P<percent>\d{2,5})[ \t]*%"
    r"|\b(?P<word>twice|double|thrice|triple)\b",
    re.IGNORECASE,
)
_WORDS = {"twice": 2.0, "double": 2.0, "thrice": 3.0, "triple": 3.0}
_ESCALATION = lazy_regex(r"escalat", re.IGNORECASE)


def read_claims(reading: Reading, section: Section, wanted: frozenset[ClaimKind] | None = None) -> Iterator[Claim]:
    """Read a section's bold label lines: in paragraphs, bullets and quotes; in paragraphs alone if kinds are given."""
    for top in section.blocks:
        for block in walk(top) if wanted is None and top.kind in _HOLDERS else (top,):
            if block.kind is BlockKind.PARAGRAPH:
                for line in block.lines:
                    for claim in _line_claims(reading, line):
                        if wanted is None or claim.kind in wanted:
                            yield claim


def of_the_plan(text: str, stated: Sequence[tuple[Section, Claim]]) -> Iterator[Claim]:
    """The claims that are about the whole plan.

    Where several sections of one level say their status, or how long they take, each speaks for itself alone; so does
    one deep in the document that is not about all of it. What calls itself a total is one anywhere.
    """
    speakers = {(claim.kind, section.level, section.start) for section, claim in stated}
    times = Counter((kind, level) for kind, level, _ in speakers)
    for section, claim in stated:
        is_deep = section.level > 2 and not _ABOUT_ALL.fullmatch(section.title)
        is_one_of_many = section.level > 1 and times[claim.kind, section.level] > 1
        is_total = _TOTAL.search(text, claim.span.start, claim.value_span.start) is not None
        if claim.kind not in _OF_A_PART or is_total or not (is_deep or is_one_of_many):
            yield claim


def _line_claims(reading: Reading, line: Span) -> Iterator[Claim]:
    text, position = reading.text, line.start
    while found := _LABEL.match(text, position, line.end):
        following = _NEXT.search(text, found.end(), line.end)
        end = following.start() if following else line.end
        kind = _LABELS.get(" ".join(found["label"].split()).casefold())
        if kind is not None:
            value = Span(found.end(), found.end() + len(text[found.end() : end].rstrip(" \t\\")))
            yield from _claims(reading, kind, Span(found.start(), end), value)
        if following is None:
            return
        position = following.end()


def _claims(reading: Reading, kind: ClaimKind, span: Span, value: Span) -> Iterator[Claim]:
    text = reading.text[value.start : value.end]
    if kind is ClaimKind.CRITICAL_PATH:
        yield Claim(kind, text, span, value, _chain(reading, value))
    elif kind is ClaimKind.PARALLELIZABLE:
        groups = [group for group in _groups(reading, value) if len(group) > 1]
        for group in groups or [()]:
            yield Claim(kind, text, span, value, group)
    else:
        yield Claim(kind, text, span, value)


def _chain(reading: Reading, span: Span) -> tuple[str, ...]:
    """The ids of ``Tasks 2.1 → 2.2 → 2.3 (…)``: what is joined by arrows or commas, up to the first other word."""
    ids: list[str] = []
    position = span.start
    while True:
        found = read_id_list(reading.text, reading.index, position, span.end)
        reading.unknown(found.unknown, "a claim")
        ids += found.ids
        arrow = _ARROW.match(reading.text, found.end, span.end)
        if arrow is None:
            return tuple(dict.fromkeys(ids))
        position = arrow.end()


def _groups(reading: Reading, span: Span) -> Iterator[tuple[str, ...]]:
    """The sets of tasks named at the start of each sentence or part between ``;``."""
    position = span.start
    while position < span.end:
        stop = _GROUP_END.search(reading.text, position, span.end)
        end = stop.start() if stop else span.end
        lead = _LEAD.match(reading.text, position, end)
        found = read_id_list(reading.text, reading.index, lead.end() if lead else position, end)
        reading.unknown(found.unknown, "a claim")
        yield found.ids
        position = stop.end() if stop else span.end


def read_notes(reading: Reading, section: Section) -> Iterator[Note]:
    """Read the bullets of a section of notes."""
    for _, item in section.items:
        if item.children and item.children[0].kind is BlockKind.PARAGRAPH:
            yield _note(reading, item)


def _note(reading: Reading, item: Block) -> Note:
    lines = item.children[0].lines
    label = _LABEL.match(reading.text, lines[0].start, lines[0].end)
    first = reading.text[label.end() if label else lines[0].start : lines[0].end]
    text = " ".join([first, *(reading.text[line.start : line.end] for line in lines[1:])])
    return Note(plain(label["label"]) if label else "", text.strip(), item.span)


def escalation_rule(reading: Reading, notes: Iterable[Note]) -> EscalationRule | None:
    """The factor of the first note on escalation: ``> 2x``, ``1.5×``, ``twice``, ``150 %``."""
    for note in notes:
        if _ESCALATION.search(note.label) or (not note.label and _ESCALATION.search(note.text)):
            for found in _FACTOR.finditer(reading.text, note.span.start, note.span.end):
                factor = _factor(found)
                if factor > 0:
                    return EscalationRule(factor, Span(found.start(), found.end()))
    return None


def _factor(found: re.Match[str]) -> float:
    if found["times"]:
        return float(found["times"].replace(",", "."))
    if found["percent"]:
        return int(found["percent"]) / 100
    return _WORDS[found["word"].casefold()]
