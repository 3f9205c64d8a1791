"""Reads the instance files of the scheduling libraries PSPLIB (``.sm``, ``.mm``) and MMLIB (``.mm``).

Both libraries write the same sections: how many jobs and resources, precedence relations, durations and requests by
mode, and availabilities. They differ in blanks and in how a line goes on, so only the order of the numbers within a
section counts (Kolisch and Sprecher, 1996; Van Peteghem and Vanhoucke, 2014).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from milepost.errors import PlanUnreadable
from milepost.schedule.network import Link, Network, find_cycle
from milepost.schedule.problem import Mode, Problem, Resource

_LARGEST = 10**9
_COUNT = re.compile(r"\s*-?\s*(jobs|renewable|nonrenewable|doubly constrained)\b[^:]*:\s*(\d+)", re.IGNORECASE)
_SECTION = re.compile(r"\s*(PRECEDENCE RELATIONS|REQUESTS/DURATIONS|RESOURCE\s*AVAILABILITIES)\b", re.IGNORECASE)
_NUMBERS = re.compile(r"[\s\d]*\d[\s\d]*")


def read_instance(text: str, *, name: str = "") -> Problem:
    """Read an instance; ``name`` is its file's, for messages. Times are in the file's own unit.

    Raises:
        PlanUnreadable: a section is missing, too short or too long, a number cannot be, the precedences form a cycle,
            or a job has no mode that the resources allow; the place names the line.
    """
    return _Instance(text, name).problem()


class _Instance:
    def __init__(self, text: str, name: str) -> None:
        self._name = name
        self._counts: dict[str, int] = {}
        self._job_lines: list[int] = []
        self._sections: dict[str, _Numbers] = {}
        numbers = _Numbers("head", name)
        for line, row in enumerate(text.splitlines(), 1):
            if found := _COUNT.match(row):
                self._counts.setdefault(found[1].lower(), int(found[2]))
            elif found := _SECTION.match(row):
                title = re.sub(r"\s", "", found[1]).upper()
                numbers = self._sections[title] = _Numbers(found[1].lower(), name, line)
            elif row.startswith("*"):
                numbers = _Numbers("rest", name)
            elif _NUMBERS.fullmatch(row):
                numbers.add(line, row)

    def problem(self) -> Problem:
        jobs = self._count("jobs")
        resources = list(self._resources())
        modes_of, successors = self._precedence(jobs)
        modes = self._modes(modes_of, resources)
        links = tuple(Link(before, after) for before, row in enumerate(successors) for after in row)
        names = tuple(str(job + 1) for job in range(jobs))
        self._refuse_cycle(names, links)
        return Problem(names, tuple(modes), links, tuple(resources))

    def _count(self, what: str) -> int:
        if what not in self._counts:
            raise PlanUnreadable(f"the instance does not say how many {what} it has", place=self._name)
        return self._counts[what]

    def _section(self, title: str) -> _Numbers:
        if title not in self._sections:
            raise PlanUnreadable(f"the instance has no section {title}", place=self._name)
        return self._sections[title]

    def _resources(self) -> Iterator[Resource]:
        if self._counts.get("doubly constrained"):
            raise PlanUnreadable("doubly constrained resources are not supported", place=self._name)
        numbers = self._section("RESOURCEAVAILABILITIES")
        for kind, letter in (("renewable", "R"), ("nonrenewable", "N")):
            for place in range(self._counts.get(kind, 0)):
                yield Resource(f"{letter}{place + 1}", numbers.next(), renewable=kind == "renewable")
        numbers.end()

    def _refuse_cycle(self, names: tuple[str, ...], links: tuple[Link, ...]) -> None:
        cycle = find_cycle(Network.from_links(names, [0] * len(names), links))
        if cycle:
            place = f"{self._name}:{self._job_lines[int(cycle[0]) - 1]}"
            raise PlanUnreadable(f"the jobs wait for each other: {' → '.join([*cycle, cycle[0]])}", place=place)

    def _precedence(self, jobs: int) -> tuple[list[int], list[list[int]]]:
        numbers = self._section("PRECEDENCERELATIONS")
        modes, successors = [], []
        for job in range(1, jobs + 1):
            numbers.expect(job)
            self._job_lines.append(numbers.line)
            modes.append(numbers.next(1))
            successors.append([numbers.next(1, jobs) - 1 for _ in range(numbers.next(0, jobs))])
        numbers.end()
        return modes, successors

    def _modes(self, modes_of: list[int], resources: list[Resource]) -> Iterator[tuple[Mode, ...]]:
        numbers = self._section("REQUESTS/DURATIONS")
        for job, count in enumerate(modes_of, 1):
            numbers.expect(job)
            modes = []
            for mode in range(1, count + 1):
                numbers.expect(mode)
                modes.append(Mode(numbers.next(), tuple(numbers.next() for _ in resources)))
            if not any(_fits(mode, resources) for mode in modes):
                raise numbers.wrong(f"gives job {job} no way that the resources allow")
            yield tuple(modes)
        numbers.end()


def _fits(mode: Mode, resources: list[Resource]) -> bool:
    return all(need <= resource.capacity for need, resource in zip(mode.demands, resources, strict=True))


@dataclass
class _Numbers:
    """The numbers of a section one after the other, each with its line."""

    title: str
    name: str
    line: int = 1
    _values: list[tuple[int, int]] = field(default_factory=list)
    _place: int = 0

    def add(self, line: int, row: str) -> None:
        self._values += [(line, int(word[:12])) for word in row.split()]

    def next(self, least: int = 0, most: int = _LARGEST) -> int:
        if self._place == len(self._values):
            raise self.wrong("ends too early")
        self.line, value = self._values[self._place]
        self._place += 1
        if not least <= value <= most:
            raise self.wrong(f"holds {value}, which is not within {least} and {most}")
        return value

    def expect(self, number: int) -> None:
        found = self.next()
        if found != number:
            raise self.wrong(f"holds {found} where the number {number} comes next")

    def end(self) -> None:
        if self._place < len(self._values):
            self.line = self._values[self._place][0]
            raise self.wrong("goes on after its last number")

    def wrong(self, what: str) -> PlanUnreadable:
        """What to raise: the section, and what it does at the last number taken."""
        return PlanUnreadable(f"the section '{self.title}' {what}", place=f"{self.name}:{self.line}")
