"""The schedule of a plan: its critical path with and without gates, and a schedule its tiers can keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from milepost.errors import PlanInvalid
from milepost.plan.model import AnchorKind, Checkpoint, Plan
from milepost.schedule import (
    DEFAULT_CAPACITIES,
    DEFAULT_EFFORT,
    CriticalPath,
    LeveledSchedule,
    Network,
    compute,
    critical_chains,
    level,
    near_critical,
)

if TYPE_CHECKING:
    from milepost.app.dates import PlanDates
    from milepost.app.schedule_dates import Dating, RowDates, ScheduleDates
    from milepost.app.schedule_facts import Replanned, Underway

_COUNTLESS = 10**15
Leveler = Callable[[CriticalPath, Mapping[int, int]], LeveledSchedule]
"""Makes a schedule that keeps within capacities, by rank."""


@dataclass(frozen=True, slots=True)
class TierCapacity:
    """A tier as scheduling sees it: how many tasks at once, and duration is effort ÷ speed."""

    capacity: int
    speed: float = 1.0


DEFAULT_TIERS: Mapping[int, TierCapacity] = {
    rank: TierCapacity(capacity) for rank, capacity in DEFAULT_CAPACITIES.items()
}


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """One task or checkpoint. Times in working seconds from the start; ``start`` and ``finish`` are the schedule's.

    Where the tiers' calendars differ, dates are real seconds from the start, and only lengths working seconds;
    ``dates`` are there where anything is known of real time.

    ``phase`` is the id of the phase it is shown under (empty: none), ``title`` a checkpoint's name, ``drivers`` the
    ids its early start hangs on; ``assumed`` says that its effort is not the plan's but the default.
    """

    id: str
    title: str
    checkpoint: bool
    phase: str
    tier: int | None
    optional: bool
    done: bool
    assumed: bool
    duration_seconds: int
    early_start_seconds: int
    early_finish_seconds: int
    late_start_seconds: int
    late_finish_seconds: int
    total_float_seconds: int
    free_float_seconds: int
    critical: bool
    drivers: tuple[str, ...]
    start_seconds: int
    finish_seconds: int
    dates: RowDates | None = None


@dataclass(frozen=True, slots=True)
class TierUse:
    """What a tier does in the schedule; ``utilisation`` is its work ÷ (capacity × its working time in the makespan)."""

    rank: int
    capacity: int
    tasks: int
    work_seconds: int
    utilisation: float


@dataclass(frozen=True, slots=True)
class PathSummary:
    """The critical path with gates, or without: one longest chain, and all activities without float."""

    makespan_seconds: int
    critical_path: tuple[str, ...]
    critical: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Criticality:
    """Every longest chain of the network asked for, or the first of them, and how many there are in all.

    ``total`` is 10¹⁵ where there are more than that.
    ``near`` are the activities with some total float but no more than ``near_seconds``, the least first.
    """

    paths: tuple[tuple[str, ...], ...]
    total: int
    near_seconds: int
    near: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeveledSummary:
    """The schedule within capacity: no shorter one than ``lower_bound_seconds`` exists."""

    makespan_seconds: int
    lower_bound_seconds: int
    rule: str


@dataclass(frozen=True, slots=True)
class ScheduleReport:
    """When everything in a plan can happen. ``rows`` are in the order of the plan, checkpoints after their anchors.

    ``rows``, ``leveled`` and ``tiers`` hold with gates if ``gates`` says so. ``gated`` or ``ungated`` is None when
    that network has a cycle and was not the one asked for. ``phases`` gives titles and ``checkpoints`` names by
    id. ``default_effort_seconds`` stands in where the plan states no estimate.
    """

    title: str
    gates: bool
    gated: PathSummary | None
    ungated: PathSummary | None
    leveled: LeveledSummary
    phases: Mapping[str, str]
    checkpoints: Mapping[str, str]
    rows: tuple[ScheduleRow, ...]
    tiers: tuple[TierUse, ...]
    effort_seconds: int
    default_effort_seconds: int
    dates: ScheduleDates | None = None
    replanned: Replanned | None = None
    criticality: Criticality | None = None

    @property
    def makespan_seconds(self) -> int:
        """The makespan of the critical path asked for, without regard to capacity."""
        asked = self.gated if self.gates else self.ungated
        return asked.makespan_seconds if asked else 0

    @property
    def assumed(self) -> tuple[str, ...]:
        """Ids of the tasks whose effort is not the plan's."""
        return tuple(row.id for row in self.rows if row.assumed)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON can hold it."""
        found = {"version": 1, **asdict(replace(self, dates=None)), "assumed": list(self.assumed)}
        found["dates"] = self.dates.as_dict() if self.dates else None
        if self.criticality is None:
            del found["criticality"]  # nobody asked
        return found


def schedule_plan(
    plan: Plan,
    tiers: Mapping[int, TierCapacity] = DEFAULT_TIERS,
    *,
    gates: bool = True,
    default_effort: int = DEFAULT_EFFORT,
    leveler: Leveler = level,
    dates: PlanDates | None = None,
    underway: Underway | None = None,
    paths: int = 0,
    near: int = 0,
) -> ScheduleReport:
    """Schedule a plan from scratch, as if nothing of it were done yet; ``leveler`` makes it keep the capacities.

    With ``dates`` it keeps the calendars and what the plan says of dates. With ``underway`` what has happened stays as
    it is, and the rest goes on from the last schedule; that is not for tiers of different calendars. Up to ``paths``
    critical paths are listed, with what has up to ``near`` seconds of float.

    Raises:
        PlanInvalid: the dependencies form a cycle, an estimate is impossible, a tier in use has no capacity, or a
            calendar holds too little working time.
    """
    speeds = {rank: tier.speed for rank, tier in tiers.items()}

    def path(gated: bool, underway: Underway | None = underway) -> CriticalPath:
        network = Network.from_plan(plan, gates=gated, speeds=speeds, default_effort=default_effort)
        network, releases = underway.turned_out(network) if underway else (network, {})
        dating = _dating(plan, network, dates, releases)
        return dating.path() if dating else compute(network, releases=releases)

    asked = path(gates)
    if not plan.checkpoints:
        other: CriticalPath | None = asked
    else:
        try:
            other = path(not gates)
        except PlanInvalid:
            other = None
    capacities = {rank: tier.capacity for rank, tier in tiers.items()}
    planned = path(gates, None) if underway else asked
    dating = _dating(plan, planned.network, dates)
    replanned = None
    if underway is None:
        leveled = dating.level(asked, capacities, leveler) if dating else leveler(asked, capacities)
    else:
        first = planned if underway.timed else asked
        scratch = dating.level(first, capacities, leveler) if dating else leveler(first, capacities)
        leveled, replanned = underway.go_on(planned.network, asked, scratch, capacities)
        dating = _dating(plan, asked.network, dates)
    return ScheduleReport(
        title=plan.title,
        gates=gates,
        gated=_summary(asked if gates else other),
        ungated=_summary(other if gates else asked),
        leveled=LeveledSummary(leveled.makespan, leveled.lower_bound, leveled.rule),
        phases={phase.id: phase.title for phase in plan.phases},
        checkpoints={gate.id: gate.name for gate in plan.checkpoints},
        rows=_rows(plan, asked, leveled, dating),
        tiers=_uses(asked.network, leveled, capacities, dating),
        effort_seconds=plan.effort,
        default_effort_seconds=default_effort,
        dates=dating.summary(asked, leveled) if dating else None,
        replanned=replanned,
        criticality=_criticality(asked, paths, near) if paths else None,
    )


def _criticality(path: CriticalPath, paths: int, near: int) -> Criticality:
    found = critical_chains(path, paths)
    return Criticality(found.chains, min(found.total, _COUNTLESS), near, near_critical(path, near))


def _dating(
    plan: Plan, network: Network, dates: PlanDates | None, releases: Mapping[str, int] | None = None
) -> Dating | None:
    if dates is None:
        return None
    from milepost.app.schedule_dates import Dating

    return Dating(plan, network, dates, releases or {})


def _summary(path: CriticalPath | None) -> PathSummary | None:
    return PathSummary(path.makespan, path.critical_path, path.critical) if path else None


def _rows(plan: Plan, path: CriticalPath, leveled: LeveledSchedule, dating: Dating | None) -> tuple[ScheduleRow, ...]:
    ids = path.network.ids
    critical = frozenset(path.critical)
    gates = {gate.id: gate for gate in plan.checkpoints}
    places = _Places(plan, path.network)
    rows = []
    durations, drivers = path.network.durations, path.driving_predecessors
    for here, activity in enumerate(path.network.activities):
        gate = gates[activity.id] if activity.checkpoint else None
        place, phase = places.of(gate) if gate else (here, plan.by_id[activity.id].phase or "")
        row = ScheduleRow(
            id=activity.id,
            title=gate.name if gate else plan.by_id[activity.id].title,
            checkpoint=activity.checkpoint,
            phase=phase,
            tier=leveled.tier[here],
            optional=activity.optional,
            done=activity.done,
            assumed=activity.assumed,
            duration_seconds=durations[here],
            early_start_seconds=path.early_start[here],
            early_finish_seconds=path.early_finish[here],
            late_start_seconds=path.late_start[here],
            late_finish_seconds=path.late_finish[here],
            total_float_seconds=path.total_float[here],
            free_float_seconds=path.free_float[here],
            critical=activity.id in critical,
            drivers=tuple([ids[driver] for driver in drivers[here]]),
            start_seconds=leveled.start[here],
            finish_seconds=leveled.finish[here],
            dates=dating.row(here, path, leveled) if dating else None,
        )
        rows.append((place, activity.checkpoint, here, row))
    rows.sort(key=itemgetter(0, 1, 2))
    return tuple([row[3] for row in rows])


class _Places:
    """Where a checkpoint is shown: behind the last task of its anchor, in that task's phase, else at the end."""

    def __init__(self, plan: Plan, network: Network) -> None:
        self._end = len(network)
        self._tasks: dict[str, tuple[int, str]] = {}
        self._phases: dict[str, tuple[int, str]] = {}
        for place, name in enumerate(network.ids):
            task = plan.by_id.get(name)
            if task is None or network.activities[place].checkpoint:
                continue
            here = (place, task.phase or "")
            self._tasks[name] = self._tasks[task.parent or name] = here
            if task.phase:
                self._phases[task.phase] = here

    def of(self, gate: Checkpoint) -> tuple[int, str]:
        known = {AnchorKind.PHASE: self._phases, AnchorKind.TASK: self._tasks}.get(gate.anchor.kind, {})
        return max((known[name] for name in gate.anchor.ids if name in known), default=(self._end, ""))


def _uses(
    network: Network, leveled: LeveledSchedule, capacities: Mapping[int, int], dating: Dating | None
) -> tuple[TierUse, ...]:
    uses = []
    for rank, capacity in sorted(capacities.items()):
        times = [network.durations[here] for here, tier in enumerate(leveled.tier) if tier == rank]
        offered = capacity * (dating.worked(rank, leveled.makespan) if dating else leveled.makespan)
        uses.append(TierUse(rank, capacity, len(times), sum(times), sum(times) / offered if offered else 0.0))
    return tuple(uses)
