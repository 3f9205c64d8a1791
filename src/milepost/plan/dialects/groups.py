"""Groups of tasks that prose calls by name: ``Phase 3``, ``Phases 3-5``, ``User Story 1``, ``WP02``, ``Setup``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import NamedTuple, TypeVar

from milepost.plan.grammar.ids import IdIndex, read_id_list
from milepost.plan.grammar.references import stories_in
from milepost.plan.model import Phase, ReferenceKind, Task
from milepost.source.lazy_regex import lazy_regex

_DASH = r"[ \t]*(?:[-–—~]|\bto\b|\bthrough\b|\.\.+)[ \t]*"
_JOIN = r"(?:[ \t]*(?:,|\+|&|/|\band\b)[ \t]*(?:and[ \t]+)?)"
_NUMBER = r"\d+(?:\.\d+)?"
_PHASES = lazy_regex(
    rf"\bphases?[ \t]+(?P<list>{_NUMBER}(?:(?:{_JOIN}|{_DASH})(?:phases?[ \t]+)?{_NUMBER})*)(?P<on>\+)?", re.IGNORECASE
)
_STORIES = lazy_regex(
    r"\b(?:US[ \t-]?|user[ \t]+stor(?:y|ies)[ \t]+|stor(?:y|ies)[ \t]+)"
    rf"(?P<list>\d+(?:\.\d+|{_DASH}(?:US[ \t-]?)?\d+)?)(?!\w)",
    re.IGNORECASE,
)
_PACKAGES = lazy_regex(rf"\bWP[ \t-]?(?P<list>\d+(?:{_DASH}(?:WP)?\d+)?)(?!\w)")
_TASK = lazy_regex(r"\bT\d{2,}[A-Za-z]?(?:[.-]\d+)*\b")
_ALL = lazy_regex(
    r"\b(?:all|every)\b(?P<words>(?:[ \t]+(?!\bwork packages?\b)[\w/-]+){0,3}?)[ \t]+"
    r"(?P<what>(?:user[ \t]+)?stor(?:y|ies)|phases?|tasks|work[ \t]+packages?|wps?|others)\b",
    re.IGNORECASE,
)
_FINAL = lazy_regex(r"\bfinal[ \t]+phase\b", re.IGNORECASE)
_ASIDE = lazy_regex(r"[(（](?P<inner>[^()（）]*)[)）]")
_FIRST_WORD = lazy_regex(r"\W*(?P<word>[A-Za-z][a-z]{3,})\b")
_PHASE_WORD = lazy_regex(r"[ \t]+phase\b", re.IGNORECASE)
_NO_NAME = frozenset({"user", "story", "phase", "work", "package", "task", "tasks", "tests", "implementation", "final"})


class Named(NamedTuple):
    """What a piece of text names: tasks by id, in the order of the plan, and where in the text."""

    tasks: tuple[str, ...]
    start: int
    end: int


@dataclass
class Groups:
    """The phases, stories and work packages of a plan and the tasks in each."""

    phases: Mapping[str, tuple[str, ...]]
    stories: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]
    index: IdIndex = field(default_factory=IdIndex)

    @classmethod
    def of(cls, phases: Iterable[Phase], tasks: Sequence[Task]) -> Groups:
        """Collect what a plan's phases are called; a name that two of them share names none."""
        members = {phase.id: phase.tasks for phase in phases if phase.tasks}
        words: dict[str, list[str]] = {}
        for phase in phases:
            found = _FIRST_WORD.match(phase.title)
            if found and found["word"].casefold() not in _NO_NAME:
                words.setdefault(found["word"].casefold(), []).append(phase.id)
        names = {word: ids[0] for word, ids in words.items() if len(ids) == 1 and ids[0] in members}
        stories = _stories(phases, tasks)
        return cls(members, stories, names, IdIndex.of(task.id for task in tasks))

    def find(self, text: str, subject: Sequence[str] = ()) -> list[Named]:
        """Everything a text names, from left to right.

        What stands in brackets behind a name explains it; only tasks of the group named there make it narrower:
        ``US1 events (T022)`` is T022. ``subject`` is what the text speaks about: ``all stories`` and the like are those
        written before it.
        """
        asides = list(_ASIDE.finditer(text))
        outer = _ASIDE.sub(lambda found: " " * len(found.group()), text)
        named = list(self._find(outer, subject))
        for aside in asides:
            self._narrow(named, aside)
        if not named:
            named = [one for aside in asides for one in self._find(aside["inner"], subject)]
        return [one for one in named if one.tasks]

    def _narrow(self, named: list[Named], aside: re.Match[str]) -> None:
        place = max((at for at, one in enumerate(named) if one.end <= aside.start()), default=-1)
        if place < 0:
            return
        inner = [one for part in re.split(r"[,;]", aside["inner"]) for one in self._leading_tasks(part)]
        if inner and set(inner) < set(named[place].tasks):
            named[place] = named[place]._replace(tasks=tuple(inner))

    def _leading_tasks(self, part: str) -> tuple[str, ...]:
        return read_id_list(part, self.index).ids if _TASK.match(part.strip()) else ()

    def _find(self, text: str, subject: Sequence[str]) -> Iterator[Named]:
        position = 0
        while found := self._pattern.search(text, position):
            kind = found.lastgroup or ""
            position = found.end()
            if kind != "name" or text[found.start()].isupper() or _PHASE_WORD.match(text, found.end()):
                one = self._read(kind, text, found.start(), subject)
                yield one
                position = max(one.end, found.end())

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """Any beginning of a name; the kinds in order of precedence."""
        words = "|".join(re.escape(word) for word in sorted(self.names, key=len, reverse=True))
        kinds = {
            "phases": _PHASES,
            "stories": _STORIES,
            "packages": _PACKAGES,
            "task": _TASK,
            "all": _ALL,
            "final": _FINAL,
        }
        parts = [f"(?P<{kind}>{_ungrouped(pattern.pattern)})" for kind, pattern in kinds.items()]
        if words:
            parts.append(rf"(?P<name>(?<![-\w])(?:{words})(?![-\w]))")
        return re.compile("|".join(parts), re.IGNORECASE)

    def _read(self, kind: str, text: str, start: int, subject: Sequence[str]) -> Named:
        match kind:
            case "phases":
                found = _PHASES.match(text, start)
                assert found
                return Named(self._of_phases(found), start, found.end())
            case "stories":
                found = _STORIES.match(text, start)
                assert found
                names = (f"US{number}" for number in _numbers(found["list"], [name[2:] for name in self.stories]))
                return Named(_union(self.stories.get(name, ()) for name in names), start, found.end())
            case "packages":
                return self._of_packages(text, start)
            case "task":
                ids = read_id_list(text, self.index, start)
                return Named(ids.ids, start, max(ids.end, start + 1))
            case "all":
                found = _ALL.match(text, start)
                assert found
                return Named(self._all(found, subject), start, found.end())
            case "final":
                last = self.phases[list(self.phases)[-1]] if self.phases else ()
                return Named(last, start, start + len("final phase"))
        word = next(
            word for word in sorted(self.names, key=len, reverse=True) if text[start:].casefold().startswith(word)
        )
        return Named(self.phases[self.names[word]], start, start + len(word))

    def _of_phases(self, found: re.Match[str]) -> tuple[str, ...]:
        numbers = _numbers(found["list"], list(self.phases))
        if found["on"] and numbers:
            order = list(self.phases)
            last = numbers[-1]
            return _union(self.phases[phase] for phase in order[order.index(last) :]) if last in order else ()
        return _union(self.phases.get(number, ()) for number in numbers)

    def _of_packages(self, text: str, start: int) -> Named:
        found = _PACKAGES.match(text, start)
        if found is None:
            return Named((), start, start + 2)
        known = [phase[2:] for phase in self.phases if phase.startswith("WP")]
        numbers = _numbers(found["list"].replace("WP", ""), known)
        return Named(_union(self.phases.get(f"WP{number}", ()) for number in numbers), start, found.end())

    def _all(self, found: re.Match[str], subject: Sequence[str]) -> tuple[str, ...]:
        """All groups of a kind: those before the subject; all of them where there is none."""
        is_story = "stor" in found["what"].casefold()
        groups = list(self.stories.values()) if is_story and self.stories else list(self.phases.values())
        if not subject:
            return _union(groups)
        own = set(subject)
        first = min((self._places[task] for task in subject if task in self._places), default=0)
        is_before = (group for group in groups if not own & set(group))
        return _union(group for group in is_before if any(self._places[task] < first for task in group))

    def after(self, subject: Sequence[str], *, stories: bool) -> tuple[str, ...]:
        """All stories (or all phases) written after the subject."""
        groups = self.stories.values() if stories and self.stories else self.phases.values()
        last = max((self._places[task] for task in subject if task in self._places), default=0)
        return _union(group for group in groups if all(self._places[task] > last for task in group))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {task: place for place, task in enumerate(self.index.order)}


