"""Schedules within capacity where tiers keep different calendars.

The same serial schedule generation and forward-backward improvement as without calendars, but that each tier's
capacity is kept on the axis of its own calendar, and links between tiers go through real time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heapify, heappop, heappush

from milepost.schedule.calendar_path import Axes, CalendarPath
from milepost.schedule.leveling import IMPROVEMENTS, LeveledSchedule, Profile, tier_ranks

_Links = list[list[tuple[int, int, int]]]


def level_on_axes(
    path: CalendarPath, capacities: Mapping[int, int], deadlines: Mapping[str, int] | None = None
) -> LeveledSchedule:
    """Find a short schedule within the tiers' capacities; its dates are real seconds from the start.

    Of the schedules tried the one that breaks ``deadlines`` (places on the activities' axes, by id) least is taken, of
    those the shortest.

    Raises:
        PlanInvalid: a task needs a tier that is not there or takes on nothing.
    """
    problem = _Problem(path, capacities, deadlines or {})
    bound = problem.lower_bound
    best: tuple[tuple[int, int], str, list[int]] | None = None
    for rule, urgency in {"LFT": path.late_finish, "LST": path.late_start}.items():
        begins = _improve(problem, problem.place(urgency), bound)
        worth = problem.worth(begins)
        if best is None or worth < best[0]:
            best = (worth, rule, begins)
        if best[0] <= (0, bound):
            break
    assert best is not None
    (_, makespan), rule, begins = best
    axes, count = path.axes, range(len(begins))
    start = [axes.start(here, begins[here]) for here in count]
    finish = [axes.finish(here, begins[here]) for here in count]
    return LeveledSchedule(start, finish, problem.tiers, makespan, rule, bound)


def _improve(problem: _Problem, begins: list[int], bound: int) -> list[int]:
    best, worth = begins, problem.worth(begins)
    for _ in range(IMPROVEMENTS):
        if worth <= (0, bound):
            break
        right = problem.place_late(problem.finishes(best), worth[1])
        left = problem.place([problem.path.axes.start(here, begin) for here, begin in enumerate(right)])
        if problem.worth(left) >= worth:
            break
        best, worth = left, problem.worth(left)
    return best


@dataclass(frozen=True)
class _Problem:
    """Activities to place, each on its own axis."""

    path: CalendarPath
    capacities: Mapping[int, int]
    deadlines: Mapping[str, int]

    @cached_property
    def tiers(self) -> list[int | None]:
        return tier_ranks(self.path.network, self.capacities)

    @cached_property
    def _due(self) -> list[tuple[int, int]]:
        return [(self.path.network.number(name), place) for name, place in self.deadlines.items()]

    @property
    def _axes(self) -> Axes:
        return self.path.axes

    def finishes(self, begins: Sequence[int]) -> list[int]:
        return [self._axes.finish(here, begin) for here, begin in enumerate(begins)]

    def worth(self, begins: Sequence[int]) -> tuple[int, int]:
        """What is to be small: working seconds beyond deadlines, and the makespan."""
        times = self.path.network.durations
        late = sum(max(begins[here] + times[here] - place, 0) for here, place in self._due)
        return late, max(self.finishes(begins), default=0)

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

    def place(self, urgency: Sequence[int]) -> list[int]:
        """Serial schedule generation: each activity as early as its predecessors and its tier allow."""
        profiles = self._profiles()

        def put(here: int, begins: list[int]) -> int:
            begin = self.path.releases[here]
            for before, kind, lag in self._axes.before[here]:
                begin = max(begin, self._axes.earliest(here, before, begins[before], kind, lag))
            return self._occupy(profiles, here, begin)

        return self._generate(urgency, self._axes.before, self._axes.after, put)

    def place_late(self, finishes: Sequence[int], end: int) -> list[int]:
        """The same from the end backward: each activity as late as its successors and its tier allow."""
        profiles = self._profiles()
        times = self.path.network.durations

        def put(here: int, begins: list[int]) -> int:
            last = self._axes.of[here].worked(end)
            begin = last - times[here]
            for after, kind, lag in self._axes.after[here]:
                begin = min(begin, self._axes.latest(here, after, begins[after], kind, lag))
            # On the mirrored axis, which runs backward from the end, the activity begins where it finishes.
            return last - self._occupy(profiles, here, last - begin - times[here]) - times[here]

        return self._generate([-finish for finish in finishes], self._axes.after, self._axes.before, put)

    def _profiles(self) -> dict[int, Profile]:
        return {rank: Profile(capacity) for rank, capacity in self.capacities.items()}

    def _occupy(self, profiles: Mapping[int, Profile], here: int, begin: int) -> int:
        rank, time = self.tiers[here], self.path.network.durations[here]
        return begin if rank is None or not time else profiles[rank].occupy(begin, time)

    def _generate(
        self, urgency: Sequence[int], before: _Links, after: _Links, put: Callable[[int, list[int]], int]
    ) -> list[int]:
        open_links = [len(row) for row in before]
        ready = [(urgency[here], here) for here, count in enumerate(open_links) if not count]
        heapify(ready)
        begins = [0] * len(open_links)
        while ready:
            _, here = heappop(ready)
            begins[here] = put(here, begins)
            for there, _, _ in after[here]:
                open_links[there] -= 1
                if not open_links[there]:
                    heappush(ready, (urgency[there], there))
        return begins
