"""What is simulated, and the raw result: the terms that plain Python and the compiled kernels share."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from milepost.schedule.network import FF, FS, SF, Links, Network
from milepost.schedule.sampling import DurationModel

if TYPE_CHECKING:
    from milepost.schedule.calendar import WorkingTime
    from milepost.schedule.calendar_path import Axes

CHUNK = 1024
"""Samples that are summed up in one go: how the work is divided, whatever number of threads does it."""


@dataclass(frozen=True)
class Experiment:
    """A network to be drawn, with releases by activity number.

    ``order`` has predecessors first. With ``capacities`` it is the order in which each tier takes its tasks; see
    :func:`activity_list`. The finishes of the activities ``watched`` are kept. Where tiers keep different calendars
    ``axes`` are those of the activities, ``tier_times`` those of the model's tiers; releases are places on the axes,
    and makespans and finishes real seconds.
    """

    network: Network
    model: DurationModel
    releases: Sequence[int]
    order: Sequence[int]
    capacities: bool = False
    watched: tuple[int, ...] = ()
    axes: Axes | None = None
    tier_times: tuple[WorkingTime, ...] = ()

    @cached_property
    def medians(self) -> list[float]:
        """The median durations at the own tier, in seconds, by activity number."""
        return [self.model.median(here) for here in range(len(self.network))]

    @cached_property
    def reference(self) -> int:
        """The makespan of median durations without capacities: a number near most makespans.

        Sums of squares of differences from it lose no digits.
        """
        rows, times = incoming(self.network.predecessors), [round(time) for time in self.medians]
        finish = [0] * len(times)
        for here in self.order:
            start = self.releases[here]
            for before, kind, lag in rows[here]:
                base = finish[before] - (0 if kind in (FS, FF) else times[before])
                start = max(start, base + lag - (times[here] if kind in (FF, SF) else 0))
            finish[here] = start + times[here]
        return max(finish, default=0)


@dataclass(frozen=True)
class Moments:
    """Sums over samples, by activity, of x = duration − its median, of x², and of x × (makespan − reference)."""

    first: array[float]
    second: array[float]
    product: array[float]

    @classmethod
    def empty(cls, count: int) -> Moments:
        """Nothing summed up yet."""
        return cls(*(array("d", bytes(8 * count)) for _ in range(3)))


@dataclass(frozen=True)
class Tally:
    """The raw result: by sample makespans, costs and watched finishes; by activity how often critical and escalated.

    ``moments`` are those of each chunk.
    """

    makespans: array[int]
    costs: array[float]
    watched: list[array[int]]
    critical: array[int]
    escalated: array[int]
    moments: list[Moments]


def activity_list(network: Network, starts: Sequence[int]) -> list[int]:
    """Activities in the order of a schedule's starts, but predecessors always first."""
    before = network.predecessors.starts
    open_links = [before[here + 1] - before[here] for here in range(len(network))]
    ready = [(starts[here], here) for here, count in enumerate(open_links) if not count]
    heapify(ready)
    order = []
    while ready:
        here = heappop(ready)[1]
        order.append(here)
        for there in network.successors.of(here):
            open_links[there] -= 1
            if not open_links[there]:
                heappush(ready, (starts[there], there))
    return order


def incoming(links: Links) -> list[list[tuple[int, int, int]]]:
    """For each activity its links as (predecessor, kind, lag)."""
    return [
        [
            (links.nodes[place], links.kinds[place], links.lags[place])
            for place in range(links.starts[here], links.starts[here + 1])
        ]
        for here in range(len(links.starts) - 1)
    ]
