"""The state of a run as plain values, from which it is restored without folding its events again.

Events remain the truth: a snapshot is what folding them led to, and nothing else than a way to get there sooner.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from itertools import islice
from operator import attrgetter
from typing import Any

from milepost.execution.columns import packed, unpacked
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
_ATTEMPT = [field.name for field in fields(Attempt)]
_TASK = [field.name for field in fields(TaskRecord) if field.name not in ("spec", "attempts")]
_PLAIN_TASK = [getattr(TaskRecord(TaskSpec("", "", 0), 0), name) for name in _TASK]
_PLAIN_ATTEMPT = [getattr(Attempt(1, 0, "", 0.0), name) for name in _ATTEMPT]
"""What the values of most tasks and attempts are."""
_CHECKPOINT = ("passed", "passed_at", "unmet", "rejected")
_ATTEMPT_ROW = attrgetter(*_ATTEMPT)
_TASK_ROW = attrgetter(*["status.value" if name == "status" else name for name in _TASK])
_STATUS = {status.value: status for status in TaskStatus}


def snapshot(state: RunState) -> dict[str, Any]:
    """Describe a state, all but its specification."""
    records = [state.tasks[task.id] for task in state.spec.tasks]
    gates = [state.checkpoints[gate.id] for gate in state.spec.checkpoints]
    touched = [number for number, record in enumerate(records) if not _untouched(record)]
    retired = [record for record in state.tasks.values() if record.retired]
    former, former_gates = [*state.former_tasks.values()], [*state.former_checkpoints.values()]
    foreign = RunSpec("", tuple(r.spec for r in [*retired, *former]), tuple(gate.spec for gate in former_gates))
    return {
        **{name: getattr(state, name) for name in _PLAIN},
        "unmet": [record.unmet for record in records],
        "touched": touched,
        "records": _told([records[number] for number in touched]),
        "checkpoints": [_gate_row(gate) for gate in gates],
        "active": list(state.active),
        **{name: [[*key, amount] for key, amount in getattr(state, name).items()] for name in ("spent", "limits")},
        **{name: sorted(getattr(state, name)) for name in ("warned", "exhausted")},
        "foreign": foreign.to_payload() if foreign.tasks or foreign.checkpoints else None,
        "retired": len(retired),
        "others": _told([*retired, *former]),
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
    touched = _records([spec.tasks[number] for number in values["touched"]], values["records"])
    known = {record.spec.id: record for record in touched}
    unmet = zip(spec.tasks, values["unmet"], strict=True)
    state.tasks = {task.id: known.get(task.id) or _fresh(task, count) for task, count in unmet}
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
    count = values["retired"]
    others = _records(foreign.tasks, values["others"])
    state.tasks.update({record.spec.id: record for record in others[:count]})
    state.former_tasks.update({record.spec.id: record for record in others[count:]})
    for gate, row in zip(foreign.checkpoints, values["former_checkpoints"], strict=True):
        state.former_checkpoints[gate.id] = _gate(gate, row)


def _fresh(task: TaskSpec, unmet: int) -> TaskRecord:
    record = TaskRecord(task, task.tier)
    record.unmet = unmet
    record.ready_at = task.not_before or 0.0
    return record


def _untouched(record: TaskRecord) -> bool:
    return not record.attempts and record == _fresh(record.spec, record.unmet)


def _told(records: Sequence[TaskRecord]) -> list[Any]:
    """Tell records, all but their tasks: how many attempts each had, these, and the rest."""
    attempts = [_ATTEMPT_ROW(attempt) for record in records for attempt in record.attempts]
    rows = packed(list(map(_TASK_ROW, records)), _PLAIN_TASK)
    return [[len(record.attempts) for record in records], packed(attempts, _PLAIN_ATTEMPT), rows]


def _records(tasks: Sequence[TaskSpec], told: Sequence[Any]) -> list[TaskRecord]:
    """Build the records of tasks that :func:`_told` told."""
    counts, attempts, rows = told
    made = map(Attempt, *unpacked(attempts, _PLAIN_ATTEMPT))
    tried = [list(islice(made, count)) for count in counts]
    tiers, statuses, *rest = unpacked(rows, _PLAIN_TASK)
    found = list(map(TaskRecord, tasks, tiers, map(_STATUS.__getitem__, statuses), tried, *rest))
    if len(found) != len(tasks):
        raise ValueError("not every task has a record")
    return found


def _gate_row(gate: CheckpointRecord) -> list[Any]:
    judged = [[one.status.value, one.by, one.at, one.evidence] for one in gate.criteria]
    return [judged, *(getattr(gate, name) for name in _CHECKPOINT)]


def _gate(spec: CheckpointSpec, row: Sequence[Any]) -> CheckpointRecord:
    judged, *rest = row
    criteria = [
        CriterionRecord(one, CriterionStatus(status), by, at, evidence)
        for one, (status, by, at, evidence) in zip(spec.criteria, judged, strict=True)
    ]
    return CheckpointRecord(spec, criteria, *rest)
