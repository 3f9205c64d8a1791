"""The network of activities: what is to be done, how long each part takes, what waits for what.

Activities are numbered in plan order, leaf tasks first, then checkpoints. Everything numeric lies in flat arrays
(compressed sparse rows for the links), so that passes over it need neither objects nor recursion and a compiled
kernel can take them as they are.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate, repeat
from math import ceil
from operator import itemgetter
from typing import Any, NamedTuple

from milepost.errors import PlanInvalid, UnknownName
from milepost.plan.model import DependencyKind, DependencyOrigin, Plan, Task, TaskState
from milepost.schedule.dependencies import ALL_ORIGINS, scheduled_tasks, unite

DEFAULT_EFFORT = 3600
"""Working seconds a task without an estimate is taken to need, unless the caller says otherwise."""

LONGEST = 10**12
"""The longest duration taken seriously, in seconds: sums of a million such still fit 64 bits."""

FS, SS, FF, SF = range(4)
"""Codes of the dependency kinds in :attr:`Links.kinds`."""

_CODES = {
    DependencyKind.FINISH_TO_START: FS,
    DependencyKind.START_TO_START: SS,
    DependencyKind.FINISH_TO_FINISH: FF,
    DependencyKind.START_TO_FINISH: SF,
}


class Link(NamedTuple):
    """One dependency between numbered activities; ``kind`` is one of the codes, ``lag`` in working seconds."""

    predecessor: int
    successor: int
    kind: int = FS
    lag: int = 0


@dataclass(frozen=True, slots=True)
class Links:
    """Links by activity: those of activity *i* are at positions ``starts[i]`` to ``starts[i + 1]``.

    ``nodes`` is the activity at the other end, ``kinds`` a kind's code, ``lags`` working seconds.
    """

    starts: array[int]
    nodes: array[int]
    kinds: array[int]
    lags: array[int]

    def of(self, activity: int) -> array[int]:
        """The activities at the other ends of an activity's links."""
        return self.nodes[self.starts[activity] : self.starts[activity + 1]]


@dataclass(frozen=True, slots=True)
class Activity:
    """What is known of one activity besides its time: a leaf task, or a checkpoint as a milestone.

    ``tier`` is a rank (None: unassigned, and always for a checkpoint); ``assumed`` says that the plan states no
    estimate; ``not_before``, ``due`` and ``deadline`` are dates as the plan writes them, which only a calendar can
    turn into working time.
    """

    id: str
    tier: int | None = None
    checkpoint: bool = False
    optional: bool = False
    assumed: bool = False
    done: bool = False
    not_before: str | None = None
    due: str | None = None
    deadline: str | None = None


