"""The best schedule a budget of seconds buys, and how far it may be from the optimum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from milepost.schedule.bounds import Bound, lower_bound
from milepost.schedule.problem import Problem
from milepost.schedule.search import improve

SEARCH_SHARE = 0.65
"""The part of the time that the search has before the solver."""


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
