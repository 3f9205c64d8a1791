"""The quality of a schedule: the 14-point assessment of the Defense Contract Management Agency (DCMA, 2005).

The points are DCMA's; what counts as a long task or much float is a parameter. DCMA's 44 days suit programmes of
years; the preset for plans of hours, as agents carry out, is the default, and a report says which one was used.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from milepost.schedule.calendar_path import Axes, CalendarPath, compute_on_axes
from milepost.schedule.critical_path import CriticalPath, compute
from milepost.schedule.network import FS, Activity, Network

_DAY = 8 * 3600
_DATE = len("2026-12-01")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What is still good: shares of tasks or links (0 to 1), working seconds, and indices."""

    name: str
    high_float: int
    high_duration: int
    logic: float = 0.05
    leads: float = 0.0
    lags: float = 0.05
    finish_to_start: float = 0.9
    hard_constraints: float = 0.05
    high_float_share: float = 0.05
    high_duration_share: float = 0.05
    missed: float = 0.05
    critical_path_length_index: float = 0.95
    baseline_execution_index: float = 0.95


DCMA = Thresholds("dcma", high_float=44 * _DAY, high_duration=44 * _DAY)
"""DCMA's own: 44 working days."""

AGENT = Thresholds("agent", high_float=2 * _DAY, high_duration=1 * _DAY)
"""For plans of hours: a task that takes more than a working day is to be split; float of two days is no bond."""

PRESETS: Mapping[str, Thresholds] = {preset.name: preset for preset in (AGENT, DCMA)}


@dataclass(frozen=True, slots=True)
class BaselineStatus:
    """What a baseline says at a time: planned finishes by task and its makespan, in seconds; ``at``: now."""

    finishes: Mapping[str, int]
    makespan: int
    at: float


@dataclass(frozen=True, slots=True)
class Point:
    """One of the 14: its figure beside its threshold; ``passed`` is None where what it needs is not known.

    ``share`` says that figure and threshold are shares of tasks or links. ``offenders`` are task ids, links as
    ``1.1 → 1.2``.
    """

    number: int
    name: str
    figure: float | None
    threshold: float
    passed: bool | None
    share: bool
    detail: str
    offenders: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The point as JSON can hold it."""
        return {
            "number": self.number,
            "name": self.name,
            "figure": self.figure,
            "threshold": self.threshold,
            "passed": self.passed,
            "offenders": list(self.offenders),
            "detail": self.detail,
        }


@dataclass(frozen=True)
class Subject:
    """What is assessed. ``deadlines`` in working seconds by id; ``overdue`` says which tasks the plan's dates wanted
    done by now (None: it states none, or nobody knows what time it is).
    """

    path: CriticalPath
    deadlines: Mapping[str, int] = field(default_factory=dict)
    baseline: BaselineStatus | None = None
    thresholds: Thresholds = AGENT
    overdue: frozenset[str] | None = None


def assess(subject: Subject) -> tuple[Point, ...]:
    """Assess a schedule by all 14 points. Like DCMA's, most count what is not done yet, without milestones."""
    return _Assessment(subject).points()


