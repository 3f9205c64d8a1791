"""Checkpoints: where they stand and what has to hold there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from milepost.plan.blocks import Block
from milepost.plan.dialects.boxes import read_box
from milepost.plan.dialects.document import Section
from milepost.plan.dialects.reading import Reading
from milepost.plan.dialects.tasks import first_line
from milepost.plan.grammar.commands import split_trailing_command
from milepost.plan.grammar.ids import read_id_list
from milepost.plan.model import Anchor, AnchorKind, Checkpoint, Criterion, ObservationKind
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_NAME = lazy_regex(
    r"(?P<name>(?:quality[ \t]+)?(?:checkpoint|gate)(?:[ \t]+#?(?!(?:status|results?|summary|report|decision)\b)"
    r"(?P<number>\w+(?:\.\w+)*))?)"
    r"(?:[ \t]*[:：.]|[ \t]*[–—]|[ \t]+-|[ \t]*$)[ \t]*",
    re.IGNORECASE,
)
_OF_PHASE = re.compile(
    r"\W*(?P<name>phase[ \t]+(?P<phase>\d+[A-Z]?(?:\.\d+)*|[A-Z])[ \t]+"
    r"(?:(?:validation|quality|completion|exit|review)[ \t]+)?(?:gate|checkpoint))(?![\w])[ \t]*(?:[:：.–—-][ \t]*)?",
    re.IGNORECASE,
)
_GROUP = lazy_regex(
    r"(?:(?:quality|review|validation|completion|phase|go/no-go)[ \t]+)*(?:checkpoints|gates)\b.*", re.IGNORECASE
)
_COMPLETION = lazy_regex(
    r"\bbefore\s+(?:completion|completing|release|releasing|merg\w+|ship\w*|deploy\w*|launch\w*|done)\b"
    r"|\bafter\s+(?:all|every)\b|\bat\s+the\s+end\b|^final\b|\bend\s+of\s+(?:project|plan)\b",
    re.IGNORECASE,
)
_AFTER = lazy_regex(r"\bafter\s+(?P<what>phases?\b|tasks?\b)?\s*", re.IGNORECASE)
_PHASE_ID = lazy_regex(r"\d+(?:\.\d+)*|[A-Z]\b")
_PHASE_RANGE = lazy_regex(r"(?P<first>\d+)\s*(?:-|–|—|\bto\b|\bthrough\b)\s*(?P<last>\d+)")


def is_checkpoint(section: Section) -> bool:
    """Say whether a section is a checkpoint: named so, or directly under a heading ``Checkpoints``."""
    if _NAME.match(section.title) or is_gate_of_phase(section):
        return True
    return section.parent is not None and is_checkpoint_group(section.parent) and bool(section.blocks)


def is_gate_of_phase(section: Section) -> bool:
    """Say whether a section's title names the gate of a phase: ``Phase 1 Validation Gate``."""
    return _OF_PHASE.match(section.title) is not None


def is_checkpoint_group(section: Section) -> bool:
    """Say whether a section's title announces checkpoints."""
    return _GROUP.fullmatch(section.title) is not None


def read_checkpoints(reading: Reading, sections: Iterator[Section], phases: dict[str, int]) -> Iterator[Checkpoint]:
    """Read checkpoint sections. ``phases`` gives each phase's start offset by its id, in document order."""
    used: set[str] = set()
    for ordinal, section in enumerate(sections, start=1):
        found = _OF_PHASE.match(section.title) or _NAME.match(section.title)
        name = found["name"].strip() if found else section.title
        title = section.title[found.end() :].strip() if found else section.title
        checkpoint_id = _unused(
            _slug(name) if found and (found.re is _OF_PHASE or found["number"]) else f"checkpoint-{ordinal}", used
        )
        anchor = _anchor(reading, section, title or section.title, phases)
        criteria = tuple(_criteria(reading, section))
        assert section.heading is not None
        span = Span(section.start, section.end)
        yield Checkpoint(checkpoint_id, name, title, anchor, span, section.title_span, criteria)


def _slug(name: str) -> str:
    return re.sub(r"\W+", "-", name.casefold()).strip("-")


def _unused(wanted: str, used: set[str]) -> str:
    free, number = wanted, 2
    while free in used:
        free, number = f"{wanted}-{number}", number + 1
    used.add(free)
    return free


def _anchor(reading: Reading, section: Section, title: str, phases: dict[str, int]) -> Anchor:
    of_phase = _OF_PHASE.match(section.title)
    if of_phase and of_phase["phase"] in phases:
        return Anchor(AnchorKind.PHASE, (of_phase["phase"],), of_phase["name"])
    after = _AFTER.search(title)
    if after and (after["what"] or "").casefold().startswith("phase"):
        return _phase_anchor(reading, section, title, after.end(), phases)
    if after:
        ids = read_id_list(title, reading.index, after.end())
        if ids.known or ids.unknown:
            for ref in ids.unknown:
                _unknown(reading, section, ref.id)
            return Anchor(AnchorKind.TASK if ids.known else AnchorKind.NONE, ids.ids, title)
    if _COMPLETION.search(title):
        return Anchor(AnchorKind.COMPLETION, (), title)
    before = [phase for phase, start in phases.items() if start < section.start]
    is_between = any(start > section.start for start in phases.values())
    if before and is_between:
        return Anchor(AnchorKind.PHASE, (before[-1],), title)
    return Anchor(AnchorKind.NONE, (), title)


def _phase_anchor(reading: Reading, section: Section, title: str, start: int, phases: dict[str, int]) -> Anchor:
    named: list[str] = []
    if found := _PHASE_RANGE.match(title, start):
        named = [str(number) for number in range(int(found["first"]), min(int(found["last"]), 10_000) + 1)]
    else:
        named = _PHASE_ID.findall(title, start)
    for phase in named:
        if phase not in phases:
            _unknown(reading, section, f"Phase {phase}")
    known = tuple(phase for phase in dict.fromkeys(named) if phase in phases)
    return Anchor(AnchorKind.PHASE if known else AnchorKind.NONE, known, title)


def _unknown(reading: Reading, section: Section, text: str) -> None:
    reading.observe(ObservationKind.UNKNOWN_TASK, section.title_span, "the anchor of a checkpoint", text=text)


def _criteria(reading: Reading, section: Section) -> Iterator[Criterion]:
    items = [item for _, item in section.items]
    criteria = [criterion for item in items if (criterion := read_criterion(reading, item))]
    boxed = any(criterion.checkbox for criterion in criteria)
    yield from (criterion for criterion in criteria if criterion.checkbox or not boxed)


def read_criterion(reading: Reading, item: Block) -> Criterion | None:
    """Read an item as a condition, with the command that ends it."""
    line = first_line(item)
    if line is None:
        return None
    box = read_box(reading, line.start, line.end)
    span = Span(box.end if box else line.start, item.children[0].lines[-1].end)
    words, command = split_trailing_command(reading.text, span)
    if "\n" in words or "\r" in words:
        words = " ".join(words.split())
    return Criterion(words, item.span, box.checkbox if box else None, command)
