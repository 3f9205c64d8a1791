"""What agents may do: work that is not for people alone, and what they hold themselves."""

from __future__ import annotations

from collections.abc import Iterator

from milepost.app.runs import RunSession
from milepost.app.tasks import Claimed, claim
from milepost.errors import Refused
from milepost.execution.lookup import find_task, held_attempt, in_the_way
from milepost.execution.queries import claimable_in_order
from milepost.execution.records import TaskRecord
from milepost.execution.state import RunState


def ready_for_agents(state: RunState, now: float, tier: int | None = None) -> Iterator[TaskRecord]:
    """Tasks that an agent may claim now, of one tier or of all, the most urgent first.

    Tasks for people alone are left out, and while a supervisor drives the run those that it starts commands for. The
    state may not change meanwhile.
    """
    if state.paused_by or state.finished:
        return
    for record in claimable_in_order(state, now, tier):
        if not record.spec.human and not (state.supervisor and record.command):
            yield record


def claim_for_agent(
    session: RunSession, task: str, *, worker: str, now: float, lease: float, tier: int | None = None
) -> Claimed:
    """Take a task for an agent.

    Raises:
        Refused: it is for people alone, or what :func:`~milepost.app.tasks.claim` refuses.
    """
    record = find_task(session.state, task)
    if record.spec.human:
        raise Refused(f"task {task} is for people alone", remedy="next_tasks lists what agents can start")
    return claim(session, task, worker=worker, now=now, lease=lease, tier=tier)


def claim_most_urgent(
    session: RunSession, *, worker: str, now: float, lease: float, tier: int | None = None
) -> Claimed:
    """Take the most urgent task that an agent may have; one that somebody else was faster to take is passed over.

    Raises:
        Refused: there is none; the message of the last one says why where there were some.
    """
    passed_over: set[str] = set()
    while True:
        with session.in_line(read_on=not passed_over):
            record = _first(session.state, now, tier, passed_over)
            try:
                if record is None:
                    raise Refused("no task can be claimed now", remedy="next_tasks says what is waited for")
                return claim(session, record.spec.id, worker=worker, now=now, lease=lease, tier=tier)
            except Refused:
                if session.refresh():  # it was not the latest state
                    continue
                if record is None or not _has_room(session.state, record):
                    raise
                passed_over.add(record.spec.id)


def _first(state: RunState, now: float, tier: int | None, passed_over: set[str]) -> TaskRecord | None:
    """The most urgent task that nothing stands in the way of; where all tiers are full, the most urgent of these."""
    full: TaskRecord | None = None
    for record in ready_for_agents(state, now, tier):
        if record.spec.id in passed_over or in_the_way(state, record) is not None:
            continue
        if _has_room(state, record):
            return record
        full = full or record
    return full


def _has_room(state: RunState, record: TaskRecord) -> bool:
    """Whether a task's tier can take one more."""
    rank = record.tier
    return state.running.get(rank, 0) < state.tiers[rank].capacity and not state.out_of_budget(rank)


def require_own(session: RunSession, task: str, attempt_no: int, *, by: str, verified: bool) -> TaskRecord:
    """Check that an attempt holds its task, and where the caller's identity is ``verified``, that it is the caller's.

    Raises:
        UnknownName: the run has no such task.
        Refused: the attempt does not hold the task any more, or is somebody else's.
    """
    record, attempt = held_attempt(session.state, task, attempt_no)
    if verified and attempt.worker != by and not attempt.worker.startswith(f"{by}/"):
        raise Refused(f"task {task} is held by {attempt.worker} (attempt {attempt_no}), not by {by}")
    return record


def require_blockable(session: RunSession, task: str, attempt_no: int, *, by: str, verified: bool) -> None:
    """Check that an agent may stop a task: one that nobody holds, or that it holds itself.

    Raises:
        Refused: somebody else works on it.
    """
    current = find_task(session.state, task).current
    if current is None:
        return
    if not attempt_no:
        raise Refused(
            f"task {task} is held by {current.worker} (attempt {current.no})",
            remedy="only who holds it may block it: give your attempt_no",
        )
    require_own(session, task, attempt_no, by=by, verified=verified)
