"""Findings as plain data."""

from __future__ import annotations

import json
from typing import Any

from milepost.app.findings import as_data
from milepost.cli.formats.results import Results
from milepost.cli.text import printable


def render(results: Results) -> str:
    """Write findings, plans, errors and their numbers as JSON."""
    data: dict[str, Any] = {
        "findings": [as_data(source, found) for source, found in results.findings()],
        "plans": [
            {
                "path": printable(plan.plan.source.path),
                "dialect": plan.plan.dialect,
                "tasks": len(plan.plan.leaves),
                "required_tasks": len(plan.plan.required),
                "phases": len(plan.plan.phases),
                "checkpoints": len(plan.plan.checkpoints),
                "effort_seconds": plan.plan.effort,
            }
            for plan in results.plans
        ],
        "errors": [
            {"code": error.code, "message": str(error), "path": printable(error.place), "remedy": error.remedy}
            for error in results.errors
        ],
        "summary": results.summary,
    }
    return json.dumps(data, indent=2) + "\n"
