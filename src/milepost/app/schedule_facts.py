"""What is known of a plan under way, as its schedule takes it: from the boxes, or from the ledger with its times."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from milepost.execution.records import TaskRecord, TaskStatus
from milepost.execution.state import RunState
from milepost.plan.model import Plan, TaskState
from milepost.schedule.critical_path import CriticalPath
from milepost.schedule.leveling import LeveledSchedule
from milepost.schedule.network import Link, Network
from milepost.schedule.replanning import Facts, Move, Replan, replan


@dataclass(frozen=True, slots=True)
class Underway:
    """A plan under way. Without ``timed`` only what is done or begun is known, and the schedule begins now.

    ``last`` are the starts of the schedule to go on from (a baseline's), by id; none: the one made from scratch.
    """

    facts: Facts
    timed: bool
    last: Mapping[str, int] = field(default_factory=dict)

    def turned_out(self, network: Network) -> tuple[Network, dict[str, int]]:
        """The network with what has happened instead of what was planned, and the earliest starts in it.

        What has started takes as long as it took, or will, and waits for nothing any more.
        """
        durations, releases = array("q", network.durations), {}
        spans = [self.facts.span(name, time) for name, time in zip(network.ids, durations, strict=True)]
        for here, span in enumerate(spans):
            if span is not None:
                durations[here], releases[network.ids[here]] = span[1] - span[0], span[0]
            elif durations[here]:
                releases[network.ids[here]] = self.facts.now
        rows = network.predecessors
        links = [
            Link(rows.nodes[place], here, rows.kinds[place], rows.lags[place])
            for here, span in enumerate(spans)
            if span is None
            for place in range(rows.starts[here], rows.starts[here + 1])
        ]
        return Network.from_links(network.activities, durations, links), releases

    def go_on(
        self, planned: Network, path: CriticalPath, scratch: LeveledSchedule, capacities: Mapping[int, int]
    ) -> tuple[LeveledSchedule, Replanned]:
        """Go on from the last schedule, or the one from scratch; ``path`` is that of what turned out."""
        last = self.last or dict(zip(planned.ids, scratch.start, strict=True))
        releases = dict(zip(path.network.ids, path.releases, strict=True))
        found = replan(planned, capacities, last, self.facts, releases=releases)
        leveled = LeveledSchedule(
            found.start, found.finish, found.tier, found.makespan, "re-planned", min(path.makespan, found.makespan)
        )
        return leveled, self._told(found, planned, last)

    def _told(self, found: Replan, planned: Network, last: Mapping[str, int]) -> Replanned:
        ends = [last[name] + time for name, time in zip(planned.ids, planned.durations, strict=True) if name in last]
        return Replanned(
            now_seconds=self.facts.now,
            timed=self.timed,
            done=len(self.facts.finished),
            running=len(self.facts.started.keys() - self.facts.finished.keys()),
            makespan_before_seconds=max(ends, default=0) if self.timed else None,
            moved=found.moved if self.timed else (),
        )


@dataclass(frozen=True, slots=True)
class Replanned:
    """What became of the last schedule. ``now_seconds`` from the start of the plan; without ``timed`` it is the start.

    ``moved`` are the tasks not yet started whose start is another one than in the last schedule.
    """

    now_seconds: int
    timed: bool
    done: int
    running: int
    makespan_before_seconds: int | None
    moved: tuple[Move, ...]


def facts_of_boxes(plan: Plan) -> Underway | None:
    """What the boxes say: what is done lies behind, what is in progress has just begun. None if nothing is."""
    done = {task.id: 0 for task in plan.leaves if task.state is TaskState.DONE}
    begun = {task.id: 0 for task in plan.leaves if task.state is TaskState.IN_PROGRESS}
    return Underway(Facts(0, begun, done), timed=False) if done or begun else None


def facts_of_run(
    state: RunState, now: float, position: Callable[[float], int], last: Mapping[str, int] | None = None
) -> Underway | None:
    """What a run knows; None if nothing of it has started and no time has passed.

    ``now`` in seconds since 1970; ``position`` turns such a moment into working seconds from the start of the plan.
    """
    started, finished = {}, {}
    for name, record in state.tasks.items():
        begin, end = _span(record, now)
        if begin is not None:
            started[name] = max(position(begin), 0)
        if end is not None:
            finished[name] = max(position(end), started.get(name, 0))
    if not started and not finished and position(now) <= 0:
        return None
    return Underway(Facts(max(position(now), 0), started, finished), True, last or {})


def _span(record: TaskRecord, now: float) -> tuple[float | None, float | None]:
    """When a task's last attempt began, and when it ended for good."""
    if record.current:
        return record.current.started_at, None
    if not record.over:
        return None, None
    end = now if record.finished_at is None else record.finished_at
    tried = record.status is TaskStatus.DONE and record.attempts
    return (min(record.attempts[-1].started_at, end) if tried else end), end
