"""How a project's plan does against its baseline, by its document, settings and run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from milepost.app.stated_dates import plan_dates
from milepost.bootstrap.projects import Project

if TYPE_CHECKING:
    from milepost.app.baselines import Baseline, BaselineDiff, Performance
    from milepost.app.dates import PlanDates
    from milepost.execution.state import RunState


def current_performance(project: Project) -> tuple[Baseline, Performance, BaselineDiff]:
    """The baseline of a project's plan, earned value until now, and what today's schedule has that it has not.

    Raises:
        BaselineUnreadable: there is none, or it is damaged.
        PlanInvalid: the plan cannot be scheduled.
    """
    from milepost.app.baselines import diff_baseline, load_baseline, performance

    baseline = load_baseline(project.settings.root, project.identity)
    dates = stated_dates(project)
    found = performance(baseline, project.plan, recorded_state(project), time_spent(project, dates))
    return baseline, found, diff_baseline(baseline, project.plan, project.settings, dates)


def recorded_state(project: Project) -> RunState | None:
    """The state of the plan's newest run, if it was ever run."""
    from milepost.app.runs import latest_run

    if not project.ledger.exists():
        return None
    session = latest_run(project.ledger, project.identity)
    return session.state if session else None


def time_spent(project: Project, dates: PlanDates | None) -> float:
    """Working seconds from the plan's start, where one is stated, until now; else what its run has lasted."""
    now = project.now()
    if dates is None or dates.stated == "now":
        return _elapsed(recorded_state(project), now)
    return float(max(dates.main.worked(round(now - dates.calendars.start.timestamp())), 0))


def stated_dates(project: Project) -> PlanDates | None:
    """The plan's dates where its settings state a start: from now to now nothing could be compared."""
    return plan_dates(project.plan, project.settings, None, project.now) if project.settings.start else None


def _elapsed(state: RunState | None, now: float) -> float:
    if state is None or state.started_at is None:
        return 0.0
    return max((state.finished_at or now) - state.started_at, 0.0)
