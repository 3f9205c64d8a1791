"""A plan at one look: where it stands, what it waits for, phases, and who could go on with what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from milepost.app.statuses import run_status
from milepost.execution.records import CheckpointRecord, TaskRecord, TaskStatus
from milepost.execution.state import RunState
from milepost.web.pages import words
from milepost.web.pages.portfolio import parts_of
from milepost.web.plan_view import PlanView


@dataclass(frozen=True)
class PhaseLine:
    """A phase with its tasks as the run knows them."""

    id: str
    title: str
    tasks: list[TaskRecord]
    parts: dict[str, int]
    done: int


def gather(view: PlanView) -> Mapping[str, Any]:
    """What the overview shows."""
    state, now = view.state, view.project.now()
    status = run_status(state, now)
    plan = view.project.plan
    return {
        "status": status,
        "parts": parts_of(status.counts),
        "reasons": status.reasons() if view.moment.run else [],
        "phases": _phases(view, state),
        "gates": list(state.checkpoints.values()),
        "gate_state": gate_state,
        "standing": lambda record: words.standing(record, now),
        "purpose": plan.purpose,
        "effort": plan.effort,
        "started": state.started_at if view.moment.run else None,
    }


def gate_state(gate: CheckpointRecord) -> str:
    """Where a checkpoint stands, in a word."""
    if gate.passed:
        return "passed"
    if gate.rejected:
        return "failed"
    return "due" if gate.due else "gate"


def _phases(view: PlanView, state: RunState) -> list[PhaseLine]:
    plan = view.project.plan
    homes = {task.id: task.phase for task in plan.tasks}
    groups: dict[str, list[TaskRecord]] = {phase.id: [] for phase in plan.phases}
    loose: list[TaskRecord] = []
    for name, record in state.tasks.items():
        groups.get(homes.get(name) or "", loose).append(record)
    titles = {phase.id: phase.title for phase in plan.phases}
    lines = [_line(name, titles[name], records) for name, records in groups.items() if records]
    return [*lines, _line("", "Tasks", loose)] if loose else lines


def _line(name: str, title: str, records: list[TaskRecord]) -> PhaseLine:
    counts = dict.fromkeys(TaskStatus, 0)
    for record in records:
        counts[record.status] += 1
    return PhaseLine(name, title, records, parts_of(counts), counts[TaskStatus.DONE])
