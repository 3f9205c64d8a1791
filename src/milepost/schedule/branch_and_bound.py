"""Exact bounds by branch and bound: what precedes and follows each activity, and the whole if it is small.

The least time in which all that follows an activity can be done is a scheduling problem of its own, often small. Solved
exactly it bounds the activity's dates better than the longest chain does, and bounds of the small ones serve the next
larger (as in the Russian doll search of Verfaillie, Lemaitre and Schiex, 1996). A makespan is refuted by searching
for a schedule within it; the least one that is not is the optimum.

All is done for problems with one mode an activity and links from finish to start; in others nothing is found. The
search counts nodes, so the same problem has the same result on any machine, unless a clock stops it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from milepost.schedule.bounds import Bound, early_times, lower_bound
from milepost.schedule.problem import Problem, Schedule

if TYPE_CHECKING:
    from milepost.schedule.branching_network import BranchingNetwork, Part

_LONGEST = 4096
"""The longest makespan, in units of time, for which the search is worth its tables by unit of time."""

_GROWTH = 1.4
"""By what a step of the bound takes more nodes than the one before, at least, where steps are hard."""

_HARD = 50_000
"""Nodes from which a step is hard."""

_ROUND = 20_000
"""Nodes between two looks at the clock: some 20 ms."""


@dataclass(frozen=True, slots=True)
class Reach:
    """For each activity the least time before its start and after its finish, in the problem's unit of time."""

    before: tuple[int, ...]
    after: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Branching:
    """What branch and bound found: the bound and the best schedule, the activities' reach, and whether Ctrl-C came.

    ``far``: the bound is so far from the schedule that it was not worth going on.
    """

    bound: Bound
    reach: Reach
    interrupted: bool = False
    far: bool = False


@cache
def warm_up() -> None:
    """Load the compiled code, or compile it, some seconds' work, if that was never done."""
    branch_and_bound(Problem.smallest())


def branch_and_bound(
    problem: Problem,
    best: Schedule | None = None,
    *,
    lower: int = 0,
    nodes: int | None = None,
    going: Callable[[], bool] = lambda: True,
    on_bound: Callable[[int], None] | None = None,
) -> Branching:
    """Raise the lower bound until a schedule keeps it, for so many ``nodes`` or while it is ``going``, or until Ctrl-C.

    A schedule that is found is the shortest there is; else ``best`` stays. No schedule is shorter than ``lower``, if
    that is known. With ``best`` and ``nodes`` it ends as soon as the nodes cannot be enough, going by what the last
    step took. ``on_bound`` hears of every better bound.

    Raises:
        PlanInvalid: the links form a cycle.
    """
    return _Climb(problem, best, lower, on_bound).run(nodes, going)


class _Climb:
    """The bound on its way up."""

    def __init__(
        self, problem: Problem, best: Schedule | None, lower: int, on_bound: Callable[[int], None] | None
    ) -> None:
        self._problem = problem
        self._best = best
        self._on_bound = on_bound
        self._lower = max(lower, lower_bound(problem))
        heads, tails = early_times(problem), early_times(problem.mirrored)
        self._reach = Reach(tuple(start for start, _ in heads), tuple(start for start, _ in tails))

    def run(self, nodes: int | None, going: Callable[[], bool]) -> Branching:
        """Climb, and say how far it went."""
        from milepost.schedule.branching_network import BranchingNetwork

        interrupted = False
        try:
            network = BranchingNetwork.of(self._problem)
            if network is not None and not self._done:
                network.measure(going)
                before, after = network.reach()
                self._reach = Reach(_larger(self._reach.before, before), _larger(self._reach.after, after))
                self._raise_to(self._whole())
                self._climb(network, nodes, going)
        except KeyboardInterrupt:
            interrupted = True
        return Branching(Bound(self._lower, self._best, self._done), self._reach, interrupted)

    @property
    def _done(self) -> bool:
        return self._best is not None and self._best.makespan <= self._lower

    def _whole(self) -> int:
        rows = zip(self._reach.before, self._problem.modes, self._reach.after, strict=True)
        return max((before + modes[0].duration + after for before, modes, after in rows), default=0)

    def _raise_to(self, lower: int) -> None:
        if lower > self._lower:
            self._lower = lower
            if self._on_bound is not None:
                self._on_bound(lower)

    def _climb(self, network: BranchingNetwork, nodes: int | None, going: Callable[[], bool]) -> None:
        sides = network.sides()
        if network.empty:
            self._best = network.schedule([])
        hard = False
        while sides and not self._done:
            lowest = horizon = -(-self._lower // network.unit)
            if hard and self._best is not None:
                # What remains is worth one question, the last.
                horizon = max(lowest, (self._best.makespan - 1) // network.unit)
            if horizon > _LONGEST:
                return
            race = _Race(sides, horizon)
            outcome = race.run(nodes, going)
            nodes = None if nodes is None else nodes - race.nodes
            hard = hard or race.nodes >= _HARD
            if outcome == race.kernel.OPEN:
                return
            if outcome == race.kernel.REFUTED:
                self._raise_to((horizon + 1) * network.unit)
                if nodes is not None and self._hopeless(race.nodes, nodes, network.unit):
                    return
            else:
                self._best = network.schedule(race.starts())
                if horizon == lowest:
                    self._raise_to(self._best.makespan)

    def _hopeless(self, spent: int, left: int, unit: int) -> bool:
        if self._best is None or spent < _HARD:
            return False
        steps = min((self._best.makespan - self._lower) // unit, 100)
        return spent * _GROWTH**steps > left


class _Race:
    """The same question asked forward and backward in time, in rounds of equal work; the first answer counts."""

    def __init__(self, sides: Sequence[Part], horizon: int) -> None:
        self.kernel = sides[0].kernel
        self.nodes = 0
        self._sides = sides
        self._horizon = horizon
        self._winner = 0

    def run(self, nodes: int | None, going: Callable[[], bool]) -> int:
        """Search both ways: ``REFUTED``, ``FOUND``, or ``OPEN`` when the nodes are spent or it is time."""
        size = _ROUND if self._sides[0].compiled else _ROUND // 100
        for side in self._sides:
            side.begin(self._horizon)
        with ThreadPoolExecutor(len(self._sides)) as threads:
            while (nodes is None or self.nodes < nodes) and going():
                outcomes = list(threads.map(lambda side: side.search(size), self._sides))
                self.nodes += size * len(self._sides)
                for number, outcome in enumerate(outcomes):
                    if outcome != self.kernel.OPEN:
                        self._winner = number
                        return int(outcome)
        return int(self.kernel.OPEN)

    def starts(self) -> list[int]:
        """The start of each task, in units of time, of the schedule that was found."""
        side = self._sides[self._winner]
        if self._winner == 0:
            return [finish - time for finish, time in zip(side.finish, side.durations, strict=True)]
        return [self._horizon - finish for finish in side.finish]


def _larger(one: Sequence[int], other: Sequence[int]) -> tuple[int, ...]:
    return tuple(map(max, one, other))
