"""A problem as clause learning takes it: sides, arcs between them, rivals, users of each resource, and facts.

Importing this module imports numba.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from milepost.schedule import clause_search
from milepost.schedule import clause_state as place
from milepost.schedule.branching_kernel import REFUTED
from milepost.schedule.clause_state import Clauses, Mail, Model, Queue, Room, State
from milepost.schedule.network import FF, FS, SS, Link
from milepost.schedule.problem import Problem

_ROOM = 1 << 21
"""Facts in clauses; the system gives the memory as it is used."""

_MAIL = 1 << 14
"""Facts in clauses for another search."""

_SHARED = 5
"""Assumptions that a clause may tie to be worth another search's knowing."""


class Outline:
    """What of a problem does not depend on the makespan: for one mode an activity, in units of ``unit``.

    ``before`` and ``after`` are the least times before each activity's start and after its finish.
    """

    def __init__(self, problem: Problem, unit: int, before: Sequence[int], after: Sequence[int]) -> None:
        self.unit = unit
        self.durations = [modes[0].duration // unit for modes in problem.modes]
        self.before = [-(-time // unit) for time in before]
        self.after = [-(-time // unit) for time in after]
        resources = problem.renewable
        self.capacities = [problem.resources[what].capacity for what in resources]
        self.demands = [
            [modes[0].demands[what] if modes[0].duration else 0 for what in resources] for modes in problem.modes
        ]
        self.arcs = sorted(arc for link in problem.links for arc in self._arcs(link))
        self.rivals = self._rivals(problem)

    def facts(self, horizon: int) -> int:
        """How many facts about starts there are within a makespan."""
        return sum(max(0, self._window(here, horizon)) for here in range(len(self.durations)))

    def _window(self, here: int, horizon: int) -> int:
        return horizon - self.after[here] - self.durations[here] - self.before[here]

    def fits(self, horizon: int) -> bool:
        """Whether each activity can start at some time."""
        return all(self._window(here, horizon) >= 0 for here in range(len(self.durations)))

    def _arcs(self, link: Link) -> Iterator[tuple[int, int, int]]:
        """From which side to which at what distance: first of starts, then of finishes."""
        before, after, kind, lag = link
        begin, end = self.durations[before], self.durations[after]
        distance = lag // self.unit + (begin if kind in (FS, FF) else 0) - (0 if kind in (FS, SS) else end)
        yield 2 * before, 2 * after, distance
        yield 2 * after + 1, 2 * before + 1, distance + end - begin

    def _rivals(self, problem: Problem) -> list[list[int]]:
        """For each activity those that cannot run beside it, unless one of both waits for the other anyway."""
        earlier = [0] * len(problem)
        incoming: list[list[int]] = [[] for _ in earlier]
        for link in problem.links:
            if link.kind == FS and link.lag >= 0:
                incoming[link.successor].append(link.predecessor)
        for here in problem.order:
            for other in incoming[here]:
                earlier[here] |= earlier[other] | 1 << other
        return [
            [
                other
                for other in range(len(earlier))
                if other != here
                and not (earlier[here] >> other & 1 or earlier[other] >> here & 1)
                and any(
                    mine + theirs > capacity
                    for mine, theirs, capacity in zip(
                        self.demands[here], self.demands[other], self.capacities, strict=True
                    )
                )
            ]
            for here in range(len(earlier))
        ]


class Learner:
    """One search that learns, for one question after the other, each a shorter makespan than the one before.

    ``guess``: what it assumes of each start, in units of time.
    """

    def __init__(self, outline: Outline, horizon: int, guess: Sequence[int]) -> None:
        self._outline = outline
        self._crowded = False
        count = len(outline.durations)
        lowest: list[int] = []
        rows: list[int] = []
        facts: list[tuple[int, int, int]] = []
        for here, (duration, start) in enumerate(zip(outline.durations, outline.before, strict=True)):
            last = horizon - outline.after[here] - duration
            rows += [len(facts), len(facts) + last - start]
            lowest += [start, -last - duration]
            facts += _facts(here, duration, start, last, len(facts))
        self._model = self._modelled(horizon, facts)
        self._state = self._begun(horizon, lowest, rows, len(facts))
        clauses = (_ROOM // 2 * place.CLAUSE, _ROOM, len(facts), _ROOM)
        self._clauses = Clauses(*(_zeros(size, small=True) for size in clauses))
        self._clauses.first[:] = -1
        self._mail = Mail(_zeros(_MAIL), _zeros(_MAIL))
        self._room = Room(*(_zeros(size) for size in (2 * count, 2 * count + 1, len(facts) + 2, count)))
        weights = import_module("numpy").zeros(len(facts) + 1)
        weights[-1] = 1.0
        self._queue = Queue(_zeros(len(facts)), _zeros(len(facts)), _zeros(len(facts)), weights, _array(guess))
        self._queue.places[:] = -1
        self._state.now[place.SHARED] = _SHARED

    def _modelled(self, horizon: int, facts: Sequence[tuple[int, int, int]]) -> Model:
        outline = self._outline
        sides = [[arc for arc in outline.arcs if arc[0] == side] for side in range(2 * len(outline.durations))]
        users = [
            sorted(
                (here for here, needs in enumerate(outline.demands) if needs[what]),
                key=lambda here, what=what: -outline.demands[here][what],  # type: ignore[misc]
            )
            for what in range(len(outline.capacities))
        ]
        return Model(
            _array(outline.durations),
            _array([need for needs in outline.demands for need in needs]),
            _array(outline.capacities),
            _array([horizon + 1]),
            _array(_starts(sides)),
            _array([number for arcs in sides for arc in arcs for number in arc]),
            _array(_starts(outline.rivals)),
            _array([other for others in outline.rivals for other in others]),
            _array(_starts(users)),
            _array([here for others in users for here in others]),
            _array([number for fact in facts for number in fact]),
        )

    def _begun(self, horizon: int, lowest: Sequence[int], rows: Sequence[int], facts: int) -> State:
        """The state in which nothing is inferred yet: a step for each side, to be followed; the profile as it is."""
        sides, steps = len(lowest), facts + 2 * len(lowest) + 2
        state = State(
            _zeros(sides * place.SIDE),
            _zeros(len(self._outline.capacities) * (horizon + 1)),
            _zeros(steps * place.STEP),
            _zeros(2 * facts + 4),
            _zeros(place.NUMBERS),
        )
        for side, (low, first) in enumerate(zip(lowest, rows, strict=True)):
            row = side * place.SIDE
            state.sides[row + place.LEAST] = state.sides[row + place.LOW] = state.sides[row + place.ROOT] = low
            state.sides[row + place.FIRST], state.sides[row + place.NEED] = first, place.FREE
            state.sides[row + place.LAST] = -1
            state.sides[row + place.SEEN] = low
        for side, low in enumerate(lowest):
            self._raise(state, side, low)
        for here, duration in enumerate(self._outline.durations):
            begin, end = -lowest[2 * here + 1] - duration, lowest[2 * here] + duration
            if begin < end and place.fill(self._model, state, 2 * here, begin, end, 1) >= 0:
                self._crowded = True
        return state

    def _raise(self, state: State, side: int, value: int) -> bool:
        return bool(place.rise(self._model, state, side, value, place.ASSUMED, 0))

    def search(self, conflicts: int) -> int:
        """Go on for so many conflicts: ``REFUTED``, ``FOUND`` or ``OPEN``."""
        if self._crowded:
            return REFUTED
        return int(
            clause_search.search(
                self._model, self._state, self._clauses, self._room, self._queue, self._mail, conflicts
            )
        )

    def tell(self, other: Learner) -> None:
        """Let another search for the same makespan know the best clauses learned since the last time."""
        sent, received = self._state.now[place.SENT], other._state.now[place.RECEIVED]
        if received + sent <= _MAIL:
            other._mail.incoming[received : received + sent] = self._mail.outgoing[:sent]
            other._state.now[place.RECEIVED] += sent
        self._state.now[place.SENT] = 0

    @property
    def starts(self) -> list[int]:
        """When each activity starts in the schedule that was found."""
        lows = self._state.sides[place.LOW :: 2 * place.SIDE]
        return [int(low) for low in lows]

    def shorten(self, horizon: int) -> bool:
        """Ask for a shorter makespan, with all that was learned; False if no window is left."""
        clause_search.retreat(self._model, self._state, self._queue, 0)
        outline = self._outline
        for here, after in enumerate(outline.after):
            side, value = 2 * here + 1, after - horizon
            if value > self._state.sides[side * place.SIDE + place.LOW] and not self._raise(self._state, side, value):
                return False
        return True


def _facts(here: int, duration: int, start: int, last: int, first: int) -> Iterator[tuple[int, int, int]]:
    """Side, least value and opposite of each fact about an activity's start, then about its finish."""
    count = last - start
    for number in range(count):
        yield 2 * here, start + 1 + number, first + 2 * count - 1 - number
    for number in range(count):
        yield 2 * here + 1, number + 1 - last - duration, first + count - 1 - number


def _starts(rows: Sequence[Sequence[object]]) -> list[int]:
    found = [0]
    for row in rows:
        found.append(found[-1] + len(row))
    return found


def _array(values: Sequence[int]) -> Any:
    numpy = import_module("numpy")
    return numpy.array(values, dtype=numpy.int64)


def _zeros(size: int, *, small: bool = False) -> Any:
    numpy = import_module("numpy")
    return numpy.zeros(size, dtype=numpy.int32 if small else numpy.int64)
