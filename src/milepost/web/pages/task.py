"""A task: what it asks for, what it waits for, its attempts with what they wrote, and what can be done with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milepost.app.event_lines import event_line as event_line
from milepost.execution.lookup import find_task, holding_back
from milepost.web.pages import board, run, words
from milepost.web.plan_view import PlanView


def gather(view: PlanView, name: str) -> Mapping[str, Any]:
    """What the page shows.

    Raises:
        UnknownName: the plan has no such task.
    """
    state, now = view.state, view.project.now()
    record = find_task(state, name)
    plan = view.project.plan
    task = plan.by_id.get(name)
    standing = words.standing(record, now)
    events = view.project.ledger.read(view.moment.run) if view.moment.run else []
    return {
        "record": record,
        "task": task,
        "line": view.project.source.position(task.span.start).line if task else None,
        "phase": next((one.title for one in plan.phases if task and one.id == task.phase), ""),
        "standing": standing,
        "acts": board.acts_of(standing),
        "waits": [wait.task for wait in record.spec.waits],
        "held_by": holding_back(state, record) if standing == "pending" else [],
        "follows": [one.spec.id for one in state.tasks.values() if any(w.task == name for w in one.spec.waits)],
        "titles": {one.spec.id: one.spec.title for one in state.tasks.values()},
        "limit": state.attempt_limit(record),
        "lines": [one for one in run.event_lines(events) if one.task == name][::-1],
        "outcome_kind": run.outcome_kind,
        "tiers": {rank: tier.name for rank, tier in state.tiers.items()},
    }
