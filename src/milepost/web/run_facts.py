"""Runs as plain JSON values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from milepost.app.housekeeping import RunLine, list_runs
from milepost.app.runs import RunSession
from milepost.app.statuses import budget_lines, run_status
from milepost.errors import UnknownName
from milepost.execution.queries import claimable
from milepost.execution.state import RunState
from milepost.web.plan_facts import run_number
from milepost.web.plan_view import PlanView


def run_list(view: PlanView) -> list[dict[str, Any]]:
    """Every run of a plan, the oldest first."""
    return [_line(line) for line in list_runs(view.project.ledger, view.project.now(), view.project.identity)]


def stream_of(view: PlanView, number: int) -> str:
    """The name of a plan's run.

    Raises:
        UnknownName: there is none of that number.
    """
    stream = f"{view.project.identity}#{number}"
    if all(info.name != stream for info in view.project.ledger.streams(stream)):
        raise UnknownName(f"the plan has no run {number}", remedy="look at the list of its runs")
    return stream


def details(view: PlanView, number: int) -> dict[str, Any]:
    """One run: where it stands, its tasks, checkpoints and budgets.

    Raises:
        UnknownName: there is none of that number.
    """
    stream = stream_of(view, number)
    newest = stream == view.moment.run
    state = view.state if newest else RunSession(view.project.ledger, stream).state
    return run_json(view, state, view.moment.version if newest else state.version, newest=newest)


def run_json(view: PlanView, state: RunState, version: int, *, newest: bool = True) -> dict[str, Any]:
    """A run as it stands."""
    status = run_status(state, view.project.now())
    told = status.to_json()
    del told["elapsed_seconds"]  # it changes while nothing else does
    return {
        **told,
        "plan": view.id,
        "number": run_number(state.run),
        "newest": newest,
        "version": version,
        "run_etag": view.run_etag if newest else None,
        "started_at": state.started_at,
        "finished_at": state.finished_at,
        "paused_by": state.paused_by,
        "cancelled_by": state.cancelled_by,
        "deserted": view.project.deserted(state),
        "budgets": [line._asdict() for line in budget_lines(state)],
    }


def tiers(view: PlanView) -> list[dict[str, Any]]:
    """The tiers of a plan's run: how many tasks each may do at once, does, could do now, and what it has spent."""
    state, now = view.state, view.project.now()
    budgets = budget_lines(state)
    return [
        {
            "rank": tier.rank,
            "name": tier.name,
            "capacity": tier.capacity,
            "speed": tier.speed,
            "cost_per_hour": tier.cost_per_hour,
            "attempts": tier.attempts,
            "driver": view.project.settings.tiers[tier.rank].driver if tier.rank in view.project.settings.tiers else "",
            "running": [record.spec.id for record in state.active.values() if record.tier == tier.rank],
            "ready": [record.spec.id for record in claimable(state, now, tier.rank)],
            "tasks": sum(record.tier == tier.rank for record in state.tasks.values()),
            "budgets": [line._asdict() for line in budgets if line.scope == f"tier {tier.rank}"],
        }
        for tier in sorted(state.tiers.values(), key=lambda tier: tier.rank)
    ]


def workers(view: PlanView) -> list[dict[str, Any]]:
    """Who has worked in a plan's run: what each holds, how many attempts and how long; in the order of names."""
    found: dict[str, dict[str, Any]] = {}
    for record in view.state.tasks.values():
        for attempt in record.attempts:
            one = found.setdefault(
                attempt.worker,
                {"name": attempt.worker, "holds": [], "attempts": 0, "done": 0, "worked_seconds": 0.0, "last_at": 0.0},
            )
            one["attempts"] += 1
            one["done"] += attempt.outcome == "done"
            one["worked_seconds"] += (attempt.ended_at or attempt.started_at) - attempt.started_at
            one["last_at"] = max(one["last_at"], attempt.ended_at or attempt.started_at)
            if record.current is attempt:
                one["holds"].append(
                    {"task": record.spec.id, "attempt_no": attempt.no, "lease_until": attempt.lease_until}
                )
    return [found[name] for name in sorted(found)]


def _line(line: RunLine) -> dict[str, Any]:
    return {
        "number": run_number(line.run),
        "name": line.run,
        "outcome": line.outcome.value,
        "done": line.done,
        "total": line.total,
        "started_at": line.started_at,
        "finished_at": line.finished_at,
        "cost": round(line.cost, 6),
    }


def page_of_events(view: PlanView, stream: str, after: int, limit: int) -> tuple[Sequence[Any], int]:
    """Events of a run after a version, and how many there are beyond."""
    events = view.project.ledger.read(stream, after)
    return events[:limit], max(len(events) - limit, 0)
