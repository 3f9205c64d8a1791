"""What ``milepost schedule`` knows and says of a plan under way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from milepost.cli.gantt import Paper, compact_time
from milepost.cli.text import printable, say
from milepost.plan.model import Plan, TaskState

if TYPE_CHECKING:
    from milepost.app.dates import PlanDates
    from milepost.app.schedule_facts import Replanned, Underway
    from milepost.app.settings import Settings
    from milepost.execution.state import RunState

_SHOWN = 20


def plan_underway(
    path: str, plan: Plan, settings: Settings, dates: PlanDates | None
) -> tuple[Underway | None, PlanDates | None]:
    """What has happened of a plan, by its run's times if it has one, else by its boxes; and its dates.

    Where nothing states a start, the plan started with its run. Nothing is known for tiers of different calendars.
    """
    begun = any(task.state in (TaskState.DONE, TaskState.IN_PROGRESS) for task in plan.tasks)
    kept = (settings.root / ".milepost").is_dir()
    if not begun and not kept:
        return None, dates
    if dates and dates.differ:
        say("note: the tiers' calendars differ: scheduled from scratch, as if nothing were done", err=True)
        return None, dates
    from milepost.app.schedule_facts import facts_of_boxes, facts_of_run

    state, now, last = _run(path, plan, settings) if kept else (None, 0.0, {})
    if state is None or state.started_at is None:
        return facts_of_boxes(plan), dates
    if dates and dates.stated == "now":
        start = datetime.fromtimestamp(state.started_at, dates.calendars.zone)
        dates = replace(dates, calendars=replace(dates.calendars, start=start, _counted={}), stated="its run")
    return facts_of_run(state, now, _position(state.started_at, dates), last), dates


def _run(path: str, plan: Plan, settings: Settings) -> tuple[RunState | None, float, Mapping[str, int]]:
    """The plan's run with what the boxes add to it, the time, and the starts of the plan's baseline."""
    from milepost.app.baselines import find_baseline
    from milepost.app.runs import latest_run
    from milepost.bootstrap import LEDGER, Project

    project = Project(path, plan.source, settings)
    if not (settings.root / LEDGER).exists():
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


def underway_lines(found: Replanned, paper: Paper) -> Iterator[str]:
    """How far the plan is, and what moved."""
    running = f"{found.running} {'running' if found.timed else 'in progress'}"
    if not found.timed:
        yield f"under way: {found.done} done, {running}; times from now"
        return
    yield f"under way: {found.done} done, {running}, {compact_time(found.now_seconds)} after the start"
    if not found.moved:
        yield "  no task that has not started moves"
        return
    count = len(found.moved)
    yield f"  {count} {'task that has not started moves' if count == 1 else 'tasks that have not started move'}:"
    for move in found.moved[:_SHOWN]:
        times = f"{compact_time(move.before)} {paper.glyphs.arrow} {compact_time(move.start)}"
        yield f"  {printable(move.id)} {times}"
    if count > _SHOWN:
        yield f"  and {count - _SHOWN} more (--json has all)"
