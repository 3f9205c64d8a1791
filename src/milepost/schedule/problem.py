"""Scheduling problems in general: activities with modes, links between them, and resources they share.

This is the resource-constrained project scheduling problem with several modes (MRCPSP) and generalised links. A plan
is the special case in which a task takes one unit of its tier. Times are whole units of the caller's choice: working
seconds for a plan, the file's own unit for a benchmark instance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from milepost.errors import PlanInvalid
from milepost.schedule.critical_path import CriticalPath
from milepost.schedule.network import FF, FS, SF, SS, Link, Network

_MIRRORED = {FS: FS, SS: FF, FF: SS, SF: SF}


@dataclass(frozen=True, slots=True)
class Resource:
    """Something activities share: so many units at any time (renewable) or in total over the whole project."""

    name: str
    capacity: int
    renewable: bool = True


@dataclass(frozen=True, slots=True)
class Mode:
    """A way to do an activity: how long it takes and how many units it needs of each resource of the problem."""

    duration: int
    demands: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Start times and modes (positions among each activity's modes) by activity number, and their makespan."""

    start: tuple[int, ...]
    modes: tuple[int, ...]
    makespan: int


@dataclass(frozen=True)
class Problem:
    """Activities by number, each with at least one mode; ``releases`` are their earliest starts (none: all 0).

    Raises:
        PlanInvalid: the parts do not fit together, or an activity has no mode that the resources allow.
    """

    names: tuple[str, ...]
    modes: tuple[tuple[Mode, ...], ...]
    links: tuple[Link, ...]
    resources: tuple[Resource, ...]
    releases: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if len(self.names) != len(self.modes):
            raise PlanInvalid(f"{len(self.names)} activities, but modes of {len(self.modes)}")
        if self.releases and len(self.releases) != len(self.names):
            raise PlanInvalid(f"{len(self.names)} activities, but earliest starts of {len(self.releases)}")
        for name, modes in zip(self.names, self.modes, strict=True):
            for mode in modes:
                if len(mode.demands) != len(self.resources):
                    raise PlanInvalid(f"activity {name} demands {len(mode.demands)} of {len(self.resources)} resources")
                if mode.duration < 0 or min(mode.demands, default=0) < 0:
                    raise PlanInvalid(f"activity {name} has a negative duration or demand")
            if not any(self._possible(mode) for mode in modes):
                raise PlanInvalid(f"activity {name} needs more of a resource than there is, in every way to do it")

    def _possible(self, mode: Mode) -> bool:
        return all(need <= resource.capacity for need, resource in zip(mode.demands, self.resources, strict=True))

    @classmethod
    def from_path(cls, path: CriticalPath, capacities: Mapping[int, int]) -> Problem:
        """Make the problem of a plan's network: each task takes one of its tier's ``capacities`` (by rank).

        An unassigned task goes to the weakest tier; a checkpoint and a task that takes no time use nothing.

        Raises:
            PlanInvalid: a task needs a tier that is not there or takes on nothing.
        """
        network, ranks = path.network, sorted(capacities)
        modes = []
        for activity, duration in zip(network.activities, network.durations, strict=True):
            rank = max(ranks, default=1) if activity.tier is None else activity.tier
            if not activity.checkpoint and capacities.get(rank, 0) < 1:
                raise PlanInvalid(f"task {activity.id} needs tier {rank}, which takes on no task at all")
            works = duration > 0 and not activity.checkpoint
            modes.append((Mode(duration, tuple(int(works and rank == other) for other in ranks)),))
        resources = tuple(Resource(f"tier {rank}", capacities[rank]) for rank in ranks)
        return cls(network.ids, tuple(modes), tuple(_links(network)), resources, tuple(path.releases))

    @classmethod
    def smallest(cls) -> Problem:
        """Make one that has nothing to decide, by which compiled code is loaded or compiled."""
        return cls(("",), ((Mode(1, (1,)),),), (), (Resource("", 1),))

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def renewable(self) -> tuple[int, ...]:
        """Positions of the resources that are free again after use."""
        return tuple(place for place, resource in enumerate(self.resources) if resource.renewable)

    @cached_property
    def nonrenewable(self) -> tuple[int, ...]:
        """Positions of the resources whose total over the project is limited."""
        return tuple(place for place, resource in enumerate(self.resources) if not resource.renewable)

    @cached_property
    def choices(self) -> tuple[tuple[int, ...], ...]:
        """For each activity the positions of its modes worth trying.

        A mode is left out if the resources never allow it, or if another takes no longer and needs no more of
        anything (Sprecher, Hartmann and Drexl, 1997: non-executable and inefficient modes). Of the total of a
        non-renewable resource an activity may use what all others leave even in their most modest modes.
        """
        least = [self._least(modes) for modes in self.modes]
        total = [sum(needs) for needs in zip(*least, strict=True)]
        found = []
        for modes, own in zip(self.modes, least, strict=True):
            left = [
                self.resources[place].capacity - whole + mine
                for place, whole, mine in zip(self.nonrenewable, total, own, strict=True)
            ]
            found.append(self._worth_trying(modes, left))
        return tuple(found)

    def _least(self, modes: Sequence[Mode]) -> list[int]:
        return [min(mode.demands[place] for mode in modes if self._possible(mode)) for place in self.nonrenewable]

    def _worth_trying(self, modes: Sequence[Mode], left: Sequence[int]) -> tuple[int, ...]:
        possible = [place for place, mode in enumerate(modes) if self._possible(mode)]
        fitting = [
            place
            for place in possible
            if all(modes[place].demands[what] <= rest for what, rest in zip(self.nonrenewable, left, strict=True))
        ]
        chosen: list[int] = []
        for place in sorted(fitting or possible, key=lambda place: (modes[place].duration, modes[place].demands)):
            if not any(_no_worse(modes[other], modes[place]) for other in chosen):
                chosen.append(place)
        return tuple(sorted(chosen))

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Activity numbers with predecessors first.

        Raises:
            PlanInvalid: the links form a cycle; the message names it.
        """
        return tuple(Network.from_links(self.names, [0] * len(self), self.links).order)

    @cached_property
    def mirrored(self) -> Problem:
        """The same activities with time running backward: starts become finishes and links turn round."""
        links = tuple(Link(link.successor, link.predecessor, _MIRRORED[link.kind], link.lag) for link in self.links)
        return replace(self, links=links, releases=())

    def selected(self, modes: Sequence[int]) -> list[Mode]:
        """The mode of each activity, given its position among the activity's modes."""
        return [choices[place] for choices, place in zip(self.modes, modes, strict=True)]

    def schedule(self, start: Sequence[int], modes: Sequence[int]) -> Schedule:
        """The schedule with these start times and modes."""
        chosen = self.selected(modes)
        makespan = max((begin + mode.duration for begin, mode in zip(start, chosen, strict=True)), default=0)
        return Schedule(tuple(start), tuple(modes), makespan)


def _links(network: Network) -> Iterator[Link]:
    rows = network.predecessors
    for here in range(len(network)):
        for place in range(rows.starts[here], rows.starts[here + 1]):
            yield Link(rows.nodes[place], here, rows.kinds[place], rows.lags[place])


def _no_worse(one: Mode, other: Mode) -> bool:
    return one.duration <= other.duration and all(
        mine <= theirs for mine, theirs in zip(one.demands, other.demands, strict=True)
    )
