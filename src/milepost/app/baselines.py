"""Baselines: a schedule kept, to measure against what became of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from milepost.app.documents import plan_identity, replace_file
from milepost.app.schedules import ScheduleReport, ScheduleRow, TierCapacity, schedule_plan
from milepost.app.settings import Settings
from milepost.errors import BaselineExists, BaselineUnreadable, DocumentUnwritable
from milepost.execution.records import TaskRecord, TaskStatus
from milepost.execution.state import RunState
from milepost.plan.model import Plan, TaskState
from milepost.schedule.earned_value import (
    Achievement,
    CurvePoint,
    EarnedValue,
    PlannedTask,
    TaskProgress,
    measure,
    measure_groups,
    s_curve,
)

if TYPE_CHECKING:
    from milepost.app.dates import PlanDates

FOLDER = Path(".milepost") / "baselines"
HOURS, MONEY = "hours", "cost"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class BaselineTask:
    """A task as it was planned. Times in working seconds from the start; ``budget`` in the baseline's unit."""

    id: str
    title: str
    tier: int | None
    phase: str
    start_seconds: int
    finish_seconds: int
    duration_seconds: int
    budget: float

    @property
    def planned(self) -> PlannedTask:
        """The task as earned value sees it."""
        return PlannedTask(self.id, self.start_seconds, self.finish_seconds, self.budget, self.tier, self.phase)


