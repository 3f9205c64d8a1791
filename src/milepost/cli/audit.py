"""A schedule's audit as lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from milepost.cli.dates import plan_dates
from milepost.cli.gantt import Paper
from milepost.cli.text import printable, say

if TYPE_CHECKING:
    from milepost.app.audits import Audit
    from milepost.app.settings import Settings
    from milepost.plan.model import Plan
    from milepost.schedule.quality import Point

_SHOWN = 8
_MARKS = {True: ("pass", "green"), False: ("FAIL", "red"), None: ("  - ", "")}


def print_audit(
    plan: Plan, settings: Settings, gates: bool, preset: str, start: str | None, as_json: bool, paper: Paper
) -> int:
    """Assess a plan, against its baseline if it has one, and print it; gives 1 when a point fails."""
    from milepost.app.audits import audit_plan
    from milepost.app.baselines import find_baseline
    from milepost.bootstrap import Project, wall_clock
    from milepost.bootstrap.performances import time_spent
    from milepost.schedule.quality import PRESETS

    dates = plan_dates(plan, settings, start)
    baseline = find_baseline(settings.root, plan.source.path)
    at = 0.0 if baseline is None else time_spent(Project(plan.source.path, plan.source, settings), dates)
    audit = audit_plan(
        plan, settings, gates=gates, thresholds=PRESETS[preset], baseline=baseline, at=at, dates=dates, now=wall_clock()
    )
    if as_json:
        from milepost.cli.options import say_json

        say_json(audit.as_dict())
    else:
        say("\n".join(audit_lines(audit, paper)))
    return 1 if audit.failed else 0


def audit_lines(audit: Audit, paper: Paper) -> Iterator[str]:
    """One line for each point, and under those that fail what offends."""
    judged = [point for point in audit.points if point.passed is not None]
    passed = len(judged) - len(audit.failed)
    yield paper.paint(
        f"DCMA 14-point assessment ({audit.preset} thresholds): {passed} of {len(judged)} pass", bold=True
    )
    for point in audit.points:
        mark, colour = _MARKS[point.passed]
        figure = _figure(point.figure, point.share)
        limit = _figure(point.threshold, point.share)
        yield (
            f"{point.number:>2} {paper.paint(mark, fg=colour) if colour else mark} {point.name:<27}"
            f"{figure:>6} (limit {limit:>4})  {point.detail}"
        )
        if point.passed is False and point.offenders:
            yield f"        {printable(_names(point))}"


def _names(point: Point) -> str:
    shown = ", ".join(point.offenders[:_SHOWN])
    more = len(point.offenders) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _figure(value: float | None, share: bool) -> str:
    if value is None:
        return "-"
    return f"{value:.0%}" if share else f"{value:.3g}"
