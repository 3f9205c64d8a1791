"""The best schedule a budget of seconds buys, and how far it may be from the optimum."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf
from threading import Timer
from typing import Protocol

from milepost.schedule import branch_and_bound as branching
from milepost.schedule import clause_learning as learning
from milepost.schedule import search as searching
from milepost.schedule.bounds import Bound, lower_bound
from milepost.schedule.branch_and_bound import Branching, Reach
from milepost.schedule.calendar_leveling import search_on_axes
from milepost.schedule.calendar_path import CalendarPath
from milepost.schedule.critical_path import CriticalPath
from milepost.schedule.leveling import LeveledSchedule, level
from milepost.schedule.problem import Problem

SEARCH_SHARE = 0.65
"""The part of the time that the search has, in two parts where there is one mode each.

The rest is for proofs and, with modes to choose, shorter schedules.
"""

PATIENCE, LONG_PATIENCE = 0.2, 0.45
"""The part of the time after whose passing without a shorter schedule the search ends, where there is one mode each,
up to ``MEDIUM`` activities and beyond: there the search is what finds shorter schedules."""

MEDIUM = 100

BRANCHING_SHARE = 0.1
"""The part of the time that branch and bound has, before clause learning and the solver."""

_NODES_A_SECOND = 700_000
"""What branch and bound does on two cores, roughly; it ends where that cannot be enough."""

_LOADING = 3.0
"""Seconds that loading compiled code may take; what takes longer is being compiled."""


class Prover(Protocol):
    """What gives bounds, and perhaps better schedules, from a schedule to begin with."""

    def __call__(
        self,
        problem: Problem,
        *,
        seconds: float,
        hint: tuple[Sequence[int], Sequence[int]] | None,
        seed: int,
        reach: Reach | None,
        lower: int,
        on_bound: Callable[[int], None] | None,
    ) -> Bound:
        """Spend so many seconds of wall time; ``reach`` and ``lower`` are known already."""


def optimize(
    problem: Problem,
    prove: Prover,
    clock: Callable[[], float],
    *,
    seconds: float,
    seed: int = 0,
    workers: int = 2,
    start: tuple[Sequence[int], Sequence[int]] | None = None,
    on_best: Callable[[int], None] | None = None,
    on_bound: Callable[[int], None] | None = None,
    on_wait: Callable[[str], object] = lambda _: None,
) -> Bound:
    """Search for a part of ``seconds``, then spend the rest on a proof; what Ctrl-C leaves is given too.

    With one mode an activity, branch and bound comes first and then clause learning, which has all the time there is,
    unless it sees no hope: then the search goes on. The solver has what is left, and branch and bound what that leaves.
    ``start`` is a schedule (start times, modes) to begin with. The time in which code is loaded or compiled does not
    count; ``on_wait`` hears of it in words if it is long. A note of the bound says what was lost for want of
    numba or OR-Tools.

    Raises:
        PlanInvalid: the links form a cycle, or a demand is beyond all measure.
        WorkerUnavailable: the solver's process fails.
    """
    several = any(len(choices) > 1 for choices in problem.choices)
    _make_ready("the search", searching.warm_up, on_wait)
    began = clock()
    found = searching.improve(
        problem,
        seed=seed,
        seconds=seconds * SEARCH_SHARE,
        patience=None if several else seconds * (PATIENCE if len(problem) <= MEDIUM else LONG_PATIENCE),
        clock=clock,
        workers=workers,
        start=start,
        on_best=on_best,
    )
    hint = (found.start, found.modes) if found.feasible else None
    best = problem.schedule(*hint) if hint else None
    slow = () if found.compiled else ("numba is not installed (pip install 'milepost[schedule]'): the search is slow",)
    known = Bound(lower_bound(problem), best, found.optimal)
    proof = _Proof(problem, clock, began + seconds, known, on_bound, on_best, on_wait)
    proof.over |= found.interrupted
    # Ctrl-C ends a way with what it found; between two of them it comes here.
    with suppress(KeyboardInterrupt):
        if not several:
            proof.branch(seconds * BRANCHING_SHARE)
            if proof.learn():
                proof.search(seconds * (1 - SEARCH_SHARE), seed + 1, workers)
        proof.solve(prove, seed)
        if not several:
            proof.branch()
    return replace(proof.bound, note="; ".join([*slow, *([proof.bound.note] if proof.bound.note else [])]))


def _make_ready(what: str, warm_up: Callable[[], None], on_wait: Callable[[str], object]) -> None:
    timer = Timer(_LOADING, on_wait, [f"compiling {what} for this machine, this once; that time does not count"])
    timer.daemon = True
    timer.start()
    try:
        warm_up()
    finally:
        timer.cancel()


class _Proof:
    """A schedule's proof, by one way after the other until it is ``over``: there, out of time, or ended by Ctrl-C."""

    def __init__(
        self,
        problem: Problem,
        clock: Callable[[], float],
        end: float,
        bound: Bound,
        on_bound: Callable[[int], None] | None,
        on_best: Callable[[int], None] | None,
        on_wait: Callable[[str], object],
    ) -> None:
        self.bound = bound
        self._problem = problem
        self._clock = clock
        self._end = end
        self._on_bound = on_bound
        self._on_best = on_best
        self._on_wait = on_wait
        self._reach: Reach | None = None
        self.over = bound.proven

    def branch(self, most: float = inf) -> None:
        """Branch and bound for so many seconds, if that can be enough."""
        if self.over or self._end <= self._clock():
            return
        self._wait_for("branch and bound", branching.warm_up)
        began = self._clock()
        end = min(began + most, self._end)
        found = branching.branch_and_bound(
            self._problem,
            self.bound.schedule,
            lower=self.bound.lower,
            nodes=round((end - began) * _NODES_A_SECOND),
            going=lambda: self._clock() < end,
            on_bound=self._on_bound,
        )
        self._heed(found)

    def learn(self) -> bool:
        """Clause learning, for the rest of the time, where it can be used; True if it sees no hope."""
        if self.over or self._end <= self._clock():
            return False
        self._wait_for("clause learning", learning.warm_up)
        found = learning.learn(
            self._problem,
            self.bound.schedule,
            lower=self.bound.lower,
            reach=self._reach,
            going=lambda: self._clock() < self._end,
            on_bound=self._on_bound,
            on_best=self._on_best,
        )
        self._heed(found)
        return found.far

    def search(self, reserve: float, seed: int, workers: int) -> None:
        """The search once more, from the best schedule, until so many seconds are left."""
        left, best = self._end - reserve - self._clock(), self.bound.schedule
        if self.over or left <= 0 or best is None:
            return
        found = searching.improve(
            self._problem,
            seed=seed,
            seconds=left,
            clock=self._clock,
            workers=workers,
            start=(best.start, best.modes),
            on_best=self._on_best,
        )
        self.over |= found.interrupted
        if found.makespan < best.makespan:
            self.bound = replace(self.bound, schedule=self._problem.schedule(found.start, found.modes))

    def _wait_for(self, what: str, warm_up: Callable[[], None]) -> None:
        """Make code ready, which takes none of the time there is."""
        began = self._clock()
        _make_ready(what, warm_up, self._on_wait)
        self._end += self._clock() - began

    def _heed(self, found: Branching) -> None:
        self._reach = found.reach
        self.bound = replace(found.bound, note="" if found.bound.proven else self.bound.note)
        self.over = found.bound.proven or found.interrupted

    def solve(self, prove: Prover, seed: int) -> None:
        """The solver, for the rest of the time."""
        left = self._end - self._clock()
        if self.over or left <= 0:
            return
        best = self.bound.schedule
        self.bound = prove(
            self._problem,
            seconds=left,
            hint=(best.start, best.modes) if best else None,
            seed=seed,
            reach=self._reach,
            lower=self.bound.lower,
            on_bound=self._on_bound,
        )
        self.over = self.bound.proven


