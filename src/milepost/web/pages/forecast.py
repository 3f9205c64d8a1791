"""The forecast: how probable each end is, and which tasks decide it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milepost.bootstrap.outlooks import current_forecast
from milepost.web.pages import charts
from milepost.web.plan_view import PlanView


def gather(view: PlanView, confidence: int) -> Mapping[str, Any]:
    """What the page shows for a confidence in percent.

    Raises:
        PlanInvalid: the plan cannot be scheduled.
    """
    wanted = min(max(confidence, 1), 99)
    report = view.computed("forecast", lambda: current_forecast(view.project, wanted), wanted)
    return {
        "report": report,
        "confidence": wanted,
        "over": report.done == report.tasks,
        "picture": charts.distribution(report.histogram, report.samples, report.confident.seconds, wanted),
        "tornado": charts.tornado(report.matters),
    }


def glance(view: PlanView) -> Mapping[str, Any]:
    """The forecast and the findings in a few figures, for the portfolio and the overview."""
    from milepost.app.checks import Selection, check_document

    report = view.computed("forecast", lambda: current_forecast(view.project, 80), 80)
    found = view.computed("findings", lambda: check_document(view.project.source, Selection()).findings)
    counts = {level: sum(one.severity == level for one in found) for level in ("error", "warning")}
    return {"report": report, "counts": counts, "over": report.done == report.tasks}
