"""What a task's reference to a requirement means: ids, wildcards, ranges, criteria, stories, named standards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from milepost.plan.model import ReferenceKind
from milepost.source.lazy_regex import lazy_regex
from milepost.spec.model import AcceptanceCriterion, Requirement, RequirementKind, RequirementsDocument
from milepost.spec.spellings import ID, sort_of

_GENERIC = frozenset({"", "R", "REQ"})
"""Sorts that name a numbered requirement: ``REQ-1.2``, ``R1.2`` and ``1.2`` mean the same where only one is used."""

_WORD = lazy_regex(
    r"(?:requirements?|reqs?\.?|criteri(?:on|a)|acceptance criteri(?:on|a)|ac)[ \t:#]+(?=\d)", re.IGNORECASE
)
_STORY = lazy_regex(r"(?:user[ \t]+)?story[ \t#-]*(?=\d)", re.IGNORECASE)
_ID = lazy_regex(r"(?P<sort>(?:[A-Za-z]+[-_ ])*[A-Za-z]*)(?P<numbers>\d+(?:\.\d+)*)\.?(?P<letter>[a-z]?)")
_RANGE = lazy_regex(r"(?P<first>\S*\d[a-z]?)[ \t]*(?:-|–|—|‒|\.\.+|…|~|\bto\b|\bthrough\b)[ \t]*(?P<last>\S*\d[a-z]?)")
_WILDCARD = lazy_regex(r"(?P<stem>\S*\d)\.(?:x|X|\*)")
_ALL = lazy_regex(r"all(?:[ \t]+requirements)?|\*|todos|todas|全部|所有", re.IGNORECASE)
_NOTE = lazy_regex(r"[ \t]*[(（][^()（）]*[)）][ \t]*$")
_TITLED = lazy_regex(r"(?P<id>[A-Za-z-]*\d+(?:\.\d+)*)[ \t]*(?:[–—:]|[ \t]-)[ \t]*(?=[^\W\d_]{2})")
_ALIAS = lazy_regex(rf"[(\[](?P<id>{ID})[)\]]")
_CRITERION = lazy_regex(
    r"(?:(?P<of>\S*\d[a-z]?)[ \t:/,-]+)?AC[- #]?(?P<first>\d+)"
    r"(?:[ \t]*(?:-|–|—|\.\.+|to\b|through\b)[ \t]*(?:AC[- #]?)?(?P<last>\d+))?",
    re.IGNORECASE,
)


class Key(NamedTuple):
    """An id without regard to spelling: ``US-001`` is ``US1``."""

    sort: str
    numbers: tuple[int, ...]
    letter: str = ""


class Target(NamedTuple):
    """What a reference points at: a requirement, or one of its criteria."""

    requirement: Requirement
    criterion: AcceptanceCriterion | None = None


class Meaning(StrEnum):
    """What sort of thing a reference turned out to be."""

    REQUIREMENTS = "requirements"
    STANDARD = "standard"
    PLACEHOLDER = "placeholder"
    ELSEWHERE = "elsewhere"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a reference means and, for requirements, all it points at.

    ``ELSEWHERE`` is an id of a sort the documents state none of, so that it may well be stated in another document;
    ``UNKNOWN`` is an id of a sort they do state.
    """

    meaning: Meaning
    targets: tuple[Target, ...] = ()


def key_of(text: str) -> Key | None:
    """Read an id without regard to its spelling."""
    found = _ID.fullmatch(text)
    if found is None:
        return None
    sort = found["sort"].strip("-_ ").upper().replace("_", "-").replace(" ", "-")
    return Key(sort, tuple(int(number) for number in found["numbers"].split(".")), found["letter"])