@dataclass(frozen=True, slots=True)
class OptimizingLeveler:
    """Levels a plan's network for ``seconds`` of wall time at most, and ends sooner when nothing can be shorter.

    ``on_progress`` hears in words of each better schedule and of what an extra that is not installed would add.
    """

    prove: Prover
    clock: Callable[[], float]
    seconds: float
    on_progress: Callable[[str], None]

    def __call__(self, path: CriticalPath, capacities: Mapping[int, int]) -> LeveledSchedule:
        """Find a short schedule within the capacities, starting from the priority rules' best.

        Raises:
            PlanInvalid: a task needs a tier that is not there or takes on nothing.
        """
        if isinstance(path, CalendarPath):
            return self._search_on_axes(path, capacities)
        first = level(path, capacities)
        if first.makespan <= first.lower_bound:
            return first
        problem = Problem.from_path(path, capacities)
        bound = optimize(
            problem,
            self.prove,
            self.clock,
            seconds=self.seconds,
            start=(first.start, [0] * len(problem)),
            on_best=lambda makespan: self.on_progress(f"found {makespan / 3600:.2f} h"),
            on_bound=lambda lower: self.on_progress(f"none is shorter than {lower / 3600:.2f} h"),
            on_wait=self.on_progress,
        )
        if bound.note:
            self.on_progress(bound.note)
        lower = max(bound.lower, first.lower_bound)
        found = bound.schedule
        if found is None or found.makespan >= first.makespan:
            return replace(first, lower_bound=lower)
        finish = [begin + time for begin, time in zip(found.start, path.network.durations, strict=True)]
        rule = "search and proof" if bound.proven else "search"
        return LeveledSchedule(list(found.start), finish, first.tier, found.makespan, rule, lower)

    def _search_on_axes(self, path: CalendarPath, capacities: Mapping[int, int]) -> LeveledSchedule:
        """Where the tiers' calendars differ: a search in plain Python, without a proof."""
        self.on_progress("the tiers' calendars differ: a simpler search, and no proof")
        end = self.clock() + self.seconds
        return search_on_axes(
            path,
            capacities,
            lambda: self.clock() >= end,
            on_best=lambda makespan: self.on_progress(f"found {makespan / 3600:.2f} h"),
        )
