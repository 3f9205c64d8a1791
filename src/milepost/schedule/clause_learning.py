"""Proofs and better schedules by a search that learns from its conflicts, for problems with one mode an activity.

First the bound rises as far as each step is easy; then the best schedule is to be undercut, again and again until
that is refuted. Two searches work on the question, one of which assumes that activities start early and the other that
they start late; they tell each other what they learned that ties few assumptions together.

They work in rounds of equal numbers of conflicts, so the same problem has the same result on any machine, unless a
clock stops them. Links of all kinds and earliest starts count. Without numba, nothing is tried.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from math import gcd
from typing import TYPE_CHECKING

from milepost.schedule.bounds import Bound, early_times, lower_bound
from milepost.schedule.branch_and_bound import Branching, Reach
from milepost.schedule.compiling import can_compile
from milepost.schedule.problem import Problem, Schedule

if TYPE_CHECKING:
    from milepost.schedule.clause_model import Learner, Outline

_MOST_FACTS = 400_000
"""Facts about starts, the times each activity may start, beyond which their tables are too large to be worth it."""

_ROUND = 500
"""Conflicts between two looks at the clock: some 30 ms."""

_EASY = 2_000
"""Conflicts of each search up to which a step of the bound is easy."""

_FAR = 0.06
"""The part of the makespan by which the bound that is easy may be less, if there is to be hope for the rest."""


@cache
def warm_up() -> None:
    """Load the compiled code, a second's work, or compile it, half a minute's, if that was never done."""
    if can_compile():
        from milepost.schedule.clause_model import Learner, Outline

        learner = Learner(Outline(Problem.smallest(), 1, [0], [0]), 3, [0])
        learner.search(1)
        learner.shorten(2)


def learn(
    problem: Problem,
    best: Schedule | None = None,
    *,
    lower: int = 0,
    reach: Reach | None = None,
    conflicts: int | None = None,
    going: Callable[[], bool] = lambda: True,
    on_bound: Callable[[int], None] | None = None,
    on_best: Callable[[int], None] | None = None,
) -> Branching:
    """Raise the lower bound, then undercut ``best`` until that is refuted; for so many ``conflicts``, while ``going``.

    No schedule is shorter than ``lower``, and ``reach`` holds, if they are known. ``on_bound`` hears of every better
    bound, ``on_best`` of every shorter makespan. Ctrl-C leaves what was found. With ``conflicts`` None it ends when the
    bound that is easy is so far from ``best`` that there is no hope.

    Raises:
        PlanInvalid: the links form a cycle.
    """
    several = problem.nonrenewable or any(len(modes) > 1 for modes in problem.modes)
    lower = max(lower, lower_bound(problem))
    if reach is None:
        heads, tails = early_times(problem), early_times(problem.mirrored)
        reach = Reach(tuple(start for start, _ in heads), tuple(start for start, _ in tails))
    asking = _Asking(problem, best, lower, on_bound, on_best)
    interrupted = False
    if can_compile() and not several and best is not None:
        try:
            asking.run(reach, _Rounds(conflicts, going))
        except KeyboardInterrupt:
            interrupted = True
    return Branching(Bound(asking.lower, asking.best, asking.done), reach, interrupted, asking.far)


class _Rounds:
    """What may still be spent."""

    def __init__(self, conflicts: int | None, going: Callable[[], bool]) -> None:
        self._left = conflicts
        self._going = going

    @property
    def unlimited(self) -> bool:
        """Whether only time ends them."""
        return self._left is None

    def next(self) -> int:
        """How many conflicts the next round may have, 0 if there is none."""
        if not self._going():
            return 0
        return _ROUND if self._left is None else max(0, min(_ROUND, self._left))

    def spend(self, conflicts: int) -> None:
        """Count what was spent."""
        if self._left is not None:
            self._left -= conflicts


class _Asking:
    """The questions asked, and what came of them."""

    def __init__(
        self,
        problem: Problem,
        best: Schedule | None,
        lower: int,
        on_bound: Callable[[int], None] | None,
        on_best: Callable[[int], None] | None,
    ) -> None:
        self.lower = lower
        self.best = best
        self.far = False
        self._problem = problem
        self._on_bound = on_bound
        self._on_best = on_best
        times = [modes[0].duration for modes in problem.modes]
        self._unit = gcd(*times, *(link.lag for link in problem.links), *problem.releases) or 1

    @property
    def done(self) -> bool:
        """Whether the best schedule is optimal."""
        return self.best is not None and self.best.makespan <= self.lower

    @property
    def _shorter(self) -> int:
        """The makespan to ask for next, in units."""
        assert self.best is not None
        return (self.best.makespan - 1) // self._unit

    def run(self, reach: Reach, rounds: _Rounds) -> None:
        """Ask until the best schedule is optimal or all is spent."""
        from milepost.schedule.clause_model import Outline

        assert self.best is not None
        outline = Outline(self._problem, self._unit, reach.before, reach.after)
        self._raise_to(-(-self.lower // self._unit) * self._unit)
        if not self.done and outline.facts(self._shorter) <= _MOST_FACTS:
            with ThreadPoolExecutor(2) as threads:
                self._climb(outline, threads, rounds)
                if not self.done and not self.far:
                    self._undercut(_Race(outline, self._shorter, threads, rounds))

    def _climb(self, outline: Outline, threads: ThreadPoolExecutor, rounds: _Rounds) -> None:
        """Refute one makespan after the other, while that is easy."""
        assert self.best is not None
        while not self.done and (horizon := self.lower // self._unit) < self._shorter:
            race = _Race(outline, horizon, threads, rounds)
            outcome = race.run(_EASY)
            if outcome == race.open:
                self.far = rounds.unlimited and self.lower < (1 - _FAR) * self.best.makespan
                return
            if outcome == race.found:
                self._take(race.starts)
            else:
                self._raise_to((horizon + 1) * self._unit)

    def _undercut(self, race: _Race) -> None:
        """Find shorter schedules until there are none."""
        assert self.best is not None
        while (outcome := race.run()) == race.found:
            self._take(race.starts)
            if self.done or not race.shorten(self._shorter):
                break
        if outcome != race.open:
            self._raise_to(self.best.makespan)

    def _raise_to(self, lower: int) -> None:
        if lower > self.lower:
            self.lower = lower
            if self._on_bound is not None:
                self._on_bound(lower)

    def _take(self, starts: Sequence[int]) -> None:
        self.best = self._problem.schedule([start * self._unit for start in starts], [0] * len(starts))
        if self._on_best is not None:
            self._on_best(self.best.makespan)


class _Race:
    """Two searches with the same question, which tell each other what they learn; the first answer counts."""

    def __init__(self, outline: Outline, horizon: int, threads: ThreadPoolExecutor, rounds: _Rounds) -> None:
        from milepost.schedule.branching_kernel import FOUND, OPEN, REFUTED
        from milepost.schedule.clause_model import Learner

        self.refuted, self.found, self.open = REFUTED, FOUND, OPEN
        self.starts: Sequence[int] = ()
        self._threads = threads
        self._rounds = rounds
        self._learners: list[Learner] = []
        if outline.fits(horizon):
            self._learners = [Learner(outline, horizon, [guess] * len(outline.durations)) for guess in (0, horizon)]

    def run(self, conflicts: int | None = None) -> int:
        """Search until there is an answer, or so many conflicts of each, or all rounds, are spent."""
        if not self._learners:
            return self.refuted
        while (size := self._rounds.next()) and (conflicts is None or conflicts > 0):
            outcomes = list(self._threads.map(lambda learner: learner.search(size), self._learners))
            self._rounds.spend(size)
            conflicts = None if conflicts is None else conflicts - size
            for learner, outcome in zip(self._learners, outcomes, strict=True):
                if outcome != self.open:
                    self.starts = learner.starts
                    return int(outcome)
            one, other = self._learners
            one.tell(other)
            other.tell(one)
        return self.open

    def shorten(self, horizon: int) -> bool:
        """Ask for a shorter makespan next; False if there is no window for an activity."""
        return all(learner.shorten(horizon) for learner in self._learners)
