"""A schedule that goes on from the last one: what is done or started is a fact, what is not stays if it can.

Every task that has not started holds the place it had in the last schedule. In the order of their starts, a task that
its predecessors, the time it is, or an overloaded tier no longer let start then gives its place up for the next free
one. Where that ends the plan later than before, a second schedule is made, in which tasks keep only their order; it is
taken if it ends so much sooner that this pays for every further start that moves (the stability of a repaired
schedule against its makespan, as in Van de Vonder, Demeulemeester and Herroelen, 2007).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from milepost.schedule.leveling import Profile, tier_ranks
from milepost.schedule.network import FF, FS, SF, Network

PRICE = 300
"""Seconds by which the plan has to end sooner for each start that is moved."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What has happened by ``now``: starts and finishes by task id, in working seconds from the start of the plan.

    What has finished without a start known took its planned time, or less if that would be before the plan's start.
    """

    now: int = 0
    started: Mapping[str, int] = field(default_factory=dict)
    finished: Mapping[str, int] = field(default_factory=dict)

    def span(self, name: str, duration: int) -> tuple[int, int] | None:
        """The start and finish of a task that was planned to take so long; None if it has not started.

        A running task takes what was planned, but never less than one second more.
        """
        if name in self.finished:
            finish = self.finished[name]
            return min(self.started.get(name, max(finish - duration, 0)), finish), finish
        if name in self.started:
            return self.started[name], max(self.started[name] + duration, self.now + 1)
        return None


@dataclass(frozen=True, slots=True)
class Move:
    """A task that starts at another time than in the last schedule."""

    id: str
    before: int
    start: int


@dataclass(frozen=True, slots=True)
class Replan:
    """A schedule by activity number, in working seconds from the start; facts are in it as they are.

    ``moved`` are the tasks that have not started and do so at another time than in the last schedule, in plan order.
    """

    start: list[int]
    finish: list[int]
    tier: list[int | None]
    makespan: int
    moved: tuple[Move, ...]


def replan(
    network: Network,
    capacities: Mapping[int, int],
    last: Mapping[str, int],
    facts: Facts,
    *,
    releases: Mapping[str, int] | None = None,
    price: int = PRICE,
) -> Replan:
    """Go on from the last schedule's starts, by id; tasks that it does not have are put where there is room.

    ``releases`` are the earliest starts of what has not started. The same input always gives the same schedule.

    Raises:
        PlanInvalid: the dependencies form a cycle, or a task needs a tier that is not there or takes on nothing.
    """
    network.order  # noqa: B018 - names a cycle
    repair = _Repair(network, tier_ranks(network, capacities), capacities, last, facts, releases or {})
    stayed = repair.place(reserve=True)
    if stayed.makespan <= repair.last_end or not stayed.moved:
        return stayed
    shifted = repair.place(reserve=False)
    return min(stayed, shifted, key=lambda found: found.makespan + price * len(found.moved))


class _Repair:
    def __init__(
        self,
        network: Network,
        tiers: list[int | None],
        capacities: Mapping[int, int],
        last: Mapping[str, int],
        facts: Facts,
        releases: Mapping[str, int],
    ) -> None:
        self._network = network
        self._durations = network.durations.tolist()
        self._tiers = tiers
        self._works = [rank is not None and time > 0 for rank, time in zip(tiers, self._durations, strict=True)]
        self._capacities = capacities
        self._last = [last.get(name) for name in network.ids]
        self._now = facts.now
        self._facts = [facts.span(name, time) for name, time in zip(network.ids, self._durations, strict=True)]
        self._releases = [releases.get(name, 0) for name in network.ids] if releases else [0] * len(network)
        rows = network.predecessors
        self._before = [
            list(zip(rows.nodes[low:high], rows.kinds[low:high], rows.lags[low:high], strict=True))
            for low, high in zip(rows.starts, rows.starts[1:], strict=False)
        ]
        self._open = [here for here, span in enumerate(self._facts) if span is None]
        self._holds = [
            planned is not None and planned >= facts.now and works
            for planned, works in zip(self._last, self._works, strict=True)
        ]
        ends = [(self._last[here] or 0) + self._durations[here] for here in self._open]
        self.last_end = max(ends, default=0)

    def place(self, *, reserve: bool) -> Replan:
        """Place what has not started; with ``reserve`` every task holds its last place until it has to give it up."""
        start, finish, tiers = self._happened()
        if reserve:
            for here in self._open:
                if self._holds[here]:
                    tiers[here].take(self._last[here] or 0, self._durations[here])
        waiting = [sum(self._facts[before] is None for before, _, _ in row) for row in self._before]
        ready = [(self._last[here] or 0, here) for here in self._open if not waiting[here]]
        heapify(ready)
        starts, nodes = self._network.successors.starts, self._network.successors.nodes
        while ready:
            _, here = heappop(ready)
            start[here] = self._begin(here, self._least(here, start, finish), tiers[here], reserve)
            finish[here] = start[here] + self._durations[here]
            for there in nodes[starts[here] : starts[here + 1]]:
                waiting[there] -= 1
                if not waiting[there] and self._facts[there] is None:
                    heappush(ready, (self._last[there] or 0, there))
        return Replan(start, finish, self._tiers, max(finish, default=0), self._moves(start))

    def _happened(self) -> tuple[list[int], list[int], list[Profile]]:
        """The starts and finishes that are facts, and every activity's tier as far as it is busy with them."""
        profiles: dict[int | None, Profile] = {rank: Profile(capacity) for rank, capacity in self._capacities.items()}
        nobody = Profile(0)
        tiers = [profiles.get(rank, nobody) for rank in self._tiers]
        start, finish = [0] * len(self._facts), [0] * len(self._facts)
        for here, span in enumerate(self._facts):
            if span is not None:
                start[here], finish[here] = span
                if finish[here] > self._now and self._works[here]:
                    tiers[here].take(self._now, finish[here] - self._now)
        return start, finish, tiers

    def _least(self, here: int, start: list[int], finish: list[int]) -> int:
        """The earliest start that predecessors, releases, the time and the last schedule allow."""
        own = self._durations[here]
        least = max(self._releases[here], self._last[here] or 0, self._now if own else 0)
        for before, kind, lag in self._before[here]:
            bound = (finish if kind in (FS, FF) else start)[before] + lag - (own if kind in (FF, SF) else 0)
            if bound > least:
                least = bound
        return least

    def _begin(self, here: int, least: int, tier: Profile, reserve: bool) -> int:
        if not self._works[here]:
            return least
        duration, planned = self._durations[here], self._last[here] or 0
        if reserve and self._holds[here]:
            if least == planned and not tier.overloaded(planned, duration):
                return planned
            tier.take(planned, duration, -1)
        return tier.occupy(least, duration)

    def _moves(self, start: list[int]) -> tuple[Move, ...]:
        ids, activities = self._network.ids, self._network.activities
        return tuple(
            Move(ids[here], planned, start[here])
            for here in self._open
            if (planned := self._last[here]) is not None and planned != start[here] and not activities[here].checkpoint
        )
