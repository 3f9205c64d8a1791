"""What the documents beside a plan ask for, each part with the span it was read from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from milepost.source import SourceText, Span
from milepost.source.lazy_regex import lazy_regex

_FIRST_WORD = lazy_regex(r"[^\W_]+")
_MUST = lazy_regex(
    r"must|mandatory|required|essential|critical|blocker|high|highest|urgent|p[01]|m|alta|alto|cr[ií]tic[oa]|hoch"
    r"|kritisch|haute|élevée|высокий|высокая|обязательно|高|必须|必須",
    re.IGNORECASE,
)


class RequirementKind(StrEnum):
    """What sort of demand a requirement is."""

    REQUIREMENT = "requirement"
    CONSTRAINT = "constraint"
    STORY = "story"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A labelled line, such as ``**Given** a user`` or ``- Priority: Must``; ``value_span`` is the text alone."""

    label: str
    value: str
    span: Span
    value_span: Span


@dataclass(frozen=True, slots=True)
class AcceptanceCriterion:
    """A condition under which a requirement is met. ``id`` continues the requirement's: ``1.2`` is the second of 1."""

    id: str
    number: str
    text: str
    span: Span
    fields: tuple[LabelledText, ...] = ()


@dataclass(frozen=True, slots=True)
class Requirement:
    """One demand. ``span`` covers all that is written about it, ``title_span`` its title or its first line's text.

    ``text`` is what it says: the list item's text, or the first paragraph below its heading. ``group`` is the heading
    it stands under and ``parent`` the id of the requirement it is part of.
    """

    id: str
    title: str
    text: str
    span: Span
    id_span: Span
    title_span: Span
    kind: RequirementKind = RequirementKind.REQUIREMENT
    group: str = ""
    parent: str | None = None
    fields: tuple[LabelledText, ...] = ()
    criteria: tuple[AcceptanceCriterion, ...] = ()

    def field(self, label: str) -> LabelledText | None:
        """The first labelled line of a name, whatever its case."""
        return next((one for one in self.fields if one.label.casefold() == label.casefold()), None)

    @property
    def priority(self) -> str:
        """What stands behind ``Priority``, empty when nothing does."""
        found = self.field("priority") or self.field("prioridad") or self.field("priorität")
        return found.value if found else ""

    @property
    def is_must(self) -> bool:
        """Whether its priority says that it may not be left out: must, high, critical, P0, P1 and their like."""
        word = _FIRST_WORD.search(self.priority)
        return word is not None and _MUST.fullmatch(word.group()) is not None


@dataclass(frozen=True)
class RequirementsDocument:
    """One document that states requirements, in its order; of two with one id the first counts."""

    source: SourceText
    requirements: tuple[Requirement, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, Requirement]:
        """Requirements by id."""
        found: dict[str, Requirement] = {}
        for requirement in self.requirements:
            found.setdefault(requirement.id, requirement)
        return found