@dataclass(frozen=True)
class Network:
    """Activities, their durations in working seconds at their tier, and their links, all by activity number.

    ``plan`` is the one it was built of, if it was, which knows where its links are stated; it is not pickled.
    """

    activities: tuple[Activity, ...]
    durations: array[int]
    predecessors: Links
    successors: Links
    plan: Plan | None = field(default=None, repr=False, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        """What other processes need of it."""
        return {**self.__dict__, "plan": None}

    @classmethod
    def from_plan(
        cls,
        plan: Plan,
        *,
        gates: bool,
        speeds: Mapping[int, float] | None = None,
        default_effort: int = DEFAULT_EFFORT,
        remaining: bool = False,
        origins: Collection[DependencyOrigin] = ALL_ORIGINS,
    ) -> Network:
        """Build the network of a plan's leaf tasks and, with ``gates``, its checkpoints as milestones.

        A task's duration is its likely effort divided by its tier's speed, rounded up to a whole second; an
        unassigned task goes to the weakest tier. With ``remaining`` a task already done takes no time. ``origins``
        says which kinds of dependency count. Of two tasks with one id the first is taken.

        Raises:
            PlanInvalid: an estimate is beyond all measure.
        """
        tasks = scheduled_tasks(plan)
        efforts = _Efforts(plan.tiers, speeds or {}, default_effort, remaining)
        activities = [_activity(task, plan.tiers.get(task.id)) for task in tasks]
        durations = [efforts.duration(task) for task in tasks]
        if gates:
            activities += [Activity(gate.id, checkpoint=True) for gate in plan.checkpoints]
            durations += repeat(0, len(plan.checkpoints))
        else:
            origins = frozenset(origins) - {DependencyOrigin.CHECKPOINT}
        number = {activity.id: place for place, activity in enumerate(activities)}
        links = [
            Link(number[link.predecessor], number[link.successor], _CODES[link.kind], link.lag)
            for link in unite(plan, origins=origins)
            if link.predecessor in number and link.successor in number
        ]
        return replace(cls.from_links(activities, durations, links), plan=plan)

    @classmethod
    def from_links(
        cls,
        activities: Iterable[Activity | str],
        durations: Sequence[int],
        links: Iterable[Link | tuple[int, int]],
    ) -> Network:
        """Build a network; a bare id is a plain task, a bare pair of numbers a finish-to-start link.

        Raises:
            PlanInvalid: a duration is negative or more than 30,000 years.
        """
        known = tuple(Activity(item) if isinstance(item, str) else item for item in activities)
        for activity, duration in zip(known, durations, strict=True):
            if not 0 <= duration <= LONGEST:
                raise PlanInvalid(
                    f"task {activity.id} has an impossible duration: {duration / 3600:,.0f} hours",
                    remedy=f"give it between 0 and {LONGEST // 3600:,} hours",
                )
        forward = sorted(link if isinstance(link, Link) else Link(*link) for link in links)
        backward = sorted(forward, key=itemgetter(1))
        return cls(known, array("q", durations), _rows(len(known), backward, 1), _rows(len(known), forward, 0))

    def __len__(self) -> int:
        return len(self.activities)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Activity ids by number."""
        return tuple(activity.id for activity in self.activities)

    @cached_property
    def index(self) -> dict[str, int]:
        """Activity numbers by id."""
        return {name: number for number, name in enumerate(self.ids)}

    def number(self, name: str) -> int:
        """Give the number of an activity.

        Raises:
            UnknownName: the network has no such activity.
        """
        if name not in self.index:
            raise UnknownName(f"the plan has no task or checkpoint {name}")
        return self.index[name]

    @cached_property
    def start_offsets(self) -> list[int]:
        """Least distance of a predecessor's start to its successor's start, in seconds, per predecessor link.

        The lag, plus the predecessor's duration if the link leaves from its finish, less the successor's if it
        arrives there: one number turns all four kinds of dependency into the same inequality.
        """
        times = self.durations.tolist()
        links = self.predecessors
        ends = _row_numbers(links)
        return [
            lag + (times[before] if kind in (FS, FF) else 0) - (times[after] if kind in (FF, SF) else 0)
            for before, after, kind, lag in zip(links.nodes, ends, links.kinds, links.lags, strict=True)
        ]

    @cached_property
    def order(self) -> list[int]:
        """Activity numbers so that predecessors come first, near plan order.

        Raises:
            PlanInvalid: the dependencies form a cycle; the message names it, and where one of them is stated.
        """
        found = self._sorted()
        if len(found) < len(self):
            cycle = find_cycle(self)
            chain = " → ".join([*cycle, cycle[0]])
            raise PlanInvalid(
                f"the dependencies form a cycle: {chain}",
                place=_place(self.plan, cycle) if self.plan else "",
                remedy="remove one of these dependencies"
                + ("; `milepost check` shows where each is stated" if self.plan else ""),
            )
        return found

    def _sorted(self) -> list[int]:
        """Kahn's algorithm; activities on or behind a cycle are missing from the result."""
        starts, nodes = self.successors.starts.tolist(), self.successors.nodes.tolist()
        before = self.predecessors.starts
        open_links = [before[here + 1] - before[here] for here in range(len(self))]
        order = [here for here, count in enumerate(open_links) if not count]
        for here in order:
            for there in nodes[starts[here] : starts[here + 1]]:
                open_links[there] -= 1
                if not open_links[there]:
                    order.append(there)
        return order


def find_cycle(network: Network) -> list[str]:
    """Name the activities of a cycle in the order of their dependencies; empty when there is none.

    The cycle starts with its first activity in plan order, and is a shortest one through that activity.
    """
    stuck = set(range(len(network))) - set(network._sorted())
    if not stuck:
        return []
    here = min(stuck)
    seen: list[int] = []
    places: dict[int, int] = {}
    while here not in places:
        places[here] = len(seen)
        seen.append(here)
        here = next(before for before in network.predecessors.of(here) if before in stuck)
    first = min(seen[places[here] :])
    return [network.ids[number] for number in _shortest_cycle(network, first)]


def _place(plan: Plan, cycle: Sequence[str]) -> str:
    """Where a plan states the last of a cycle's dependencies that it states anywhere: ``path:line:column``."""
    ends = set(zip(cycle, [*cycle[1:], cycle[0]], strict=True))
    stated = {(one.predecessor, one.successor): one.sources for one in unite(plan) if one.sources}
    spans = [stated[pair][0].span for pair in sorted(ends & stated.keys())]
    if not spans:
        return plan.source.path
    source, span = plan.source.locate(max(spans))
    at = source.position(span.start)
    return f"{source.path}:{at.line}:{at.column}"


def _shortest_cycle(network: Network, first: int) -> list[int]:
    came_from: dict[int, int] = {}
    waiting = [first]
    for here in waiting:
        for there in network.successors.of(here):
            if there not in came_from:
                came_from[there] = here
                waiting.append(there)
        if first in came_from:
            break
    cycle = [came_from[first]]
    while cycle[-1] != first:
        cycle.append(came_from[cycle[-1]])
    return cycle[::-1]


def reachable(network: Network, first: str, then: str) -> bool:
    """Say whether ``then`` waits for ``first``, directly or through others; no activity waits for itself.

    Raises:
        UnknownName: the network has no such activity.
    """
    goal = network.number(then)
    waiting = [network.number(first)]
    seen: set[int] = set()
    for here in waiting:
        fresh = [there for there in network.successors.of(here) if there not in seen]
        seen.update(fresh)
        waiting += dict.fromkeys(fresh)
        if goal in seen:
            return True
    return False


def _activity(task: Task, rank: int | None) -> Activity:
    return Activity(
        task.id,
        tier=rank,
        optional=task.optional,
        assumed=task.effort is None,
        done=task.state is TaskState.DONE,
        not_before=task.not_before,
        due=task.due,
        deadline=task.deadline,
    )


class _Efforts:
    """Turns a task's effort into a duration at its tier, in working seconds."""

    def __init__(self, tiers: Mapping[str, int], speeds: Mapping[int, float], default: int, remaining: bool) -> None:
        self._tiers = tiers
        self._speeds = speeds
        self._default = default
        self._remaining = remaining
        self._weakest = max(speeds, default=0)

    def duration(self, task: Task) -> int:
        if self._remaining and task.state is TaskState.DONE:
            return 0
        effort = task.effort.likely if task.effort else self._default
        speed = self._speeds.get(self._tiers.get(task.id, self._weakest), 1.0)
        return effort if speed == 1 else ceil(effort / speed)


def _rows(count: int, links: Sequence[Link], end: int) -> Links:
    """Pack links sorted by one of their ends (0: the predecessor, 1: the successor) into rows of that end."""
    sizes = [0] * (count + 1)
    for link in links:
        sizes[link[end] + 1] += 1
    return Links(
        array("q", accumulate(sizes)),
        array("q", [link[1 - end] for link in links]),
        array("b", [link[2] for link in links]),
        array("q", [link[3] for link in links]),
    )


def _row_numbers(links: Links) -> list[int]:
    rows: list[int] = []
    for row in range(len(links.starts) - 1):
        rows += repeat(row, links.starts[row + 1] - links.starts[row])
    return rows
