"""Schedules within capacity where tiers keep different calendars.

The same serial schedule generation and forward-backward improvement as without calendars, but that each tier's
capacity is kept on the axis of its own calendar, and links between tiers go through real time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heapify, heappop, heappush
from random import Random

from milepost.schedule.calendar_path import Axes, AxisLink, CalendarPath
from milepost.schedule.leveling import IMPROVEMENTS, LeveledSchedule, Profile, tier_ranks
from milepost.schedule.network import FF, FS

_SHAKEN = 30


def level_on_axes(path: CalendarPath, capacities: Mapping[int, int]) -> LeveledSchedule:
    """Find a short schedule within the tiers' capacities; its dates are real seconds from the start.

    Of the schedules tried the one that breaks the path's deadlines least is taken, of those the shortest.

    Raises:
        PlanInvalid: a task needs a tier that is not there or takes on nothing.
    """
    problem = _Problem(path, capacities)
    return _schedule(problem, *_by_rule(problem))


def search_on_axes(
    path: CalendarPath,
    capacities: Mapping[int, int],
    enough: Callable[[], bool],
    *,
    seed: int = 0,
    on_best: Callable[[int], None] | None = None,
) -> LeveledSchedule:
    """Look for a shorter schedule until it is ``enough``, or until none can be shorter.

    Iterated local search (Lourenço, Martin and Stützle, 2003): the starts of the best schedule are shaken by up to a
    thirtieth of the makespan, give the order of another one, and that is improved; what is no worse is kept. The same
    seed gives the same schedules, but how many are tried depends on what is enough. ``on_best`` hears of makespans.

    Raises:
        PlanInvalid: a task needs a tier that is not there or takes on nothing.
    """
    problem, chance = _Problem(path, capacities), Random(seed)
    best, rule = _by_rule(problem)
    while best.worth > (0, problem.lower_bound) and not enough():
        width = best.worth[1] // _SHAKEN
        found = _improve(problem, problem.place([start + chance.randint(0, width) for start in best.start]))
        if found.worth < best.worth:
            rule = "search"
            if on_best and found.worth[1] < best.worth[1]:
                on_best(found.worth[1])
        if found.worth <= best.worth:
            best = found
    return _schedule(problem, best, rule)


def _by_rule(problem: _Problem) -> tuple[_Placed, str]:
    """The better schedule of the priority rules, and the rule."""
    best: tuple[_Placed, str] | None = None
    for rule, urgency in {"LFT": problem.path.late_finish, "LST": problem.path.late_start}.items():
        found = _improve(problem, problem.place(urgency))
        if best is None or found.worth < best[0].worth:
            best = found, rule
        if best[0].worth <= (0, problem.lower_bound):
            break
    assert best is not None
    return best


def _schedule(problem: _Problem, best: _Placed, rule: str) -> LeveledSchedule:
    return LeveledSchedule(best.start, best.finish, problem.tiers, best.worth[1], rule, problem.lower_bound)


def _improve(problem: _Problem, best: _Placed) -> _Placed:
    for _ in range(IMPROVEMENTS):
        if best.worth <= (0, problem.lower_bound):
            break
        found = problem.place(problem.late_starts(best.finish, best.worth[1]))
        if found.worth >= best.worth:
            break
        best = found
    return best


@dataclass(frozen=True, slots=True)
class _Placed:
    """A schedule in real seconds; ``worth`` is to be small: working seconds beyond deadlines, and the makespan."""

    start: list[int]
    finish: list[int]
    worth: tuple[int, int]


@dataclass(frozen=True)
class _Problem:
    """Activities to place, each on its own axis."""

    path: CalendarPath
    capacities: Mapping[int, int]

    @cached_property
    def tiers(self) -> list[int | None]:
        return tier_ranks(self.path.network, self.capacities)

    @property
    def _axes(self) -> Axes:
        return self.path.axes

    @cached_property
    def lower_bound(self) -> int:
        """The critical path, or when a tier has done all its work with all its capacity, from its first task on."""
        bounds = [self.path.makespan]
        times = self.path.network.durations
        for rank, capacity in self.capacities.items():
            own = [here for here, tier in enumerate(self.tiers) if tier == rank and times[here]]
            if own:
                first = min(self.path.begins[here] for here in own)
                work = sum(times[here] for here in own)
                bounds.append(self._axes.of[own[0]].ends(first - (-work // capacity)))
        return max(bounds)

    def place(self, urgency: Sequence[int]) -> _Placed:
        """Serial schedule generation: each activity as early as its predecessors and its tier allow."""
        axes, times, releases = self._axes, self.path.network.durations, self.path.releases
        profiles = self._profiles()
        begins, start, finish = ([0] * len(times) for _ in range(3))
        for here in self._order(urgency, axes.before, axes.after):
            begin = releases[here]
            for before, offset, kind, lag in axes.before[here]:
                if offset is not None:
                    bound = begins[before] + offset
                else:
                    moment = finish[before] if kind in (FS, FF) else start[before]
                    bound = axes.carried(here, moment, kind, lag, times[here])
                if bound > begin:
                    begin = bound
            begins[here] = begin = self._occupy(profiles, here, begin)
            axis = axes.of[here]
            start[here], finish[here] = axis.begins(begin), axis.ends(begin + times[here])
        late = sum(max(begins[here] + times[here] - place, 0) for here, place in self.path.deadlines.items())
        return _Placed(start, finish, (late, max(finish, default=0)))

    def late_starts(self, finishes: Sequence[int], end: int) -> list[int]:
        """The same from the end backward: each activity as late as its successors and its tier allow."""
        axes, times = self._axes, self.path.network.durations
        last = {id(axis): axis.worked(end) for axis in axes.of}
        profiles = self._profiles()
        begins, start = ([0] * len(times) for _ in range(2))
        for here in self._order([-finish for finish in finishes], axes.after, axes.before):
            axis = axes.of[here]
            begin = last[id(axis)] - times[here]
            for after, offset, kind, lag in axes.after[here]:
                bound = (
                    begins[after] - offset if offset is not None else axes.latest(here, after, begins[after], kind, lag)
                )
                if bound < begin:
                    begin = bound
            # On the mirrored axis, which runs backward from the end, the activity begins where it finishes.
            mirrored = self._occupy(profiles, here, last[id(axis)] - begin - times[here])
            begins[here] = begin = last[id(axis)] - mirrored - times[here]
            start[here] = axis.begins(begin)
        return start

    def _profiles(self) -> dict[int, Profile]:
        return {rank: Profile(capacity) for rank, capacity in self.capacities.items()}

    def _occupy(self, profiles: Mapping[int, Profile], here: int, begin: int) -> int:
        rank, time = self.tiers[here], self.path.network.durations[here]
        return begin if rank is None or not time else profiles[rank].occupy(begin, time)

    def _order(
        self, urgency: Sequence[int], before: list[list[AxisLink]], after: list[list[AxisLink]]
    ) -> Iterator[int]:
        """The activities, the most urgent of those first that wait for nothing any more."""
        open_links = [len(row) for row in before]
        ready = [(urgency[here], here) for here, count in enumerate(open_links) if not count]
        heapify(ready)
        while ready:
            _, here = heappop(ready)
            yield here
            for there, _, _, _ in after[here]:
                open_links[there] -= 1
                if not open_links[there]:
                    heappush(ready, (urgency[there], there))
