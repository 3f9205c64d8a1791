"""Placing activities where tiers keep different calendars, one after the other or hour by hour.

Each tier's capacity is kept on the axis of its own calendar, and links between tiers go through real time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heapify, heappop, heappush

from milepost.schedule.calendar import WorkingTime
from milepost.schedule.calendar_path import Axes, AxisLink, CalendarPath
from milepost.schedule.leveling import Profile, tier_ranks


@dataclass(frozen=True, slots=True)
class Placed:
    """A schedule in real seconds; ``worth`` is to be small: working seconds beyond deadlines, and the makespan."""

    start: list[int]
    finish: list[int]
    worth: tuple[int, int]


@dataclass(frozen=True)
class Placement:
    """Activities to place, each on its own axis."""

    path: CalendarPath
    capacities: Mapping[int, int]

    @cached_property
    def tiers(self) -> list[int | None]:
        """The rank whose capacity each activity uses, None for checkpoints.

        Raises:
            PlanInvalid: a task needs a tier that is not there or takes on nothing.
        """
        return tier_ranks(self.path.network, self.capacities)

    @cached_property
    def lower_bound(self) -> int:
        """Real seconds that no schedule can undercut: the critical path, or a tier's work shared by all its capacity.

        Whatever tasks of a tier are left from some early start on, all its places are to share them from there.
        """
        bounds = [self.path.makespan]
        work: dict[tuple[int, WorkingTime], int] = defaultdict(int)
        least: dict[tuple[int, WorkingTime], int] = defaultdict(int)
        for here in sorted(range(len(self._times)), key=self.path.begins.__getitem__, reverse=True):
            rank = self._occupied[here]
            if rank is not None:
                key = rank, self._axes.of[here]
                work[key] += self._times[here]
                least[key] = max(least[key], self.path.begins[here] - (-work[key] // self.capacities[rank]))
        return max(bounds + [axis.ends(place) for (_, axis), place in least.items()])

    @property
    def _axes(self) -> Axes:
        return self.path.axes

    @cached_property
    def _times(self) -> list[int]:
        return self.path.network.durations.tolist()

    @cached_property
    def _occupied(self) -> list[int | None]:
        """The rank whose capacity an activity takes, None if it takes none."""
        return [rank if time else None for rank, time in zip(self.tiers, self._times, strict=True)]

    @cached_property
    def varied(self) -> bool:
        """Whether the tiers have axes of their own, more than one, so that :meth:`dispatch` is to be preferred."""
        pairs = {(rank, axis) for rank, axis in zip(self._occupied, self._axes.of, strict=True) if rank is not None}
        ranks, axes = (set(one) for one in zip(*pairs, strict=True)) if pairs else (set(), set())
        return len(axes) > 1 and len(pairs) == len(ranks)

    def dispatch(self, urgency: Sequence[int]) -> Placed:
        """Parallel schedule generation: a tier with a free place begins its most urgent task that may begin.

        Time only goes forward, so that no place is ever free while a task waits for it. All tasks of a tier have to
        be on one axis.
        """
        axes, times, ranks, after = self._axes.of, self._times, self._occupied, self._axes.after
        releases, bounds = self.path.releases, self._axes.bounds
        begins, start, finish = ([0] * len(times) for _ in range(3))
        free, queues = dict(self.capacities), {rank: list[tuple[int, int]]() for rank in self.capacities}
        open_links = [len(row) for row in self._axes.before]
        opened = [here for here, count in enumerate(open_links) if not count]
        # What happens when: a task may begin (its number), or a tier has a place free again (-1 - rank).
        events: list[tuple[int, int, int]] = []
        now = 0
        while True:
            while opened:
                here = opened.pop()
                axis, rank = axes[here], ranks[here]
                begin = max([releases[here], *bounds(here, begins, start, finish)])
                at = axis.begins(begin)
                if rank is not None:
                    if at < now:
                        begin = axis.worked(now)
                        at = axis.begins(begin)
                    heappush(events, (at, here, begin))
                    continue
                begins[here], start[here], finish[here] = begin, at, axis.ends(begin + times[here])
                _open(after[here], open_links, opened)
            if not events:
                return self._placed(begins, start, finish)
            now = events[0][0]
            turns: dict[int, int] = {}
            while events and events[0][0] == now:
                _, here, place = heappop(events)
                rank = ranks[here] if here >= 0 else -1 - here
                assert rank is not None
                if here < 0:
                    free[rank] += 1
                else:
                    heappush(queues[rank], (urgency[here], here))
                turns[rank] = place
            for rank, place in turns.items():
                queue = queues[rank]
                while queue and free[rank]:
                    here = heappop(queue)[1]
                    free[rank] -= 1
                    end, axis = place + times[here], axes[here]
                    begins[here], start[here], finish[here] = place, now, axis.ends(end)
                    heappush(events, (axis.begins(end), -1 - rank, end))
                    _open(after[here], open_links, opened)

    def place(self, urgency: Sequence[int]) -> Placed:
        """Serial schedule generation: each activity as early as its predecessors and its tier allow."""
        axes, times, ranks = self._axes.of, self._times, self._occupied
        releases, bounds = self.path.releases, self._axes.bounds
        profiles = self._profiles()
        begins, start, finish = ([0] * len(times) for _ in range(3))
        for here in _order(urgency, self._axes.before, self._axes.after):
            axis, rank = axes[here], ranks[here]
            begin = max([releases[here], *bounds(here, begins, start, finish)])
            if rank is not None:
                begin = profiles[rank].occupy(begin, times[here])
            begins[here], start[here], finish[here] = begin, axis.begins(begin), axis.ends(begin + times[here])
        return self._placed(begins, start, finish)

    def late_starts(self, finishes: Sequence[int], end: int) -> list[int]:
        """The same from the end backward: each activity as late as its successors and its tier allow."""
        axes, times, ranks = self._axes.of, self._times, self._occupied
        final = {axis: axis.worked(end) for axis in set(axes)}
        profiles = self._profiles()
        begins, start = ([0] * len(times) for _ in range(2))
        for here in _order([-finish for finish in finishes], self._axes.after, self._axes.before):
            axis, time, rank = axes[here], times[here], ranks[here]
            latest = final[axis] - time
            begin = self._axes.last(here, latest, begins, start)
            if rank is not None:
                # On the mirrored axis, which runs backward from the end, the activity begins where it finishes.
                begin = latest - profiles[rank].occupy(latest - begin, time)
            begins[here], start[here] = begin, axis.begins(begin)
        return start

    def _placed(self, begins: list[int], start: list[int], finish: list[int]) -> Placed:
        late = sum(max(begins[here] + self._times[here] - place, 0) for here, place in self.path.deadlines.items())
        return Placed(start, finish, (late, max(finish, default=0)))

    def _profiles(self) -> dict[int, Profile]:
        return {rank: Profile(capacity) for rank, capacity in self.capacities.items()}


def _open(links: list[AxisLink], open_links: list[int], opened: list[int]) -> None:
    """Note that an activity is placed; what waits for nothing any more joins ``opened``."""
    for there, _, _, _ in links:
        open_links[there] -= 1
        if not open_links[there]:
            opened.append(there)


def _order(urgency: Sequence[int], before: list[list[AxisLink]], after: list[list[AxisLink]]) -> Iterator[int]:
    """The activities, the most urgent of those first that wait for nothing any more."""
    open_links = [len(row) for row in before]
    ready = [(urgency[here], here) for here, count in enumerate(open_links) if not count]
    heapify(ready)
    while ready:
        here = heappop(ready)[1]
        yield here
        for there, _, _, _ in after[here]:
            open_links[there] -= 1
            if not open_links[there]:
                heappush(ready, (urgency[there], there))