@dataclass
class RequirementIndex:
    """All requirements of some documents, for looking up what references mean."""

    requirements: Sequence[Requirement] = ()
    _exact: dict[str, Target] = field(default_factory=dict)
    _keys: dict[Key, Target] = field(default_factory=dict)
    _titles: dict[str, Target] = field(default_factory=dict)
    _places: dict[str, int] = field(default_factory=dict)
    _sorts: set[str] = field(default_factory=set)
    _stems: dict[tuple[str, tuple[int, ...]], list[Requirement]] = field(default_factory=dict)

    @classmethod
    def of(cls, documents: Iterable[RequirementsDocument]) -> RequirementIndex:
        """Index documents; of requirements with one id the first counts."""
        index = cls(tuple(one for document in documents for one in document.requirements))
        for place, requirement in enumerate(index.requirements):
            index._add(requirement.id, Target(requirement))
            index._titles.setdefault(requirement.title.casefold(), Target(requirement))
            index._places.setdefault(requirement.id, place)
            index._sorts.add(sort_of_requirement(requirement.id))
            if key := key_of(requirement.id):
                for length in range(1, len(key.numbers) + 1):
                    index._stems.setdefault((key.sort, key.numbers[:length]), []).append(requirement)
            for alias in _ALIAS.finditer(requirement.title):
                index._add(alias["id"], Target(requirement))
        for requirement in index.requirements:
            for criterion in requirement.criteria:
                index._add(criterion.id, Target(requirement, criterion))
        return index

    def resolve(self, text: str, kind: ReferenceKind | None = None, within: Requirement | None = None) -> Resolution:
        """Find what a reference means; ``kind`` is what the plan's reader took it for, if it read it.

        ``within`` is the requirement that was named before it: a bare ``AC-2`` is a criterion of that one.
        """
        if kind is ReferenceKind.PLACEHOLDER:
            return Resolution(Meaning.PLACEHOLDER)
        if kind is ReferenceKind.STANDARD and text.isdigit():
            return Resolution(Meaning.STANDARD)  # a number that goes on from a standard's name: "Findings 2, 4"
        bare = _STORY.sub("US", _WORD.sub("", _NOTE.sub("", text).replace("**", "").strip("[]` ")))
        targets = tuple(self._targets(bare)) or tuple(self._criteria(bare, within))
        if not targets and (titled := _TITLED.match(bare)):
            targets = tuple(self._targets(titled["id"]))
        if targets:
            return Resolution(Meaning.REQUIREMENTS, targets)
        key = key_of(bare.partition(".x")[0].partition(".*")[0]) or self._range_key(bare)
        if key is None or " " in bare.strip():
            return Resolution(Meaning.STANDARD)
        return Resolution(Meaning.UNKNOWN if self._states(key.sort) else Meaning.ELSEWHERE)

    def _add(self, name: str, target: Target) -> None:
        self._exact.setdefault(name, target)
        key = key_of(name)
        if key:
            self._keys.setdefault(key, target)

    def _targets(self, text: str) -> Iterator[Target]:
        if _ALL.fullmatch(text):
            yield from (Target(one) for one in self.requirements if one.kind is not RequirementKind.OUTCOME)
        elif found := self._one(text):
            yield found
        elif wildcard := _WILDCARD.fullmatch(text):
            yield from self._below(wildcard["stem"])
        elif span := _RANGE.fullmatch(text):
            yield from self._between(span["first"], span["last"])
        elif below := list(self._below(text)):
            yield from below
        elif titled := self._titles.get(text.casefold()):
            yield titled

    def _one(self, text: str) -> Target | None:
        exact = self._exact.get(text)
        if exact:
            return exact
        key = key_of(text)
        return (self._by_key(key) or self._around(key)) if key else None

    def _around(self, key: Key) -> Target | None:
        """What a number beyond those stated is part of: ``2.0`` is requirement 2, ``1.3b`` and ``1.3.1`` are in 1.3."""
        if len(key.numbers) > 1 and key.numbers[-1] == 0 and not key.letter:
            return self._by_key(key._replace(numbers=key.numbers[:-1]))
        if key.letter and len(key.numbers) > 1:
            found = self._by_key(key._replace(letter=""))
        else:
            found = self._by_key(key._replace(numbers=key.numbers[:-1])) if len(key.numbers) > 2 else None
        return found if found and found.criterion else None

    def _by_key(self, key: Key) -> Target | None:
        if found := self._keys.get(key):
            return found
        if key.sort in _GENERIC and key.sort not in self._sorts:
            for sort in sorted(_GENERIC & self._sorts):
                if found := self._keys.get(key._replace(sort=sort)):
                    return found
        return None

    def _below(self, stem: str) -> Iterator[Target]:
        """The requirements whose ids continue a stem, and the one it names itself."""
        key = key_of(stem)
        if key is None:
            return
        sorts = {key.sort} if key.sort in self._sorts or key.sort not in _GENERIC else _GENERIC & self._sorts
        for sort in sorted(sorts):
            yield from (Target(one) for one in self._stems.get((sort, key.numbers), ()))

    def _between(self, first: str, last: str) -> Iterator[Target]:
        start, end = self._one(first), self._one(last) or self._one(_completed(first, last))
        if start is None or end is None:
            return
        if start.criterion and end.criterion and start.requirement is end.requirement:
            criteria = start.requirement.criteria
            places = criteria.index(start.criterion), criteria.index(end.criterion)
            yield from (Target(start.requirement, one) for one in criteria[places[0] : places[1] + 1])
            return
        places = self._places[start.requirement.id], self._places[end.requirement.id]
        yield from (Target(one) for one in self.requirements[places[0] : places[1] + 1])

    def _criteria(self, text: str, within: Requirement | None) -> Iterator[Target]:
        """The criteria that ``US-1 AC-2``, ``US-1 AC-2 through AC-5`` or ``AC-2`` name."""
        found = _CRITERION.fullmatch(text)
        owner = self._one(found["of"]) if found and found["of"] else None
        requirement = owner.requirement if owner else within
        if found is None or requirement is None:
            return
        first, last = int(found["first"]), int(found["last"] or found["first"])
        for criterion in requirement.criteria:
            if criterion.number.isdigit() and first <= int(criterion.number) <= last:
                yield Target(requirement, criterion)

    def _range_key(self, text: str) -> Key | None:
        found = _RANGE.fullmatch(text)
        return key_of(found["first"]) if found else None

    def _states(self, sort: str) -> bool:
        return sort in self._sorts or (sort in _GENERIC and bool(_GENERIC & self._sorts))


def sort_of_requirement(requirement_id: str) -> str:
    """The sort of requirement an id names: ``REQ``, ``US``, or nothing for a number alone."""
    key = key_of(requirement_id)
    return key.sort if key else sort_of(requirement_id)


def _completed(first: str, last: str) -> str:
    """Complete the shortened end of a range: ``REQ-1.1-1.4``, ``FR-001-004``, ``1.1-4``."""
    found = re.match(r"[A-Za-z_-]*", first)
    letters = found.group() if found else ""
    if "." in last or "." not in first:
        return letters + last
    return first[: len(first) - len(first.rpartition(".")[2])] + last