@dataclass(frozen=True, slots=True)
class Baseline:
    """A schedule as it was kept. ``unit`` says what value is: ``cost`` where tiers have rates, else ``hours``.

    ``set_at`` is in ISO form, ``digest`` the one of the document it was made from.
    """

    plan: str
    title: str
    digest: str
    set_at: str
    unit: str
    makespan_seconds: int
    phases: Mapping[str, str]
    tasks: tuple[BaselineTask, ...]

    @property
    def budget(self) -> float:
        """The budget at completion."""
        return sum(task.budget for task in self.tasks)

    def as_dict(self) -> dict[str, Any]:
        """The baseline as JSON can hold it."""
        return {"version": _VERSION, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Moved:
    """A task that is planned otherwise than in the baseline; differences in seconds."""

    id: str
    title: str
    start_seconds: int
    finish_seconds: int
    duration_seconds: int
    tier_before: int | None
    tier: int | None


@dataclass(frozen=True, slots=True)
class BaselineDiff:
    """What the schedule of today has that the baseline has not, and the other way."""

    makespan_before_seconds: int
    makespan_seconds: int
    budget_before: float
    budget: float
    unit: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    moved: tuple[Moved, ...]

    def as_dict(self) -> dict[str, Any]:
        """The difference as JSON can hold it."""
        return {"version": _VERSION, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Performance:
    """Earned value at a time: of the whole plan, of each tier and of each phase, and its S-curve."""

    unit: str
    total: EarnedValue
    tiers: Mapping[int | None, EarnedValue]
    phases: Mapping[str, EarnedValue]
    curve: tuple[CurvePoint, ...]

    def as_dict(self) -> dict[str, Any]:
        """The figures as JSON can hold them."""
        return {
            "version": _VERSION,
            "unit": self.unit,
            "total": self.total.as_dict(),
            "tiers": {str(rank): one.as_dict() for rank, one in self.tiers.items()},
            "phases": {name: one.as_dict() for name, one in self.phases.items()},
            "curve": [asdict(point) for point in self.curve],
        }


def make_baseline(
    plan: Plan, settings: Settings, identity: str, set_at: str, dates: PlanDates | None = None
) -> Baseline:
    """Schedule a plan within its tiers' capacities, and keep the dates and budgets.

    With ``dates`` it keeps the calendars and what the plan says of dates; times are real where the calendars differ.

    Raises:
        PlanInvalid: it cannot be scheduled.
    """
    report = _schedule(plan, settings, dates)
    unit = MONEY if any(tier.cost_per_hour for tier in settings.tiers.values()) else HOURS
    return Baseline(
        plan=identity,
        title=report.title,
        digest=plan.source.digest,
        set_at=set_at,
        unit=unit,
        makespan_seconds=report.leveled.makespan_seconds,
        phases=dict(report.phases),
        tasks=tuple(_task(row, settings, unit) for row in report.rows if not row.checkpoint),
    )


def _schedule(plan: Plan, settings: Settings, dates: PlanDates | None) -> ScheduleReport:
    tiers = {rank: TierCapacity(tier.capacity, tier.speed) for rank, tier in settings.tiers.items()}
    return schedule_plan(plan, tiers, default_effort=settings.default_effort, dates=dates)


def _task(row: ScheduleRow, settings: Settings, unit: str) -> BaselineTask:
    return BaselineTask(
        row.id,
        row.title,
        row.tier,
        row.phase,
        row.start_seconds,
        row.finish_seconds,
        row.duration_seconds,
        row.duration_seconds / 3600 * _rate(settings, row.tier, unit),
    )


def _rate(settings: Settings, tier: int | None, unit: str) -> float:
    if unit == HOURS:
        return 1.0
    return settings.tiers[tier].cost_per_hour if tier is not None and tier in settings.tiers else 0.0


def baseline_path(root: Path, identity: str) -> Path:
    """Where a plan's baseline is kept."""
    return root / FOLDER / f"{identity}.json"


def save_baseline(root: Path, baseline: Baseline, *, replace: bool = False) -> Path:
    """Keep a baseline: the file appears whole or not at all.

    Raises:
        BaselineExists: there is one, and it is not to be replaced.
        DocumentUnwritable: it cannot be written.
    """
    path = baseline_path(root, baseline.plan)
    if path.exists() and not replace:
        raise BaselineExists(place=str(path), remedy="--replace gives it up for a new one")
    text = json.dumps(baseline.as_dict(), indent=1, ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DocumentUnwritable(f"its folder cannot be made: {error.strerror}", place=str(path)) from None
    replace_file(path, text.encode("utf-8", "surrogateescape") + b"\n", shown=str(path))
    return path


def load_baseline(root: Path, identity: str) -> Baseline:
    """Read a plan's baseline.

    Raises:
        BaselineUnreadable: there is none, or it is damaged.
    """
    path = baseline_path(root, identity)
    try:
        data = json.loads(path.read_text(encoding="utf-8", errors="surrogateescape"))
        if data.pop("version") != _VERSION:
            raise BaselineUnreadable("it was written by another version of Milepost", place=str(path))
        tasks = tuple(BaselineTask(**task) for task in data.pop("tasks"))
        return Baseline(tasks=tasks, **data)
    except FileNotFoundError:
        raise BaselineUnreadable(
            "the plan has no baseline", place=str(path), remedy="`milepost baseline set PLAN.md` keeps one"
        ) from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BaselineUnreadable(
            f"it is damaged: {error}", place=str(path), remedy="`milepost baseline set --replace` makes a new one"
        ) from None


def find_baseline(root: Path, plan_path: str) -> Baseline | None:
    """The baseline of the plan at a path, if it has one.

    Raises:
        BaselineUnreadable: it is damaged.
    """
    identity = plan_identity(plan_path)
    return load_baseline(root, identity) if baseline_path(root, identity).exists() else None


def diff_baseline(baseline: Baseline, plan: Plan, settings: Settings, dates: PlanDates | None = None) -> BaselineDiff:
    """Compare the schedule of today with the baseline.

    Raises:
        PlanInvalid: the plan cannot be scheduled.
    """
    now = make_baseline(plan, settings, baseline.plan, "", dates)
    before, after = ({task.id: task for task in one.tasks} for one in (baseline, now))
    return BaselineDiff(
        makespan_before_seconds=baseline.makespan_seconds,
        makespan_seconds=now.makespan_seconds,
        budget_before=baseline.budget,
        budget=now.budget,
        unit=baseline.unit,
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        moved=tuple(
            moved for name in after if name in before and (moved := _moved(before[name], after[name])) is not None
        ),
    )


def _moved(before: BaselineTask, after: BaselineTask) -> Moved | None:
    found = Moved(
        after.id,
        after.title,
        after.start_seconds - before.start_seconds,
        after.finish_seconds - before.finish_seconds,
        after.duration_seconds - before.duration_seconds,
        before.tier,
        after.tier,
    )
    same = before.tier == after.tier and not (found.start_seconds or found.finish_seconds or found.duration_seconds)
    return None if same else found


def performance(
    baseline: Baseline, plan: Plan, state: RunState | None, at: float, *, credit: float = 0.5
) -> Performance:
    """Earned value at a time, in working seconds since the start.

    A task done earns its budget; one that is being worked on earns ``credit`` of it (0.5: the 50/50 rule), until it is
    done. Costs are those of the run's attempts; without a run a task done cost what was planned.
    """
    planned = [task.planned for task in baseline.tasks]
    progress = {task.id: _progress(task, plan, baseline.unit, state, credit) for task in baseline.tasks}
    return Performance(
        unit=baseline.unit,
        total=measure(planned, progress, at),
        tiers=measure_groups(planned, progress, at, lambda task: task.tier),
        phases=measure_groups(planned, progress, at, lambda task: task.phase),
        curve=tuple(s_curve(planned, _achievements(baseline, progress, state), at)),
    )


def _progress(task: BaselineTask, plan: Plan, unit: str, state: RunState | None, credit: float) -> TaskProgress:
    record = state.tasks.get(task.id) if state else None
    stated = plan.by_id[task.id].state if task.id in plan.by_id else TaskState.NOT_STARTED
    if record is not None:
        share = 1.0 if record.status is TaskStatus.DONE else credit if record.attempts else 0.0
        return TaskProgress(share, _cost(record, unit))
    if stated is TaskState.DONE:
        return TaskProgress(1.0, task.budget)
    return TaskProgress(credit, task.budget * credit) if stated is TaskState.IN_PROGRESS else TaskProgress()


def _cost(record: TaskRecord, unit: str) -> float:
    """What the ended attempts cost: their hours, or what the run reckons in money."""
    return record.cost if unit == MONEY else record.worked_seconds / 3600


def _achievements(
    baseline: Baseline, progress: Mapping[str, TaskProgress], state: RunState | None
) -> list[Achievement]:
    """What the run's finished tasks earned and cost, at the times they finished."""
    if state is None or state.started_at is None:
        return []
    begin = state.started_at
    return [
        Achievement(record.finished_at - begin, task.budget, progress[task.id].cost)
        for task in baseline.tasks
        if (record := state.tasks.get(task.id)) and record.status is TaskStatus.DONE and record.finished_at
    ]
