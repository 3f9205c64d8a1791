"""What is computed of a plan — findings, schedule, forecast, network, traceability, baseline — as plain JSON values."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from milepost.app.checks import Selection, check_document, fix_plan, preview_fixes
from milepost.app.documents import unified_diff
from milepost.app.findings import as_data
from milepost.app.requirement_files import find_requirements
from milepost.bootstrap.outlooks import current_forecast, current_schedule
from milepost.bootstrap.performances import current_performance
from milepost.errors import InputError, MilepostError
from milepost.execution.state import RunState
from milepost.source import Severity, SourceText
from milepost.web.plan_view import PlanView, etag_of_document


def diagnostics(view: PlanView) -> dict[str, Any]:
    """What checking the plan finds, by the rules that its settings choose."""
    checked = check_document(view.project.source, Selection())
    located = [found.located(checked.plan.source) for found in checked.findings]
    findings = [as_data(source, found) for source, found in located]
    for finding in findings:
        finding["path"] = view.shown(finding["path"])
    return {
        "document_etag": view.document_etag,
        "findings": findings,
        "errors": sum(found.severity is Severity.ERROR for found in checked.findings),
        "warnings": sum(found.severity is Severity.WARNING for found in checked.findings),
        "fixable": sum(finding["fixable"] for finding in findings),
    }


def fixed(view: PlanView, rules: tuple[str, ...], *, unsafe: bool, write: bool) -> dict[str, Any]:
    """What the fixes of findings change, or would change.

    Raises:
        UnknownName: there is no such rule.
        DocumentUnwritable, DocumentChanged: the fixes cannot be written.
    """
    fix = fix_plan if write else preview_fixes
    checked = fix(view.project.path, Selection(select=rules), unsafe=unsafe)
    diff = unified_diff(checked.before, checked.plan.source) if checked.changed else ""
    return {
        "written": write and checked.changed,
        "diff": diff.replace(view.project.path, view.name),
        "fixed": [found.code for found in checked.fixed],
        "remaining": len(checked.findings),
        "document_etag": etag_of(checked.plan.source) if write else view.document_etag,
    }


def etag_of(source: SourceText) -> str:
    """The entity tag of a document."""
    return etag_of_document(source.to_bytes())


def schedule(view: PlanView) -> dict[str, Any]:
    """The schedule as it goes on from what has happened. Raises PlanInvalid."""
    return current_schedule(view.project).as_dict()


def forecast(view: PlanView, confidence: float) -> dict[str, Any]:
    """The forecast of what remains. Raises PlanInvalid."""
    return current_forecast(view.project, confidence).as_dict()


def network(view: PlanView) -> dict[str, Any]:
    """Tasks and checkpoints with what each waits for, and which of it is critical.

    Raises:
        PlanInvalid: the dependencies form a cycle.
    """
    from milepost.schedule.dependencies import unite

    report = view.computed("schedule report", lambda: current_schedule(view.project), view.minute)
    state = _state(view)
    asked = report.gated if report.gated else report.ungated
    rows = {row.id: row for row in report.rows}
    links = [link for link in unite(view.project.plan) if link.predecessor in rows and link.successor in rows]
    return {
        "nodes": [
            {
                "id": row.id,
                "title": row.title,
                "phase": row.phase,
                "checkpoint": row.checkpoint,
                "tier": row.tier,
                "duration_seconds": row.duration_seconds,
                "critical": row.critical,
                "total_float_seconds": row.total_float_seconds,
                "status": _status(state, row.id, checkpoint=row.checkpoint),
            }
            for row in report.rows
        ],
        "links": [
            {
                "source": link.predecessor,
                "target": link.successor,
                "kind": link.kind.value,
                "lag_seconds": link.lag,
                "critical": link.predecessor in rows[link.successor].drivers
                and rows[link.predecessor].critical
                and rows[link.successor].critical,
            }
            for link in links
        ],
        "critical_path": list(asked.critical_path) if asked else [],
    }


def traceability(view: PlanView) -> dict[str, Any]:
    """Each requirement with the tasks, tests and evidence that serve it.

    Only files of the project are read, wherever a link may lead.

    Raises:
        RequirementsNotFound: there are none.
    """
    from milepost.app.traces import evidence_of_run, trace_plan

    root = os.path.realpath(view.project.settings.root)
    files = [file for file in find_requirements(view.project.path) if _inside(file, root)]
    if not files and find_requirements(view.project.path):
        raise InputError("its requirements lie outside of its project", place=view.name)
    evidence = evidence_of_run(view.recorded) if view.recorded else None
    trace = trace_plan(view.project.path, files, evidence)
    found = trace.to_json(trace.matrix.rows)
    found["plan"] = view.id
    found["requirements_files"] = [view.shown(file) for file in found["requirements_files"]]
    for row in found["requirements"]:
        row["path"] = view.shown(row["path"])
        for test in row["tests"]:
            test["path"] = view.shown(test["path"])
    return found


def baseline(view: PlanView) -> dict[str, Any]:
    """The baseline, earned value until now, and what today's schedule has that it has not.

    Raises:
        BaselineUnreadable: there is none, or it is damaged.
    """
    kept, found, difference = current_performance(view.project)
    return {"baseline": kept.as_dict(), **found.as_dict(), "difference": difference.as_dict()}


def _state(view: PlanView) -> RunState | None:
    try:
        return view.state
    except MilepostError:
        return None


def _status(state: RunState | None, name: str, *, checkpoint: bool) -> str:
    if state is None:
        return ""
    if checkpoint:
        gate = state.checkpoints.get(name)
        return "" if gate is None else "passed" if gate.passed else "due" if gate.due else "pending"
    return state.tasks[name].status.value if name in state.tasks else ""


def _inside(file: str, root: str) -> bool:
    return Path(os.path.realpath(file)).is_relative_to(root)
