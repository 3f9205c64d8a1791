"""What no schedule can undercut, found without search: the longest chain, and resources shared by all their work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from milepost.schedule.network import FF, FS, SF, SS
from milepost.schedule.problem import Problem, Schedule


@dataclass(frozen=True, slots=True)
class Bound:
    """What is known after a search or a solver's run: no schedule is shorter than ``lower``.

    ``schedule`` is the shortest that was found, None if there is none. ``proven``: it is optimal,
    or, without a schedule, there is none. ``note`` says what was lost, if anything was.
    """

    lower: int
    schedule: Schedule | None
    proven: bool
    note: str = ""

    @property
    def gap(self) -> float | None:
        """By how much the schedule is at most longer than the optimum, as a fraction of the bound."""
        return None if self.schedule is None else (self.schedule.makespan - self.lower) / max(self.lower, 1)


def lower_bound(problem: Problem) -> int:
    """The longest of the bounds below, in the problem's unit of time.

    The critical path with every activity in its quickest mode; and for each renewable resource the least work of a
    set of activities divided by the capacity, plus what must precede the first and follow the last of the set. Of
    all sets those of the latest heads and those of the longest tails are tried.
    """
    heads = early_times(problem)
    tails = early_times(problem.mirrored)
    chains = [start + length for (start, _), (_, length) in zip(heads, tails, strict=True)]
    best = max(chains, default=0)
    for place in problem.renewable:
        members = []
        for here, choices in enumerate(problem.choices):
            modes = [problem.modes[here][choice] for choice in choices]
            work = min(mode.duration * mode.demands[place] for mode in modes)
            if work:
                members.append((heads[here][0], tails[here][0], work))
        turned = [(tail, head, work) for head, tail, work in members]
        capacity = problem.resources[place].capacity
        best = max(best, shared(members, capacity), shared(turned, capacity))
    return best


def early_times(problem: Problem) -> list[tuple[int, int]]:
    """The earliest start and finish of each activity whatever its mode, without regard to resources."""
    shortest = [min(problem.modes[here][mode].duration for mode in modes) for here, modes in enumerate(problem.choices)]
    longest = [max(problem.modes[here][mode].duration for mode in modes) for here, modes in enumerate(problem.choices)]
    start = list(problem.releases) or [0] * len(problem)
    finish = [0] * len(problem)
    incoming: list[list[tuple[int, int, int]]] = [[] for _ in range(len(problem))]
    for link in problem.links:
        incoming[link.successor].append((link.predecessor, link.kind, link.lag))
    for here in problem.order:
        for before, kind, lag in incoming[here]:
            time = lag + (finish if kind in (FS, FF) else start)[before]
            if kind in (FS, SS):
                start[here] = max(start[here], time)
            if kind in (FF, SF):
                finish[here] = max(finish[here], time)
        start[here] = max(start[here], finish[here] - longest[here])
        finish[here] = max(finish[here], start[here] + shortest[here])
    return list(zip(start, finish, strict=True))


def shared(members: Iterable[tuple[int, int, int]], capacity: int) -> int:
    """The best bound of sets of (head, tail, work) on ``capacity`` that hold all members with at least some head."""
    work = best = 0
    least_tail: int | None = None
    for head, tail, more in sorted(members, reverse=True):
        work += more
        least_tail = tail if least_tail is None else min(least_tail, tail)
        best = max(best, head - (-work // capacity) + least_tail)
    return best
