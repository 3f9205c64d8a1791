"""The best schedule a budget of seconds buys, and how far it may be from the optimum."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from milepost.schedule.bounds import Bound, lower_bound
from milepost.schedule.calendar_leveling import search_on_axes
from milepost.schedule.calendar_path import CalendarPath
from milepost.schedule.critical_path import CriticalPath
from milepost.schedule.leveling import LeveledSchedule, level
from milepost.schedule.problem import Problem
from milepost.schedule.search import improve

SEARCH_SHARE = 0.65
"""The part of the time that the search has; the rest is the solver's, for proofs and shorter schedules."""


class Prover(Protocol):
    """What gives bounds, and perhaps better schedules, from a schedule to begin with."""

    def __call__(
        self,
        problem: Problem,
        *,
        seconds: float,
        hint: tuple[Sequence[int], Sequence[int]] | None,
        seed: int,
        on_bound: Callable[[int], None] | None,
    ) -> Bound:
        """Spend so many seconds of wall time."""


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
) -> Bound:
    """Search for a part of ``seconds``, then spend the rest on a proof; what Ctrl-C leaves is given too.

    ``start`` is a schedule (start times, modes) to begin with. A note of the bound says what was lost for want of
    numba or OR-Tools.

    Raises:
        PlanInvalid: the links form a cycle, or a demand is beyond all measure.
        WorkerUnavailable: the solver's process fails.
    """
    began = clock()
    found = improve(
        problem,
        seed=seed,
        seconds=seconds * SEARCH_SHARE,
        clock=clock,
        workers=workers,
        start=start,
        on_best=on_best,
    )
    hint = (found.start, found.modes) if found.feasible else None
    best = problem.schedule(*hint) if hint else None
    notes = () if found.compiled else ("numba is not installed (pip install 'milepost[schedule]'): the search is slow",)
    left = seconds - (clock() - began)
    if found.optimal or found.interrupted or left <= 0:
        return Bound(lower_bound(problem), best, proven=found.optimal, note="; ".join(notes))
    bound = prove(problem, seconds=left, hint=hint, seed=seed, on_bound=on_bound)
    note = "; ".join([*notes, *([bound.note] if bound.note else [])])
    return Bound(bound.lower, bound.schedule, bound.proven, note)


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
