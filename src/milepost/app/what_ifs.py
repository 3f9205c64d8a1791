"""What if: a plan beside itself with something changed, under the same luck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from milepost.app.forecasts import ForecastOptions, Progress, forecast_plan
from milepost.app.schedules import TierCapacity, schedule_plan
from milepost.app.settings import Settings, TierSettings
from milepost.errors import UnknownName, UsageError
from milepost.plan.grammar.durations import Duration
from milepost.plan.model import Effort, Plan, Task
from milepost.source import Span

CHANGEABLE = ("capacity", "speed", "cost_per_hour")
"""What of a tier can be changed."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is different: (rank, setting) → number, tasks left out, and efforts by task."""

    tiers: Mapping[tuple[int, str], float] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    efforts: Mapping[str, Duration] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outlook:
    """A plan's figures: tasks and efforts, then what remains, as planned and as forecast.

    ``makespan`` is within capacity; ``critical_makespan`` and its path are those of the whole plan without capacities.
    Dates in ISO form where there are any; ``kept`` is the probability to end by the deadline asked for.
    """

    tasks: int
    effort_seconds: int
    makespan_seconds: int
    critical_makespan_seconds: int
    critical_path: tuple[str, ...]
    p50_seconds: int
    confident_seconds: int
    mean_cost: float
    makespan_date: str | None = None
    p50_date: str | None = None
    confident_date: str | None = None
    kept: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same plan before and after; both forecasts share their random numbers."""

    title: str
    confidence: float
    samples: int
    before: Outlook
    after: Outlook

    def as_dict(self) -> dict[str, Any]:
        """The comparison as JSON can hold it."""
        return {"version": 1, **asdict(self)}


def compare(
    plan: Plan,
    settings: Settings,
    changes: Changes,
    options: ForecastOptions | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Schedule and forecast a plan as it is and as it would be.

    Raises:
        UnknownName: a change is for a task or a tier that is not there.
        UsageError: a tier is given something impossible, or nothing would change.
        PlanInvalid: one of the two cannot be scheduled.
    """
    if not (changes.tiers or changes.without or changes.efforts):
        raise UsageError("nothing is to change", remedy="change something: --tier 2.capacity=4, --without 3.2, …")
    options = options or ForecastOptions()
    if options.samples is None:
        options = replace(options, samples=4000)
    progress = progress or Progress()
    before = _outlook(plan, settings, options, progress)
    after = _outlook(changed_plan(plan, changes), changed_settings(settings, changes), options, progress)
    return Comparison(plan.title, options.confidence, options.samples or 0, before, after)


def changed_plan(plan: Plan, changes: Changes) -> Plan:
    """The plan without some tasks, and with other efforts. What came after a missing one waits for what it waited for.

    Raises:
        UnknownName: a task is not there.
        UsageError: an effort is given to a task that has parts.
    """
    without = set().union(*(_leaves(plan, name) for name in changes.without))
    for name in changes.efforts:
        if name in plan.parents:
            raise UsageError(f"task {name} has parts: give their efforts instead")
        _leaves(plan, name)
    return replace(plan, tasks=tuple(_changed(task, task.id in without, changes.efforts) for task in plan.tasks))


def _changed(task: Task, without: bool, efforts: Mapping[str, Duration]) -> Task:
    if without:
        return replace(task, struck=True)
    if task.id not in efforts:
        return task
    given = efforts[task.id]
    span = task.effort.span if task.effort else Span(task.head_span.end, task.head_span.end)
    return replace(task, effort=Effort(given.low, given.likely, given.high, "", span))


def _leaves(plan: Plan, name: str) -> set[str]:
    """A task, or all leaf tasks it is made of."""
    if name not in plan.by_id:
        raise UnknownName(f"the plan has no task {name}")
    found, waiting = set(), [name]
    parts: dict[str, list[str]] = {}
    for task in plan.tasks:
        if task.parent:
            parts.setdefault(task.parent, []).append(task.id)
    while waiting:
        here = waiting.pop()
        found.add(here)
        waiting += [part for part in parts.get(here, ()) if part not in found]
    return found


def changed_settings(settings: Settings, changes: Changes) -> Settings:
    """The settings with other tiers."""
    tiers = dict(settings.tiers)
    for (rank, key), value in changes.tiers.items():
        settings.tier(rank, wanted_by="--tier")
        tiers[rank] = _changed_tier(tiers[rank], key, value)
    return replace(settings, tiers=tiers)


def _changed_tier(tier: TierSettings, key: str, value: float) -> TierSettings:
    least = 0 if key == "cost_per_hour" else 1 if key == "capacity" else 1e-6
    if key not in CHANGEABLE or not least <= value < float("inf") or (key == "capacity" and value % 1):
        raise UsageError(
            f"tier {tier.rank} cannot have {key} {value:g}", remedy="it has " + ", ".join(CHANGEABLE) + ", all positive"
        )
    if key == "capacity":
        return replace(tier, capacity=int(value))
    return replace(tier, speed=value) if key == "speed" else replace(tier, cost_per_hour=value)


def _outlook(plan: Plan, settings: Settings, options: ForecastOptions, progress: Progress) -> Outlook:
    tiers = {rank: TierCapacity(tier.capacity, tier.speed) for rank, tier in settings.tiers.items()}
    schedule = schedule_plan(
        plan, tiers, gates=options.gates, default_effort=settings.default_effort, dates=options.dates
    )
    forecast = forecast_plan(plan, settings, options, progress)
    path = schedule.gated if options.gates else schedule.ungated
    half = next(one for one in forecast.percentiles if one.percent == 50)
    return Outlook(
        tasks=forecast.tasks,
        effort_seconds=schedule.effort_seconds,
        makespan_seconds=forecast.planned.seconds,
        critical_makespan_seconds=schedule.makespan_seconds,
        critical_path=tuple(schedule.checkpoints.get(name, name) for name in path.critical_path) if path else (),
        p50_seconds=half.seconds,
        confident_seconds=forecast.confident.seconds,
        mean_cost=forecast.mean_cost,
        makespan_date=forecast.planned_date,
        p50_date=half.date,
        confident_date=forecast.confident.date,
        kept=forecast.deadline.probability if forecast.deadline else None,
    )
