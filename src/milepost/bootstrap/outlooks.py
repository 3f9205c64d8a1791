"""What lies ahead of a project: its dates, schedule and forecast, by its document, settings, baseline and run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from milepost.app.stated_dates import plan_dates
from milepost.bootstrap.projects import Project
from milepost.plan.model import Plan, TaskState

if TYPE_CHECKING:
    from milepost.app.dates import PlanDates
    from milepost.app.etas import ExpectedEnd
    from milepost.app.forecast_reports import ForecastReport
    from milepost.app.forecasts import Progress
    from milepost.app.schedule_facts import Underway
    from milepost.app.schedules import ScheduleReport
    from milepost.app.settings import Settings
    from milepost.execution.state import RunState

Notice = Callable[[str], None]
"""Hears in words of what could not be taken into account."""


def plan_underway(
    path: str, plan: Plan, settings: Settings, dates: PlanDates | None, on_notice: Notice = lambda text: None
) -> tuple[Underway | None, PlanDates | None]:
    """What has happened of a plan, by its run's times if it has one, else by its boxes; and its dates.

    Where nothing states a start, the plan started with its run. Nothing is known for tiers of different calendars.
    """
    begun = any(task.state in (TaskState.DONE, TaskState.IN_PROGRESS) for task in plan.tasks)
    kept = bool(settings.ledger) or (settings.root / ".milepost").is_dir()
    if not begun and not kept:
        return None, dates
    if dates and dates.differ:
        if begun or _run(path, plan, settings)[0] is not None:
            on_notice("the tiers' calendars differ: scheduled from scratch, as if nothing were done")
        return None, dates
    from milepost.app.schedule_facts import facts_of_boxes, facts_of_run

    state, now, last = _run(path, plan, settings) if kept else (None, 0.0, {})
    if state is None or state.started_at is None:
        return facts_of_boxes(plan), dates
    if dates and dates.stated == "now":
        start = datetime.fromtimestamp(state.started_at, dates.calendars.zone)
        dates = replace(dates, calendars=replace(dates.calendars, start=start, _counted={}), stated="its run")
    return facts_of_run(state, now, _position(state.started_at, dates), last), dates


def run_progress(project: Project, dates: PlanDates | None, *, calibrated: bool = True) -> Progress:
    """What the ledger tells: where the plan's run stands, and how far the estimates of all runs held.

    Where there are calendars, what tasks took counts in their tiers' working time.
    """
    from milepost.app.forecasts import Progress, calibrations_of, progress_of
    from milepost.app.runs import RunSession, latest_run

    if not project.ledger.exists():
        return Progress()
    session = latest_run(project.ledger, project.identity)
    spent = {"spent": dates.worked} if dates else {}
    progress = progress_of(session.state, project.now(), **spent) if session else Progress()
    if not calibrated:
        return progress
    states = (RunSession(project.ledger, stream.name).state for stream in project.ledger.streams())
    return replace(progress, calibrations=calibrations_of(states, project.settings, **spent))


def current_schedule(project: Project, dates: PlanDates | None = None) -> ScheduleReport:
    """The schedule of a project's plan as it goes on from what has happened; by its own dates unless some are given.

    Raises:
        PlanInvalid: it cannot be scheduled.
    """
    from milepost.app.schedules import TierCapacity, schedule_plan

    plan, settings = project.plan, project.settings
    dates = dates or plan_dates(plan, settings, None, project.now)
    underway, dates = plan_underway(project.path, plan, settings, dates)
    tiers = {rank: TierCapacity(tier.capacity, tier.speed) for rank, tier in settings.tiers.items()}
    return schedule_plan(plan, tiers, default_effort=settings.default_effort, dates=dates, underway=underway)


def expected_end(project: Project) -> ExpectedEnd:
    """When a project's plan is expected to end, by a schedule of what is left; nothing is drawn.

    Raises:
        PlanInvalid: it cannot be scheduled.
    """
    from milepost.app.baselines import find_baseline
    from milepost.app.etas import ExpectedEnd, end_of_schedule
    from milepost.app.forecasts import ForecastOptions, planned_end

    plan, settings = project.plan, project.settings
    dates = plan_dates(plan, settings, None, project.now, needed=True)
    if dates is None or not dates.differ:
        return end_of_schedule(current_schedule(project, dates), find_baseline(settings.root, project.path))
    ahead = plan_dates(plan, settings, None, project.now, needed=True, remaining=True)
    progress = run_progress(project, ahead, calibrated=False)
    seconds, real, finish = planned_end(plan, settings, ForecastOptions(dates=ahead), progress)
    return ExpectedEnd(finish or "", seconds, real)


def current_forecast(project: Project, confidence: float = 80, samples: int | None = None) -> ForecastReport:
    """The forecast of what remains of a project's plan.

    Raises:
        PlanInvalid: it cannot be scheduled.
        UsageError: the confidence is no percentage.
    """
    from milepost.app.forecasts import ForecastOptions, forecast_plan

    dates = plan_dates(project.plan, project.settings, None, project.now, remaining=True)
    options = ForecastOptions(samples=samples, confidence=confidence, dates=dates)
    return forecast_plan(project.plan, project.settings, options, run_progress(project, dates))


def _run(path: str, plan: Plan, settings: Settings) -> tuple[RunState | None, float, Mapping[str, int]]:
    """The plan's run with what the boxes add to it, the time, and the starts of the plan's baseline."""
    from milepost.app.baselines import find_baseline
    from milepost.app.runs import latest_run

    project = Project(path, plan.source, settings)
    if not project.ledger.exists():
        return None, 0.0, {}
    session = latest_run(project.ledger, project.identity)
    if session is None or session.state.cancelled_by:
        return None, 0.0, {}
    baseline = find_baseline(settings.root, path)
    last = {task.id: task.start_seconds for task in baseline.tasks} if baseline else {}
    return project.peek_run(), project.now(), last


def _position(started_at: float, dates: PlanDates | None) -> Callable[[float], int]:
    """What turns seconds since 1970 into working seconds from the start of the plan."""
    if dates is None:
        return lambda moment: int(moment - started_at)
    calendars = dates.calendars
    work = calendars.working_time(next(iter(calendars.tiers.values()), calendars.usual))
    return lambda moment: work.worked(work.elapsed(datetime.fromtimestamp(moment, calendars.zone)))
