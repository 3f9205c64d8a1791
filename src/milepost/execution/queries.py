"""Questions about a run's state, answered from what it keeps up to date."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from heapq import merge
from typing import NamedTuple

from milepost.execution.lookup import in_the_way
from milepost.execution.records import CheckpointRecord, CriterionStatus, TaskRecord, TaskStatus
from milepost.execution.state import RunState


class Outcome(StrEnum):
    """What can still happen without anybody's help.

    ``ACTIVE``: something runs or can be started. ``WAITING``: only people can move it on. ``STUCK``: what is left
    is blocked, behind something blocked, or behind a criterion that failed.
    """

    FINISHED = "finished"
    CANCELLED = "cancelled"
    ACTIVE = "active"
    WAITING = "waiting"
    STUCK = "stuck"


class DueCriterion(NamedTuple):
    """A criterion with a command whose moment has come; ``number`` counts from 0."""

    checkpoint: str
    number: int
    command: str


def startable(state: RunState, now: float) -> list[TaskRecord]:
    """Tasks that commands can start on now, in dispatch order.

    Each tier's capacity and budget is respected, and no two that share files or resources are given together.
    """
    if state.paused_by or state.finished:
        return []
    found: list[TaskRecord] = []
    for rank in sorted(state.ready):
        free = _free(state, rank)
        for _, task in state.ready[rank]:
            if free <= 0:
                break
            record = state.tasks[task]
            if record.command and record.ready_at <= now and not in_the_way(state, record, found):
                found.append(record)
                free -= 1
    return found


def helpable(state: RunState, now: float) -> list[tuple[TaskRecord, int]]:
    """Tasks of weaker tiers that an idle stronger one can start on now, each with the rank that would help."""
    if not state.spec.help_weaker or state.paused_by or state.finished:
        return []
    found: list[tuple[TaskRecord, int]] = []
    taken: list[TaskRecord] = list(startable(state, now))
    for rank in sorted(state.tiers, reverse=True):
        if any(state.tasks[task].ready_at <= now for _, task in state.ready.get(rank, ())):
            continue
        free = _free(state, rank)
        for record in claimable(state, now):
            if free <= 0:
                break
            fits = record.tier > rank and rank in record.spec.commands and record not in taken
            if fits and not in_the_way(state, record, taken):
                found.append((record, rank))
                taken.append(record)
                free -= 1
    return found


def _free(state: RunState, rank: int) -> int:
    if rank not in state.tiers or state.out_of_budget(rank):
        return 0
    return state.tiers[rank].capacity - state.running.get(rank, 0)


def claimable(state: RunState, now: float, tier: int | None = None) -> list[TaskRecord]:
    """Tasks that may be claimed now (for one tier, or for all), in dispatch order, capacity aside."""
    return list(claimable_in_order(state, now, tier))


def claimable_in_order(state: RunState, now: float, tier: int | None = None) -> Iterator[TaskRecord]:
    """The same one by one, for whoever needs only the first; the state may not change meanwhile."""
    queues = [queue for rank, queue in state.ready.items() if queue and tier in (None, rank)]
    entries: Iterable[tuple[int, str]] = queues[0] if len(queues) == 1 else merge(*queues)
    for _, task in entries:
        record = state.tasks[task]
        if record.ready_at <= now:
            yield record


def delayed(state: RunState, now: float) -> list[TaskRecord]:
    """Tasks that wait for nothing but their time, the next first."""
    found = [state.tasks[task] for queue in state.ready.values() for _, task in queue]
    return sorted((r for r in found if r.ready_at > now), key=lambda r: (r.ready_at, r.spec.order, r.spec.id))


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
    """Due checkpoints with a criterion that somebody has to sign off, and rejected ones."""
    return [
        checkpoint
        for checkpoint in due_checkpoints(state)
        if checkpoint.rejected
        or any(not c.spec.command and c.status is CriterionStatus.PENDING for c in checkpoint.criteria)
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
    return list(state.active.values())


def next_wake(state: RunState, now: float) -> float | None:
    """The next moment at which time alone changes what is possible: a task's time comes, or a claim ends."""
    claims = (state.claim_ends_at(record) for record in state.active.values())
    times = [*(record.ready_at for record in delayed(state, now)), *(end for end in claims if end is not None)]
    return min(times, default=None)


def outcome(state: RunState, now: float) -> Outcome:
    """What can still happen without anybody's help."""
    if state.finished:
        return Outcome.CANCELLED if state.cancelled_by else Outcome.FINISHED
    if due_criteria(state) or _moves_by_itself(state):
        return Outcome.ACTIVE
    people = any(queue for queue in state.ready.values()) or state.active or awaiting_approval(state)
    return Outcome.WAITING if people else Outcome.STUCK


def _moves_by_itself(state: RunState) -> bool:
    """Whether a command runs, or is ready to run now or after a lag."""
    if any(record.attempts[-1].lease_until is None for record in state.active.values()):
        return True
    if state.paused_by:
        return False
    if state.overflowing():
        return True
    queues = (queue for rank, queue in state.ready.items() if not state.out_of_budget(rank))
    return any(state.tasks[task].command for queue in queues for _, task in queue)


def counts(state: RunState) -> dict[TaskStatus, int]:
    """How many tasks stand where."""
    found = dict.fromkeys(TaskStatus, 0)
    for record in state.tasks.values():
        found[record.status] += 1
    return found
