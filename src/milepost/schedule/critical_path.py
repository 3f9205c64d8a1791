"""The critical path method over all four kinds of dependency, in working seconds.

The two passes of Kelley and Walker (1959), with start-to-start, finish-to-finish and start-to-finish links reduced
to distances between starts as in Elmaghraby and Kamburowski (1992): a link demands
``start[successor] >= start[predecessor] + offset``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from milepost.schedule.compiling import can_compile
from milepost.schedule.network import Network

LOAD_FROM = 200_000
"""Activities from which loading the compiled passes pays: half a second, what plain Python takes for so many."""

COMPILED_FROM = 1_000
"""Activities from which the compiled passes are quicker once they are loaded."""

_KERNELS = "milepost.schedule.path_kernels"


@dataclass(frozen=True)
class CriticalPath:
    """Dates and floats of every activity by its number, in working seconds from the start of the plan.

    ``releases`` are the starts no activity may undercut, 0 where nothing else was asked for.
    ``total_float`` is how far an activity may slip without delaying the plan's end or breaking a deadline (negative:
    by how much it comes too late); ``free_float`` without delaying the early start of any successor or the end.
    """

    network: Network
    releases: list[int]
    early_start: list[int]
    early_finish: list[int]
    late_start: list[int]
    late_finish: list[int]
    total_float: list[int]
    free_float: list[int]
    makespan: int

    @cached_property
    def critical(self) -> tuple[str, ...]:
        """Ids of all activities without float, in plan order."""
        ids = self.network.ids
        return tuple(name for name, room in zip(ids, self.total_float, strict=True) if room <= 0)

    @cached_property
    def driving_predecessors(self) -> list[list[int]]:
        """For each activity the predecessors whose dates alone would let it start no earlier."""
        offsets, links = self.network.start_offsets, self.network.predecessors
        starts = self.early_start
        return [
            [
                links.nodes[place]
                for place in range(links.starts[here], links.starts[here + 1])
                if starts[links.nodes[place]] + offsets[place] == starts[here]
            ]
            for here in range(len(starts))
        ]

    @cached_property
    def longest_successors(self) -> dict[int, list[int]]:
        """The activities of all longest chains, each with its followers on them, in plan order.

        These are the critical activities when no deadline asks for less than the makespan.
        """
        ends = [here for here, finish in enumerate(self.early_finish) if finish == self.makespan]
        followers: dict[int, list[int]] = {here: [] for here in ends}
        waiting = list(ends)
        for here in waiting:
            for before in dict.fromkeys(self.driving_predecessors[here]):
                if before not in followers:
                    followers[before] = []
                    waiting.append(before)
                followers[before].append(here)
        return {here: sorted(followers[here]) for here in sorted(followers)}

    @cached_property
    def longest_starts(self) -> list[int]:
        """The activities that longest chains begin with, in plan order."""
        return [here for here in self.longest_successors if not self.driving_predecessors[here]]

    @cached_property
    def critical_path(self) -> tuple[str, ...]:
        """One longest chain of activities: of several the one of most activities, then the first in plan order."""
        followers = self.longest_successors
        length: dict[int, int] = {}
        for here in reversed(self.network.order):
            if here in followers:
                length[here] = 1 + max((length[there] for there in followers[here]), default=0)
        chain: list[int] = []
        following = self.longest_starts
        while following:
            chain.append(max(following, key=length.__getitem__))
            following = followers[chain[-1]]
        return tuple(self.network.ids[here] for here in chain)


def compute(
    network: Network,
    *,
    releases: Mapping[str, int] | None = None,
    deadlines: Mapping[str, int] | None = None,
) -> CriticalPath:
    """Find the dates and floats of all activities.

    ``releases`` are the earliest allowed starts, ``deadlines`` the latest allowed finishes, by activity id, in
    working seconds from the start of the plan. Takes time proportional to activities and links.

    Raises:
        PlanInvalid: the dependencies form a cycle; the message names it.
        UnknownName: a release or a deadline is for an activity the network does not have.
    """
    earliest = [0] * len(network)
    for name, release in (releases or {}).items():
        earliest[network.number(name)] = max(release, 0)
    latest = {network.number(name): deadline for name, deadline in (deadlines or {}).items()}
    passes = _compiled_passes if _compilation_pays(len(network)) else _plain_passes
    return passes(network, earliest, latest)


def _compilation_pays(count: int) -> bool:
    return count >= (COMPILED_FROM if _KERNELS in sys.modules else LOAD_FROM) and can_compile()


def _compiled_passes(network: Network, releases: list[int], deadlines: Mapping[int, int]) -> CriticalPath:
    from milepost.schedule.path_kernels import network_dates

    found = network_dates(network, releases, deadlines)
    if found is None:
        return _plain_passes(network, releases, deadlines)  # which names the cycle
    return CriticalPath(
        network,
        releases,
        found.early_start.tolist(),
        found.early_finish.tolist(),
        found.late_start.tolist(),
        found.late_finish.tolist(),
        found.total_float.tolist(),
        found.free_float.tolist(),
        found.makespan,
    )


def _plain_passes(network: Network, releases: list[int], deadlines: Mapping[int, int]) -> CriticalPath:
    early_start = _forward(network, releases)
    times = network.durations.tolist()
    early_finish = [start + time for start, time in zip(early_start, times, strict=True)]
    makespan = max(early_finish, default=0)
    late_start, free_float = _backward(network, early_start, makespan, deadlines)
    return CriticalPath(
        network,
        releases,
        early_start,
        early_finish,
        late_start,
        [start + time for start, time in zip(late_start, times, strict=True)],
        [late - early for late, early in zip(late_start, early_start, strict=True)],
        free_float,
        makespan,
    )


def _forward(network: Network, releases: list[int]) -> list[int]:
    starts, nodes = network.predecessors.starts.tolist(), network.predecessors.nodes.tolist()
    offsets = network.start_offsets
    early = list(releases)
    for here in network.order:
        start = early[here]
        for place in range(starts[here], starts[here + 1]):
            bound = early[nodes[place]] + offsets[place]
            if bound > start:
                start = bound
        early[here] = start
    return early


def _backward(
    network: Network, early: list[int], makespan: int, deadlines: Mapping[int, int]
) -> tuple[list[int], list[int]]:
    """Late starts and free floats, handing each activity's bounds on to its predecessors."""
    starts, nodes = network.predecessors.starts.tolist(), network.predecessors.nodes.tolist()
    offsets = network.start_offsets
    late = [makespan - time for time in network.durations]
    free = [latest - earliest for latest, earliest in zip(late, early, strict=True)]
    for here, deadline in deadlines.items():
        late[here] = min(late[here], deadline - network.durations[here])
    for here in reversed(network.order):
        latest, earliest = late[here], early[here]
        for place in range(starts[here], starts[here + 1]):
            before, offset = nodes[place], offsets[place]
            if latest - offset < late[before]:
                late[before] = latest - offset
            room = earliest - offset - early[before]
            if room < free[before]:
                free[before] = room
    return late, free
