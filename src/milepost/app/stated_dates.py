"""Whether a plan has dates at all: what dates need is imported only then."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from milepost.app.dates import PlanDates
    from milepost.app.settings import Settings
    from milepost.plan.model import Plan, Task


def plan_dates(
    plan: Plan,
    settings: Settings,
    start: str | None,
    now: Callable[[], float],
    *,
    needed: bool = False,
    remaining: bool = False,
) -> PlanDates | None:
    """The plan's dates, if it has any or they are ``needed``; ``now`` gives seconds since 1970.

    What is ``remaining`` begins now, unless a start is asked for or is still ahead.
    """
    if not (needed or start or settings.start or settings.calendars or any(map(_states_date, plan.tasks))):
        return None
    from milepost.app.dates import dates_of, from_now, make_dates

    found = make_dates(settings, start, now) if needed else dates_of(plan, settings, start, now)
    return from_now(found, now()) if found and remaining and not start else found


def _states_date(task: Task) -> bool:
    return bool(task.not_before or task.due or task.deadline)
