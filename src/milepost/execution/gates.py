"""Decisions on checkpoints: criteria judged, approved, rejected."""

from __future__ import annotations

from milepost.errors import Refused, UnknownName
from milepost.execution import commands as cmd
from milepost.execution import events as ev
from milepost.execution.lookup import find_checkpoint, find_task, open_gates
from milepost.execution.records import CheckpointRecord, CriterionStatus
from milepost.execution.ripples import ripple
from milepost.execution.state import RunState


def record_criterion(state: RunState, command: cmd.RecordCriterion) -> list[ev.Event]:
    """Take note of what evaluating a criterion gave."""
    checkpoint = _due(state, command.checkpoint)
    if not 0 <= command.index < len(checkpoint.criteria):
        raise UnknownName(f"{checkpoint.spec.name} has no criterion {command.index + 1}")
    kind = ev.CriterionPassed if command.passed else ev.CriterionFailed
    judged: list[ev.Event] = [kind(command.at, checkpoint.spec.id, command.index, command.by, command.evidence)]
    if not command.passed or checkpoint.rejected:
        return judged
    return judged + ripple(state, command.at, judged=checkpoint, passed={command.index})


def approve(state: RunState, command: cmd.Approve) -> list[ev.Event]:
    """Sign off every criterion that has no command."""
    checkpoint = _due(state, command.checkpoint)
    evidence = {"comment": command.comment} if command.comment else {}
    manual = [
        index
        for index, criterion in enumerate(checkpoint.criteria)
        if not criterion.spec.command and criterion.status is not CriterionStatus.PASSED
    ]
    signed: list[ev.Event] = [
        ev.CriterionPassed(command.at, checkpoint.spec.id, index, command.by, evidence) for index in manual
    ]
    return signed + ripple(state, command.at, judged=checkpoint, passed=set(manual))


def recheck(state: RunState, command: cmd.Recheck) -> list[ev.Event]:
    """Let commands that failed judge again."""
    checkpoint = _due(state, command.checkpoint)
    if not any(item.status is CriterionStatus.FAILED and item.spec.command for item in checkpoint.criteria):
        raise Refused(f"no command of {checkpoint.spec.name} has failed")
    return [ev.CheckpointRechecked(command.at, checkpoint.spec.id, command.by)]


def reject(state: RunState, command: cmd.Reject) -> list[ev.Event]:
    """Close a checkpoint again, and have tasks done again that it asked for."""
    checkpoint = find_checkpoint(state, command.checkpoint)
    if not checkpoint.passed:
        _due(state, command.checkpoint)
    again = [find_task(state, task) for task in dict.fromkeys(command.reopen)]
    for record in again:
        if not record.over:
            raise Refused(f"task {record.spec.id} cannot be done again: it is {record.status}")
    rejected: list[ev.Event] = [
        ev.CheckpointRejected(command.at, checkpoint.spec.id, command.by, command.reason),
    ]
    return rejected + [ev.TaskReopened(command.at, r.spec.id, command.by, command.reason) for r in again]


def _due(state: RunState, name: str) -> CheckpointRecord:
    checkpoint = find_checkpoint(state, name)
    if checkpoint.passed:
        raise Refused(f"{checkpoint.spec.name} has passed already")
    if not checkpoint.due:
        open_tasks = [task for task in checkpoint.spec.after if task in state.tasks and not state.tasks[task].over]
        names = [f"task {task}" for task in open_tasks] + open_gates(state, checkpoint.spec.gates)
        raise Refused(f"{checkpoint.spec.name} is not due yet: it waits for {', '.join(names)}")
    return checkpoint
