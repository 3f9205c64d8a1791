"""The dates of a plan, for the commands that show any."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from milepost.app.dates import PlanDates
    from milepost.app.settings import Settings
    from milepost.plan.model import Plan


def plan_dates(
    plan: Plan, settings: Settings, start: str | None, *, needed: bool = False, remaining: bool = False
) -> PlanDates | None:
    """The plan's dates, if it has any or they are ``needed``; what they need is imported only then.

    What is ``remaining`` begins now, unless a start is asked for or is still ahead.
    """
    from milepost.app import stated_dates

    return stated_dates.plan_dates(plan, settings, start, time.time, needed=needed, remaining=remaining)


def read_deadline(_context: click.Context, _option: click.Parameter, given: str | None) -> int | str | None:
    """A deadline on the command line: a length of working time in seconds, or a date."""
    if given is None:
        return None
    from datetime import datetime

    from milepost.plan.grammar.durations import parse_duration

    length = parse_duration(given)
    if length is not None:
        return length.likely
    try:
        datetime.fromisoformat(given)
    except ValueError:
        raise click.BadParameter(
            f"`{given}` is neither a length of time such as 12h nor a date such as 2026-12-24"
        ) from None
    return given
