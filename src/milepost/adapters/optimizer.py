"""The three layers of levelling in one: priority rules at once, a genetic search, and a solver's bound and proof."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from milepost.adapters.solver import prove
from milepost.schedule.critical_path import CriticalPath
from milepost.schedule.leveling import LeveledSchedule, level
from milepost.schedule.problem import Problem
from milepost.schedule.search import improve

_SEARCH_SHARE = 0.6
_LEAST_PROOF = 1.0


@dataclass(frozen=True, slots=True)
class Optimizer:
    """Levels for ``seconds`` of wall time at most, and ends sooner when nothing can be shorter.

    ``on_progress`` hears of each better schedule and of what an extra that is not installed would add.
    """

    seconds: float
    on_progress: Callable[[str], None]

    def __call__(self, path: CriticalPath, capacities: Mapping[int, int]) -> LeveledSchedule:
        """Find a short schedule within the capacities, starting from the priority rules' best.

        Raises:
            PlanInvalid: a task needs a tier that is not there or takes on nothing.
        """
        began = time.perf_counter()
        first = level(path, capacities)
        if first.makespan <= first.lower_bound:
            return first
        if find_spec("numba") is None:
            self.on_progress("numba is not installed (pip install 'milepost[schedule]'): the search is much slower")
        problem = Problem.from_path(path, capacities)
        found = improve(
            problem,
            seconds=self.seconds * _SEARCH_SHARE,
            clock=time.perf_counter,
            start=(first.start, [0] * len(problem)),
            on_best=lambda makespan: self.on_progress(f"found {makespan / 3600:.2f} h"),
        )
        if found.interrupted or found.optimal:
            return _leveled(path, first, found.start, max(found.lower_bound, first.lower_bound), "search")
        left = max(self.seconds - (time.perf_counter() - began), _LEAST_PROOF)
        bound = prove(problem, seconds=left, hint=(found.start, found.modes))
        if bound.note:
            self.on_progress(bound.note)
        start = bound.schedule.start if bound.schedule else found.start
        lower = max(bound.lower, first.lower_bound)
        return _leveled(path, first, start, lower, "search and proof" if bound.proven else "search and bound")


def _leveled(
    path: CriticalPath, first: LeveledSchedule, start: tuple[int, ...], lower: int, rule: str
) -> LeveledSchedule:
    finish = [begin + time for begin, time in zip(start, path.network.durations, strict=True)]
    makespan = max(finish, default=0)
    if makespan >= first.makespan:
        return LeveledSchedule(first.start, first.finish, first.tier, first.makespan, first.rule, lower)
    return LeveledSchedule(list(start), finish, first.tier, makespan, rule, lower)
