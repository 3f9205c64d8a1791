"""Cost against time: every assignment of tiers that is worth making."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milepost.app.assignments import Wish, assign
from milepost.app.stated_dates import plan_dates
from milepost.web.pages import charts
from milepost.web.plan_view import PlanView

MOST = 300
"""Tasks up to which a front is computed for a page."""


def gather(view: PlanView) -> Mapping[str, Any]:
    """What the page shows.

    Raises:
        PlanInvalid: the plan cannot be scheduled.
    """
    plan, settings = view.project.plan, view.project.settings
    priced = any(tier.cost_per_hour for tier in settings.tiers.values())
    if not priced or len(plan.leaves) > MOST:
        return {"report": None, "priced": priced, "most": MOST, "points": [], "picture": "", "moves": []}
    dates = plan_dates(plan, settings, None, view.project.now)
    report = view.computed("front", lambda: assign(plan, settings, Wish(), dates))
    points = [(one.makespan, one.cost) for one in report.front.choices]
    chosen = (report.chosen.makespan, report.chosen.cost)
    moves = [
        (name, report.titles[name], report.current.get(name), rank, report.reasons[name])
        for name, rank in report.chosen.tiers.items()
        if report.current.get(name) != rank
    ]
    picture = charts.front(points, chosen)
    return {"report": report, "priced": True, "most": MOST, "points": points, "picture": picture, "moves": moves}
