"""What can be searched for: the tasks, checkpoints and phases of a plan, and all plans."""

from __future__ import annotations

from collections.abc import Sequence

from milepost.web.pages.words import quoted
from milepost.web.plan_view import PlanView
from milepost.web.portfolio import ServedPlan

Entry = dict[str, str]


def of_plans(plans: Sequence[ServedPlan]) -> list[Entry]:
    """The plans that are served."""
    return [{"kind": "plan", "id": "", "title": plan.name, "url": f"/plans/{plan.id}"} for plan in plans]


def of_plan(view: PlanView) -> list[Entry]:
    """The parts of a plan, each with its address."""
    plan, base = view.project.plan, f"/plans/{view.id}"
    tasks = [
        {"kind": "task", "id": task.id, "title": task.title, "url": f"{base}/tasks/{quoted(task.id)}"}
        for task in plan.leaves
    ]
    gates = [
        {"kind": "checkpoint", "id": "", "title": gate.name, "url": f"{base}/checkpoints#{quoted(gate.id)}"}
        for gate in plan.checkpoints
    ]
    phases = [
        {"kind": "phase", "id": phase.id, "title": phase.title, "url": f"{base}/network?phase={quoted(phase.id)}"}
        for phase in plan.phases
    ]
    return [*gates, *phases, *tasks]
