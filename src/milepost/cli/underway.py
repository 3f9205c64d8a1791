"""What ``milepost schedule`` says of a plan under way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from milepost.cli.gantt import Paper, compact_time
from milepost.cli.text import printable, say
from milepost.plan.model import Plan, TaskState

if TYPE_CHECKING:
    from milepost.app.dates import PlanDates
    from milepost.app.schedule_facts import Replanned, Underway
    from milepost.app.settings import Settings

_SHOWN = 20


def plan_underway(
    path: str, plan: Plan, settings: Settings, dates: PlanDates | None
) -> tuple[Underway | None, PlanDates | None]:
    """What has happened of a plan; what finding out needs is imported only where anything can have."""
    begun = any(task.state in (TaskState.DONE, TaskState.IN_PROGRESS) for task in plan.tasks)
    if not begun and not settings.ledger and not (settings.root / ".milepost").is_dir():
        return None, dates
    from milepost.bootstrap import outlooks

    return outlooks.plan_underway(path, plan, settings, dates, lambda text: say(f"note: {text}", err=True))


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
