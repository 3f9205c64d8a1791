"""Schedules that keep within each tier's capacity: priority rules and forward-backward improvement.

Serial schedule generation places one activity after the other at the earliest time its predecessors and its tier
allow, the most urgent first; urgent is the least late finish (LFT) or late start (LST). Forward-backward improvement
then moves everything as late as possible and back as early as possible (Tormos and Lova, 2001), which closes gaps.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heapify, heappop, heappush
from types import MappingProxyType

from milepost.errors import PlanInvalid
from milepost.schedule.critical_path import CriticalPath, compute
from milepost.schedule.network import Network

DEFAULT_CAPACITIES: Mapping[int, int] = MappingProxyType({1: 1, 2: 2, 3: 4})
"""How many tasks at once a tier takes on when nothing says otherwise, by rank."""

IMPROVEMENTS = 5


@dataclass(frozen=True)
class LeveledSchedule:
    """A schedule within capacity, by activity number, in working seconds from the start of the plan.

    ``tier`` is the rank whose capacity an activity uses (None for checkpoints); ``rule`` names the priority rule
    that won; no schedule within the capacities is shorter than ``lower_bound``.
    """

    start: list[int]
    finish: list[int]
    tier: list[int | None]
    makespan: int
    rule: str
    lower_bound: int


def level(
    path: CriticalPath,
    capacities: Mapping[int, int] = DEFAULT_CAPACITIES,
    deadlines: Mapping[str, int] | None = None,
) -> LeveledSchedule:
    """Find a short schedule within the tiers' capacities; the same input always gives the same schedule.

    The best of the rules LFT and LST is taken, LFT when they tie: the one that breaks ``deadlines`` (latest finishes in
    working seconds, by id) least, then the shortest. An unassigned task goes to the weakest tier. An activity without
    duration uses no capacity.

    Raises:
        PlanInvalid: a task needs a tier that is not there or takes on nothing.
    """
    tiers = tier_ranks(path.network, capacities)
    forward = _Problem.forward(path, tiers, capacities, deadlines or {})
    bound = lower_bound(_unlimited(path) if deadlines else path, capacities)
    rules = {"LFT": path.late_finish, "LST": path.late_start}
    best: tuple[tuple[int, int], str, list[int]] | None = None
    for rule, urgency in rules.items():
        start = _improve(forward, forward.place(urgency), bound)
        worth = forward.worth(start)
        if best is None or worth < best[0]:
            best = (worth, rule, start)
        if best[0] <= (0, bound):
            break
    assert best is not None
    (_, makespan), rule, start = best
    finish = [begin + time for begin, time in zip(start, forward.durations, strict=True)]
    return LeveledSchedule(start, finish, tiers, makespan, rule, bound)


def _unlimited(path: CriticalPath) -> CriticalPath:
    """The same without deadlines, whose late dates would promise more than any schedule can keep."""
    return compute(path.network, releases=dict(zip(path.network.ids, path.releases, strict=True)))


def lower_bound(path: CriticalPath, capacities: Mapping[int, int]) -> int:
    """Seconds that no schedule can undercut: the critical path, or a tier's work shared by all its capacity.

    To the share of some of a tier's tasks comes what must precede the first and follow the last of them. Of all such
    sets those of the latest heads and those of the longest tails are tried.
    """
    members: dict[int, list[tuple[int, int, int]]] = {}
    for here, rank in enumerate(tier_ranks(path.network, capacities)):
        time = path.network.durations[here]
        if rank is not None and time:
            head, tail = path.early_start[here], max(path.makespan - path.late_finish[here], 0)
            members.setdefault(rank, []).append((head, tail, time))
    bounds = [path.makespan]
    for rank, tasks in members.items():
        bounds.append(_shared_work(tasks, capacities[rank]))
        bounds.append(_shared_work([(tail, head, time) for head, tail, time in tasks], capacities[rank]))
    return max(bounds)


def _shared_work(tasks: list[tuple[int, int, int]], capacity: int) -> int:
    """The best bound of (head, tail, time) sets that hold all tasks with at least some head."""
    work = best = 0
    least_tail = max(tail for _, tail, _ in tasks)
    for head, tail, time in sorted(tasks, reverse=True):
        work += time
        least_tail = min(least_tail, tail)
        best = max(best, head - (-work // capacity) + least_tail)
    return best


def tier_ranks(network: Network, capacities: Mapping[int, int]) -> list[int | None]:
    """The rank whose capacity each activity uses, None for checkpoints; an unassigned task goes to the weakest tier.

    Raises:
        PlanInvalid: a task needs a tier that is not there or takes on nothing.
    """
    weakest = max(capacities, default=None)
    ranks: list[int | None] = []
    for activity in network.activities:
        rank = None if activity.checkpoint else weakest if activity.tier is None else activity.tier
        ranks.append(rank)
        if not activity.checkpoint and capacities.get(rank or 0, 0) < 1:
            raise PlanInvalid(
                f"task {activity.id} needs tier {rank or 1}, which takes on no task at all",
                remedy=f"give the tier a capacity: --tier {rank or 1}=1, or [tiers.{rank or 1}] in milepost.toml",
            )
    return ranks


def _improve(forward: _Problem, start: list[int], bound: int) -> list[int]:
    best, least = start, forward.worth(start)
    for _ in range(IMPROVEMENTS):
        if least <= (0, bound):
            break
        right = forward.mirrored.place([-(begin + time) for begin, time in zip(best, forward.durations, strict=True)])
        left = forward.place([-(begin + time) for begin, time in zip(right, forward.durations, strict=True)])
        worth = forward.worth(left)
        if worth >= least:
            break
        best, least = left, worth
    return best


@dataclass(frozen=True)
class _Problem:
    """Activities to place along one direction of time.

    ``before`` holds for each activity its predecessors with the least distance between the two starts, ``after``
    its successors with the distance of the same link.
    """

    durations: list[int]
    tiers: list[int | None]
    capacities: Mapping[int, int]
    releases: list[int]
    before: list[list[tuple[int, int]]]
    after: list[list[tuple[int, int]]]
    deadlines: list[tuple[int, int]]

    @classmethod
    def forward(
        cls,
        path: CriticalPath,
        tiers: list[int | None],
        capacities: Mapping[int, int],
        deadlines: Mapping[str, int],
    ) -> _Problem:
        network = path.network
        before: list[list[tuple[int, int]]] = [[] for _ in range(len(network))]
        after: list[list[tuple[int, int]]] = [[] for _ in range(len(network))]
        links = network.predecessors
        for here in range(len(network)):
            for place in range(links.starts[here], links.starts[here + 1]):
                offset = network.start_offsets[place]
                before[here].append((links.nodes[place], offset))
                after[links.nodes[place]].append((here, offset))
        due = [(network.number(name), deadline) for name, deadline in deadlines.items()]
        return cls(network.durations.tolist(), tiers, capacities, path.releases, before, after, due)

    @cached_property
    def mirrored(self) -> _Problem:
        """The same activities with time running backward: starts become finishes, and links turn round."""
        times = self.durations

        def turned(rows: list[list[tuple[int, int]]], sign: int) -> list[list[tuple[int, int]]]:
            return [
                [(there, offset + sign * (times[there] - times[here])) for there, offset in row]
                for here, row in enumerate(rows)
            ]

        none = [0] * len(times)
        return _Problem(times, self.tiers, self.capacities, none, turned(self.after, 1), turned(self.before, -1), [])

    def worth(self, start: Sequence[int]) -> tuple[int, int]:
        """What is to be small: seconds beyond deadlines, and the makespan."""
        late = sum(max(start[here] + self.durations[here] - deadline, 0) for here, deadline in self.deadlines)
        return late, max((begin + time for begin, time in zip(start, self.durations, strict=True)), default=0)

    def place(self, urgency: Sequence[int]) -> list[int]:
        """Serial schedule generation: start times, the activities with the least urgency number placed first."""
        profiles = {rank: Profile(capacity) for rank, capacity in self.capacities.items()}
        open_links = [len(row) for row in self.before]
        ready = [(urgency[here], here) for here, count in enumerate(open_links) if not count]
        heapify(ready)
        start = [0] * len(self.durations)
        while ready:
            _, here = heappop(ready)
            begin = self.releases[here]
            for before, offset in self.before[here]:
                if start[before] + offset > begin:
                    begin = start[before] + offset
            rank, time = self.tiers[here], self.durations[here]
            start[here] = begin if rank is None or not time else profiles[rank].occupy(begin, time)
            for after, _ in self.after[here]:
                open_links[after] -= 1
                if not open_links[after]:
                    heappush(ready, (urgency[after], after))
        return start


class Profile:
    """How many tasks a tier has at each time: ``used[i]`` of them from ``times[i]`` until ``times[i + 1]``."""

    def __init__(self, capacity: int) -> None:
        """Begin with nothing to do."""
        self._capacity = capacity
        self._times = [0]
        self._used = [0]

    def occupy(self, ready: int, duration: int) -> int:
        """Take one place for ``duration`` seconds at the earliest time from ``ready`` on; give that time."""
        times, used, capacity = self._times, self._used, self._capacity
        first = last = bisect_right(times, ready) - 1
        start, end, count = ready, ready + duration, len(times)
        # The same search and change as below, in one go: most of the time of scheduling is spent here.
        while last < count and times[last] < end:
            if used[last] >= capacity:
                first = last + 1
                start = times[first]
                end = start + duration
            last += 1
        if last == count or times[last] != end:
            times.insert(last, end)
            used.insert(last, used[last - 1])
        if times[first] != start:
            first += 1
            times.insert(first, start)
            used.insert(first, used[first - 1])
            last += 1
        for place in range(first, last):
            used[place] += 1
        self._unite(first, last)
        return start

    def take(self, start: int, duration: int, places: int = 1) -> None:
        """Take places from a time on, whether they are free or not; a negative number gives them back."""
        times, used, end = self._times, self._used, start + duration
        first = bisect_left(times, start)
        if first == len(times) or times[first] != start:
            times.insert(first, start)
            used.insert(first, used[first - 1])
        last = bisect_left(times, end, first)
        if last == len(times) or times[last] != end:
            times.insert(last, end)
            used.insert(last, used[last - 1])
        for place in range(first, last):
            used[place] += places
        self._unite(first, last)

    def _unite(self, first: int, last: int) -> None:
        """Make one stretch of two of equal use, where a change began and ended."""
        times, used = self._times, self._used
        if used[last] == used[last - 1]:
            del times[last], used[last]
        if first and used[first] == used[first - 1]:
            del times[first], used[first]

    def overloaded(self, start: int, duration: int) -> bool:
        """Whether more places are taken than there are, at any time from ``start`` on for ``duration`` seconds."""
        first = bisect_right(self._times, start) - 1
        return max(self._used[first : bisect_left(self._times, start + duration)]) > self._capacity

    def earliest(self, ready: int, duration: int) -> int:
        """The earliest time from ``ready`` on at which one place is free for ``duration`` seconds."""
        times, used, capacity = self._times, self._used, self._capacity
        place = bisect_right(times, ready) - 1
        start = ready
        end = start + duration
        # The last stretch is always free, so the search ends there at the latest.
        while place < len(times) and times[place] < end:
            if used[place] >= capacity:
                start = times[place + 1]
                end = start + duration
            place += 1
        return start
