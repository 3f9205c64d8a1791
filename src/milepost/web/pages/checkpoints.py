"""The checkpoints with their criteria, the evidence of each, and who signs off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milepost.execution.records import CheckpointRecord, CriterionRecord, TaskStatus
from milepost.execution.state import RunState
from milepost.web.pages.overview import gate_state
from milepost.web.plan_view import PlanView


def gather(view: PlanView) -> Mapping[str, Any]:
    """What the page shows: checkpoints in the order of the plan, those due first."""
    state = view.state
    gates = list(state.checkpoints.values())
    gates.sort(key=lambda gate: not gate.due)
    plan = {gate.id: gate for gate in view.project.plan.checkpoints}
    return {
        "gates": gates,
        "anchors": {name: plan[name].anchor.text for name in state.checkpoints if name in plan},
        "titles": {name: plan[name].title for name in state.checkpoints if name in plan},
        "gate_state": gate_state,
        "waits": lambda gate: _waits(state, gate),
        "evidence": evidence_of,
        "needs_person": needs_person,
        "began": bool(view.moment.run),
    }


def needs_person(gate: CheckpointRecord) -> bool:
    """Whether somebody has to sign off something of a checkpoint that is due."""
    signed = any(not one.spec.command and one.status.value == "pending" for one in gate.criteria)
    return gate.due and (signed or bool(gate.rejected))


def evidence_of(criterion: CriterionRecord) -> list[tuple[str, str]]:
    """What is known of how a criterion was judged, as names and values."""
    found = criterion.evidence
    shown = ("command", "exit_code", "seconds", "comment", "output")
    return [(key.replace("_", " "), str(found[key])) for key in shown if found.get(key) not in (None, "")]


def _waits(state: RunState, gate: CheckpointRecord) -> list[str]:
    over = (TaskStatus.DONE, TaskStatus.SKIPPED)
    tasks = [name for name in gate.spec.after if name in state.tasks and state.tasks[name].status not in over]
    gates = [state.checkpoints[name] for name in gate.spec.gates if name in state.checkpoints]
    return tasks + [one.spec.name for one in gates if not one.passed]
