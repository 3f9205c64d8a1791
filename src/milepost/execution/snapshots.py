"""The state of a run as plain JSON values, from which it is restored without folding its events again.

Events remain the truth: a snapshot is what folding them led to, and nothing else than a way to get there sooner.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from milepost.execution.policy import CheckpointSpec, RunSpec, TaskSpec
from milepost.execution.records import (
    Attempt,
    CheckpointRecord,
    CriterionRecord,
    CriterionStatus,
    TaskRecord,
    TaskStatus,
)
from milepost.execution.state import RunState

_PLAIN = ("run", "started_at", "finished_at", "supervisor", "paused_by", "cancelled_by", "version")
_ATTEMPT = tuple(field.name for field in fields(Attempt))
_TASK = tuple(field.name for field in fields(TaskRecord))[1:]
_ATTEMPTS = _TASK.index("attempts")
_CHECKPOINT = ("passed", "passed_at", "unmet", "rejected")
_STATUS = {status.value: status for status in TaskStatus}


def snapshot(state: RunState) -> dict[str, Any]:
    """Describe a state, all but its specification."""
    records = [state.tasks[task.id] for task in state.spec.tasks]
    gates = [state.checkpoints[gate.id] for gate in state.spec.checkpoints]
    retired = [record for record in state.tasks.values() if record.retired]
    former, former_gates = [*state.former_tasks.values()], [*state.former_checkpoints.values()]
    foreign = RunSpec("", tuple(r.spec for r in [*retired, *former]), tuple(gate.spec for gate in former_gates))
    return {
        **{name: getattr(state, name) for name in _PLAIN},
        "unmet": [record.unmet for record in records],
        "touched": [[number, _row(record)] for number, record in enumerate(records) if not _untouched(record)],
        "checkpoints": [_gate_row(gate) for gate in gates],
        "active": list(state.active),
        **{name: [[*key, amount] for key, amount in getattr(state, name).items()] for name in ("spent", "limits")},
        **{name: sorted(getattr(state, name)) for name in ("warned", "exhausted")},
        "foreign": foreign.to_payload() if foreign.tasks or foreign.checkpoints else None,
        "retired": [_row(record) for record in retired],
        "former": [_row(record) for record in former],
        "former_checkpoints": [_gate_row(gate) for gate in former_gates],
    }


def restored(values: Mapping[str, Any], spec: RunSpec) -> RunState:
    """Build the state that :func:`snapshot` described; ``spec`` is its specification.

    Any exception says that it is none.
    """
    state = RunState()
    for name in _PLAIN:
        setattr(state, name, values[name])
    state.spec = spec
    state.tiers = {tier.rank: tier for tier in spec.tiers}
    records = [_fresh(task, unmet) for task, unmet in zip(spec.tasks, values["unmet"], strict=True)]
    for number, row in values["touched"]:
        records[number] = _record(spec.tasks[number], row)
    state.tasks = {record.spec.id: record for record in records}
    gates = zip(spec.checkpoints, values["checkpoints"], strict=True)
    state.checkpoints = {gate.id: _gate(gate, row) for gate, row in gates}
    if values["foreign"]:
        _restore_foreign(state, values, RunSpec.from_payload(values["foreign"]))
    for name in ("spent", "limits"):
        setattr(state, name, {(scope, measure): amount for scope, measure, amount in values[name]})
    for name in ("warned", "exhausted"):
        setattr(state, name, {(scope, measure) for scope, measure in values[name]})
    state.active = {name: state.tasks[name] for name in values["active"]}
    state.take_stock()
    return state


def _restore_foreign(state: RunState, values: Mapping[str, Any], foreign: RunSpec) -> None:
    """Restore what the run knows of tasks and checkpoints that its specification has no more."""
    count = len(values["retired"])
    for task, row in zip(foreign.tasks[:count], values["retired"], strict=True):
        state.tasks[task.id] = _record(task, row)
    for task, row in zip(foreign.tasks[count:], values["former"], strict=True):
        state.former_tasks[task.id] = _record(task, row)
    for gate, row in zip(foreign.checkpoints, values["former_checkpoints"], strict=True):
        state.former_checkpoints[gate.id] = _gate(gate, row)


def _fresh(task: TaskSpec, unmet: int) -> TaskRecord:
    record = TaskRecord(task, task.tier)
    record.unmet = unmet
    record.ready_at = task.not_before or 0.0
    return record


def _untouched(record: TaskRecord) -> bool:
    return not record.attempts and record == _fresh(record.spec, record.unmet)


def _row(record: TaskRecord) -> list[Any]:
    row = [getattr(record, name) for name in _TASK]
    row[_ATTEMPTS] = [[getattr(attempt, name) for name in _ATTEMPT] for attempt in record.attempts]
    return row


def _record(task: TaskSpec, row: Sequence[Any]) -> TaskRecord:
    tier, status, attempts, *rest = row
    return TaskRecord(task, tier, _STATUS[status], [Attempt(*attempt) for attempt in attempts], *rest)


def _gate_row(gate: CheckpointRecord) -> list[Any]:
    judged = [[one.status, one.by, one.at, one.evidence] for one in gate.criteria]
    return [judged, *(getattr(gate, name) for name in _CHECKPOINT)]


def _gate(spec: CheckpointSpec, row: Sequence[Any]) -> CheckpointRecord:
    judged, *rest = row
    criteria = [
        CriterionRecord(one, CriterionStatus(status), by, at, evidence)
        for one, (status, by, at, evidence) in zip(spec.criteria, judged, strict=True)
    ]
    return CheckpointRecord(spec, criteria, *rest)