def _stories(phases: Iterable[Phase], tasks: Sequence[Task]) -> dict[str, tuple[str, ...]]:
    """Tasks by story: those of the phase named after it, else those that bear its label."""
    stories: dict[str, tuple[str, ...]] = {}
    for phase in phases:
        for name in stories_in(phase.title) if phase.tasks else ():
            stories.setdefault(name, phase.tasks)
    labelled: dict[str, list[str]] = {}
    for task in tasks:
        for reference in task.requirements:
            if reference.kind is ReferenceKind.STORY and reference.text not in stories:
                labelled.setdefault(reference.text, []).append(task.id)
    return {**stories, **{name: tuple(ids) for name, ids in labelled.items()}}


def _numbers(text: str, known: Sequence[str]) -> list[str]:
    """The numbers of a list with ranges, spelled as the known ones are."""
    spelled = {_bare(name): name for name in known}
    found: list[str] = []
    for part in re.split(r",|\+|&|/|\band\b", text, flags=re.IGNORECASE):
        numbers = re.findall(r"\d+(?:\.\d+)?", part)
        if len(numbers) == 2 and all("." not in number for number in numbers):
            first, last = int(numbers[0]), int(numbers[1])
            numbers = [str(number) for number in range(first, min(last, first + 1000) + 1)]
        found += [spelled.get(_bare(number), number) for number in numbers]
    return found


def _bare(number: str) -> str:
    return number.lstrip("0") or "0"


_MOST_PAIRS = 2_500
"""Beyond so many pairs two groups are tied by their ends, lest a plan's dependencies outgrow the plan."""

T = TypeVar("T")


def pairs(before: Sequence[T], after: Sequence[T]) -> Iterator[tuple[T, T]]:
    """All pairs of two groups, where one waits for the other.

    For very large groups the first of ``after`` waits for all, and all of ``after`` for the last of ``before``.
    """
    if len(before) * len(after) <= _MOST_PAIRS:
        yield from product(before, after)
    else:
        yield from ((first, after[0]) for first in before)
        yield from ((before[-1], then) for then in after[1:])


def _union(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(task for group in groups for task in group))


def _ungrouped(pattern: str) -> str:
    return re.sub(r"\(\?P<\w+>", "(?:", pattern)