class _Assessment:
    def __init__(self, subject: Subject) -> None:
        self._path = subject.path
        self._network = subject.path.network
        self._given = subject
        self._limits = subject.thresholds
        activities = self._network.activities
        self._tasks = [here for here, one in enumerate(activities) if not one.checkpoint]
        self._open = [here for here in self._tasks if not activities[here].done]
        self._links = list(_task_links(self._network))

    def points(self) -> tuple[Point, ...]:
        return (
            self._logic(),
            self._link_share(2, "leads", self._limits.leads, lambda kind, lag: lag < 0, "links with a negative lag"),
            self._link_share(3, "lags", self._limits.lags, lambda kind, lag: lag > 0, "links with a lag"),
            self._relationships(),
            self._task_share(
                5, "hard constraints", self._limits.hard_constraints, self._constrained, "tasks with a deadline"
            ),
            self._task_share(
                6,
                "high float",
                self._limits.high_float_share,
                lambda here: self._path.total_float[here] > self._limits.high_float,
                f"tasks with more than {self._limits.high_float / 3600:g} h of float",
            ),
            self._task_share(
                7, "negative float", 0.0, lambda here: self._path.total_float[here] < 0, "tasks that come too late"
            ),
            self._task_share(
                8,
                "high duration",
                self._limits.high_duration_share,
                lambda here: self._network.durations[here] > self._limits.high_duration,
                f"tasks longer than {self._limits.high_duration / 3600:g} h",
            ),
            self._invalid_dates(),
            self._task_share(10, "resources", 0.0, self._unequipped, "tasks without a tier or an estimate"),
            self._missed(),
            self._critical_path_test(),
            self._length_index(),
            self._execution_index(),
        )

    def _share(
        self, number: int, name: str, limit: float, of: int, offenders: list[str], detail: str, *, least: bool = False
    ) -> Point:
        figure = len(offenders) / of if of else 0.0
        if least:
            figure = 1 - figure
        return Point(
            number, name, figure, limit, figure >= limit if least else figure <= limit, True, detail, tuple(offenders)
        )

    def _task_share(self, number: int, name: str, limit: float, bad: Callable[[int], bool], detail: str) -> Point:
        offenders = [self._network.ids[here] for here in self._open if bad(here)]
        return self._share(number, name, limit, len(self._open), offenders, detail)

    def _link_share(self, number: int, name: str, limit: float, bad: Callable[[int, int], bool], detail: str) -> Point:
        offenders = [_arrow(self._network, before, here) for before, here, kind, lag in self._links if bad(kind, lag)]
        return self._share(number, name, limit, len(self._links), offenders, detail)

    def _logic(self) -> Point:
        """One task without a predecessor and one without a successor are natural: where the plan begins and ends."""
        before, after = self._network.predecessors.starts, self._network.successors.starts
        starts = [here for here in self._tasks if before[here] == before[here + 1]]
        ends = [here for here in self._tasks if after[here] == after[here + 1]]
        offending = {*starts[1:], *ends[:-1]}
        offenders = [self._network.ids[here] for here in self._open if here in offending]
        detail = "tasks that nothing holds or that hold nothing"
        return self._share(1, "logic", self._limits.logic, len(self._open), offenders, detail)

    def _relationships(self) -> Point:
        offenders = [_arrow(self._network, before, here) for before, here, kind, _ in self._links if kind != FS]
        limit, count = self._limits.finish_to_start, len(self._links)
        return self._share(4, "relationship types", limit, count, offenders, "links finish to start", least=True)

    def _constrained(self, here: int) -> bool:
        return self._network.activities[here].deadline is not None

    def _unequipped(self, here: int) -> bool:
        activity = self._network.activities[here]
        return activity.tier is None or activity.assumed

    def _invalid_dates(self) -> Point:
        """Done before what had to be done first; or to end before it may begin."""
        activities = self._network.activities
        hasty = {
            here
            for before, here, kind, _ in self._links
            if kind == FS and activities[here].done and not activities[before].done
        }
        offenders = [activities[here].id for here in self._tasks if here in hasty or _too_soon(activities[here])]
        detail = "tasks done before their predecessors, or due before they may begin"
        return self._share(9, "invalid dates", 0.0, len(self._tasks), offenders, detail)

    def _due(self) -> list[int] | None:
        """The tasks that the baseline wanted done by now."""
        status = self._given.baseline
        if status is None:
            return None
        return [
            here for here in self._tasks if status.finishes.get(self._network.ids[here], status.at + 1) <= status.at
        ]

    def _missed(self) -> Point:
        due = self._due()
        detail = "tasks the baseline wanted done by now that are not"
        if due is None and self._given.overdue is not None:
            due = [here for here in self._tasks if self._network.ids[here] in self._given.overdue]
            detail = "tasks whose due date or deadline is over that are not done"
        if due is None:
            detail = "needs a baseline, due dates or deadlines"
            return Point(11, "missed tasks", None, self._limits.missed, None, True, detail)
        offenders = [self._network.ids[here] for here in due if not self._network.activities[here].done]
        return self._share(11, "missed tasks", self._limits.missed, len(due), offenders, detail)

    def _critical_path_test(self) -> Point:
        """Make each task of one longest chain longer, one at a time: the end has to move by as much."""
        numbers = [self._network.index[name] for name in self._path.critical_path]
        chain = [here for here in numbers if not self._network.activities[here].checkpoint]
        sample = chain if len(self._tasks) <= 1000 else chain[:1] + chain[-1:]
        more = max(self._path.makespan, 1)
        broken = [self._network.ids[here] for here in sample if not self._moves_the_end(here, more)]
        detail = "critical tasks that do not move the end"
        return Point(12, "critical path test", float(len(broken)), 0.0, not broken, False, detail, tuple(broken))

    def _moves_the_end(self, here: int, more: int) -> bool:
        durations = array("q", self._network.durations)
        durations[here] += more
        network = Network(self._network.activities, durations, self._network.predecessors, self._network.successors)
        releases = {name: time for name, time in zip(network.ids, self._path.releases, strict=True) if time}
        if isinstance(self._path, CalendarPath):  # pauses come to what is added
            axes = Axes(network, self._path.axes.of)
            return compute_on_axes(axes, releases=releases).makespan >= self._path.makespan + more
        return compute(network, releases=releases).makespan == self._path.makespan + more

    def _length_index(self) -> Point:
        """(Critical path length + its float) ÷ critical path length; deadlines and the baseline say how much float."""
        length, limit = self._path.makespan, self._limits.critical_path_length_index
        slack = [min(self._path.total_float, default=0)] if self._given.deadlines else []
        if self._given.baseline is not None:
            slack.append(self._given.baseline.makespan - length)
        if not slack or not length:
            return Point(13, "critical path length index", None, limit, None, False, "needs a deadline or a baseline")
        index = (length + min(slack)) / length
        detail = "critical path and its float ÷ critical path"
        return Point(13, "critical path length index", index, limit, index >= limit, False, detail)

    def _execution_index(self) -> Point:
        due, limit = self._due(), self._limits.baseline_execution_index
        if not due:
            return Point(14, "baseline execution index", None, limit, None, False, "needs a baseline with tasks due")
        done = sum(self._network.activities[here].done for here in self._tasks)
        index = done / len(due)
        return Point(14, "baseline execution index", index, limit, index >= limit, False, "tasks done ÷ tasks due")


def _too_soon(activity: Activity) -> bool:
    """Whether it is to end before it may begin; a day alone begins with its first moment and ends with its last."""
    begin, end = activity.not_before, activity.deadline
    if not begin or not end:
        return False
    earliest = begin.replace(" ", "T") if len(begin) > _DATE else f"{begin}T00:00"
    latest = end.replace(" ", "T") if len(end) > _DATE else f"{end}T24:00"
    return latest <= earliest  # ISO dates compare as they are written


def _task_links(network: Network) -> list[tuple[int, int, int, int]]:
    """Links between tasks, as (predecessor, successor, kind, lag); those of checkpoints are nobody's choice."""
    links, activities = network.predecessors, network.activities
    return [
        (links.nodes[place], here, links.kinds[place], links.lags[place])
        for here in range(len(network))
        for place in range(links.starts[here], links.starts[here + 1])
        if not activities[here].checkpoint and not activities[links.nodes[place]].checkpoint
    ]


def _arrow(network: Network, before: int, after: int) -> str:
    return f"{network.ids[before]} → {network.ids[after]}"
