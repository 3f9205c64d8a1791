"""Plans as plain JSON values."""

from __future__ import annotations

from typing import Any

from milepost.app.checkpoints import find_checkpoint
from milepost.app.runs import NOT_RUN
from milepost.app.statuses import RunStatus, run_status
from milepost.app.tasks import require_part_of_runs
from milepost.errors import InputError, MilepostError
from milepost.execution.lookup import find_task
from milepost.execution.queries import Outcome
from milepost.execution.records import Attempt, CheckpointRecord
from milepost.web.plan_view import PlanView
from milepost.web.portfolio import ServedPlan


def summary(plan: ServedPlan) -> dict[str, Any]:
    """A plan as one entry of a list; one that cannot be read says why."""
    try:
        with plan.opened() as view:
            found: dict[str, Any] = view.computed("summary", lambda: summary_of(view))
            return found
    except InputError as error:
        return {"id": plan.id, "name": plan.name, "title": plan.name, "state": "unreadable", "problem": told(error)}
    except MilepostError as error:
        return {"id": plan.id, "name": plan.name, "title": plan.name, "state": "unavailable", "problem": told(error)}


def summary_of(view: PlanView) -> dict[str, Any]:
    """What a list says of a plan that can be read."""
    plan = view.project.plan
    found: dict[str, Any] = {
        "id": view.id,
        "name": view.name,
        "title": plan.title or view.name,
        "dialect": plan.dialect,
        "phases": len(plan.phases),
        "checkpoints": len(plan.checkpoints),
        "effort_seconds": plan.effort,
        "problem": None,
    }
    try:
        status = run_status(view.state, view.project.now())
    except MilepostError as error:
        return {**found, "state": "invalid", "tasks": _boxes(view), "run": None, "problem": told(error)}
    run = _run(view, status)
    return {**found, "state": run["outcome"] if run else _without_run(status), "tasks": _counts(status), "run": run}


def details(view: PlanView) -> dict[str, Any]:
    """Everything of a plan: what a list says, its phases, tasks and checkpoints, and where its run stands."""
    found = summary_of(view)
    found["document_etag"] = view.document_etag
    found["unread_lines"] = view.project.unread
    found["phase_list"] = [
        {"id": phase.id, "title": phase.title, "line": view.project.source.position(phase.span.start).line}
        for phase in view.project.plan.phases
    ]
    if found["state"] == "invalid":
        return {**found, "task_list": [], "checkpoint_list": [], "waiting_for": []}
    found["task_list"] = task_list(view)
    found["checkpoint_list"] = checkpoint_list(view)
    found["waiting_for"] = run_status(view.state, view.project.now()).reasons()
    return found


def task_list(view: PlanView) -> list[dict[str, Any]]:
    """Every task of the run, in the order of the plan."""
    status = run_status(view.state, view.project.now())
    phases = {task.id: task.phase or "" for task in view.project.plan.tasks}
    return [
        {**status.task_json(record), "phase": phases.get(record.spec.id, "")} for record in view.state.tasks.values()
    ]


def task_details(view: PlanView, task: str) -> dict[str, Any]:
    """A task with its attempts, its text's place, and its commands.

    Raises:
        UnknownName: the plan has none of that name.
        Refused: it takes no part in runs.
    """
    require_part_of_runs(view.project.extract.apart, task)
    record = find_task(view.state, task)
    status = run_status(view.state, view.project.now())
    written = view.project.plan.by_id.get(task)
    return {
        **status.task_json(record),
        "phase": (written.phase if written else None) or "",
        "line": view.project.source.position(written.span.start).line if written else None,
        "command": record.command,
        "verify": list(record.spec.verify),
        "files": list(record.spec.files),
        "human": record.spec.human,
        "finished_at": record.finished_at,
        "attempt_list": [attempt_json(each) for each in record.attempts],
    }


def attempt_json(attempt: Attempt) -> dict[str, Any]:
    """An attempt at a task."""
    return {
        "no": attempt.no,
        "tier": attempt.tier,
        "worker": attempt.worker,
        "started_at": attempt.started_at,
        "ended_at": attempt.ended_at,
        "lease_until": attempt.lease_until,
        "outcome": attempt.outcome,
        "reason": attempt.reason,
        "evidence": dict(attempt.evidence),
    }


def checkpoint_list(view: PlanView) -> list[dict[str, Any]]:
    """Every checkpoint of the run, in the order of the plan."""
    return [checkpoint_json(record) for record in view.state.checkpoints.values()]


def checkpoint_named(view: PlanView, wanted: str) -> dict[str, Any]:
    """The checkpoint that somebody names.

    Raises:
        UnknownName: none is called that, or several are.
    """
    return checkpoint_json(view.state.checkpoints[find_checkpoint(view.state, wanted)])


def checkpoint_json(record: CheckpointRecord) -> dict[str, Any]:
    """A checkpoint with its criteria, who judged them and on what evidence."""
    return {
        "id": record.spec.id,
        "name": record.spec.name,
        "passed": record.passed,
        "passed_at": record.passed_at,
        "due": record.due,
        "rejected": record.rejected,
        "after": list(record.spec.after),
        "criteria": [
            {
                "text": criterion.spec.text,
                "command": criterion.spec.command,
                "status": criterion.status.value,
                "by": criterion.by,
                "at": criterion.at,
                "evidence": dict(criterion.evidence),
            }
            for criterion in record.criteria
        ],
    }


def told(error: MilepostError) -> dict[str, str]:
    """An error within an answer that is none itself."""
    return {"code": error.code, "detail": str(error), "remedy": error.remedy}


def run_number(stream: str) -> int:
    """The number of a run of its plan, from 1."""
    number = stream.rpartition("#")[2]
    return int(number) if number.isdecimal() else 0


def _run(view: PlanView, status: RunStatus) -> dict[str, Any] | None:
    state = status.state
    if not view.moment.run or state.run == NOT_RUN:
        return None
    return {
        "number": run_number(state.run),
        "name": state.run,
        "version": view.moment.version,
        "outcome": status.outcome.value,
        "started_at": state.started_at,
        "finished_at": state.finished_at,
        "cost": round(status.cost, 6),
        "supervisor": state.supervisor,
        "deserted": view.project.deserted(state),
        "paused_by": state.paused_by,
        "cancelled_by": state.cancelled_by,
    }


def _without_run(status: RunStatus) -> str:
    return "finished" if status.outcome is Outcome.FINISHED else "not started"


def _counts(status: RunStatus) -> dict[str, int]:
    return {"total": status.total, **{each.value: number for each, number in status.counts.items()}}


def _boxes(view: PlanView) -> dict[str, int]:
    """How many tasks there are, and how many are ticked, of a plan that cannot be run."""
    from milepost.plan.model import TaskState

    leaves = view.project.plan.leaves
    done = sum(task.state is TaskState.DONE for task in leaves)
    return {"total": len(leaves), "pending": len(leaves) - done, "running": 0, "done": done, "blocked": 0, "skipped": 0}
