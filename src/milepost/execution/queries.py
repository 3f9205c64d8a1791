"""Questions about a run's state, answered from what it keeps up to date."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from milepost.execution.records import CheckpointRecord, CriterionStatus, TaskRecord, TaskStatus
from milepost.execution.state import RunState


class Outcome(StrEnum):
    """What can still happen without anybody's help.

    ``ACTIVE``: something runs or can be started. ``WAITING``: only people can move it on. ``STUCK``: what is left
    is blocked, behind something blocked, or behind a criterion that failed.
    """

    FINISHED = "finished"
    ACTIVE = "active"
    WAITING = "waiting"
    STUCK = "stuck"


class DueCriterion(NamedTuple):
    """A criterion with a command whose moment has come; ``number`` counts from 0."""

    checkpoint: str
    number: int
    command: str


def startable(state: RunState, now: float) -> list[TaskRecord]:
    """Tasks that commands can start on now, within each tier's capacity, in dispatch order."""
    found = []
    for rank in sorted(state.ready):
        free = state.tiers[rank].capacity - state.running.get(rank, 0) if rank in state.tiers else 0
        for _, task in state.ready[rank]:
            if free <= 0:
                break
            record = state.tasks[task]
            if record.command and record.ready_at <= now:
                found.append(record)
                free -= 1
    return found


def claimable(state: RunState, now: float, tier: int | None = None) -> list[TaskRecord]:
    """Tasks that may be claimed now (for one tier, or for all), in dispatch order, capacity aside."""
    ranks = [rank for rank in state.ready if tier in (None, rank)]
    found = [state.tasks[task] for rank in ranks for _, task in state.ready[rank]]
    return sorted((r for r in found if r.ready_at <= now), key=lambda r: (r.spec.order, r.spec.id))


def due_checkpoints(state: RunState) -> list[CheckpointRecord]:
    """Checkpoints whose criteria are to be judged now."""
    return [checkpoint for checkpoint in state.checkpoints.values() if checkpoint.due]


def due_criteria(state: RunState) -> list[DueCriterion]:
    """Criteria with a command that are to be evaluated now."""
    return [
        DueCriterion(checkpoint.spec.id, index, criterion.spec.command)
        for checkpoint in due_checkpoints(state)
        for index, criterion in enumerate(checkpoint.criteria)
        if criterion.spec.command and criterion.status is CriterionStatus.PENDING
    ]


def awaiting_approval(state: RunState) -> list[CheckpointRecord]:
    """Due checkpoints with a criterion that somebody has to sign off."""
    return [
        checkpoint
        for checkpoint in due_checkpoints(state)
        if any(not c.spec.command and c.status is CriterionStatus.PENDING for c in checkpoint.criteria)
    ]


def failed_criteria(state: RunState) -> list[tuple[CheckpointRecord, int]]:
    """Criteria of due checkpoints that were evaluated and do not hold."""
    return [
        (checkpoint, index)
        for checkpoint in due_checkpoints(state)
        for index, criterion in enumerate(checkpoint.criteria)
        if criterion.status is CriterionStatus.FAILED
    ]


def blocked(state: RunState) -> list[TaskRecord]:
    """Tasks that wait for a human."""
    return [record for record in state.tasks.values() if record.status is TaskStatus.BLOCKED]


def running(state: RunState) -> list[TaskRecord]:
    """Tasks that are being worked on."""
    return [record for record in state.tasks.values() if record.status is TaskStatus.RUNNING]


def next_wake(state: RunState, now: float) -> float | None:
    """The next moment at which time alone changes what is possible: a lag or a lease ends."""
    lags = [
        state.tasks[task].ready_at
        for queue in state.ready.values()
        for _, task in queue
        if state.tasks[task].ready_at > now
    ]
    leases = [
        current.lease_until
        for record in running(state)
        if (current := record.current) and current.lease_until is not None
    ]
    return min(lags + leases, default=None)


def outcome(state: RunState, now: float) -> Outcome:
    """What can still happen without anybody's help."""
    if state.finished:
        return Outcome.FINISHED
    if due_criteria(state) or _moves_by_itself(state):
        return Outcome.ACTIVE
    people = any(queue for queue in state.ready.values()) or running(state) or awaiting_approval(state)
    return Outcome.WAITING if people else Outcome.STUCK


def _moves_by_itself(state: RunState) -> bool:
    """Whether a command runs, or is ready to run now or after a lag."""
    if any((current := record.current) and current.lease_until is None for record in running(state)):
        return True
    return any(state.tasks[task].command for queue in state.ready.values() for _, task in queue)


def counts(state: RunState) -> dict[TaskStatus, int]:
    """How many tasks stand where."""
    found = dict.fromkeys(TaskStatus, 0)
    for record in state.tasks.values():
        found[record.status] += 1
    return found
