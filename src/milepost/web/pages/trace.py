"""The traceability matrix: each requirement with its tasks, their state, evidence and tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milepost.app.traces import Trace, coverage_counts, evidence_of_run, line_of, trace_plan
from milepost.errors import RequirementsNotFound
from milepost.web.pages import words
from milepost.web.plan_view import PlanView


def gather(view: PlanView) -> Mapping[str, Any]:
    """What the page shows; a plan without requirements beside it has an empty one."""

    def make() -> Trace | None:
        recorded = view.recorded
        try:
            return trace_plan(view.project.path, (), evidence_of_run(recorded) if recorded else None)
        except RequirementsNotFound:
            return None

    found = view.computed("trace", make)
    now = view.project.now()
    tasks = view.state.tasks
    return {
        "trace": found,
        "counts": coverage_counts(found.matrix) if found else {},
        "line_of": line_of,
        "standing": lambda name: words.standing(tasks[name], now) if name in tasks else "pending",
    }
