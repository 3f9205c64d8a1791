"""What agents may do: work that is not for people alone, and what they hold themselves."""

from __future__ import annotations

from milepost.app.runs import RunSession
from milepost.app.tasks import Claimed, claim
from milepost.errors import Refused
from milepost.execution.lookup import find_task, held_attempt, in_the_way
from milepost.execution.queries import claimable
from milepost.execution.records import TaskRecord
from milepost.execution.state import RunState


def ready_for_agents(state: RunState, now: float, tier: int | None = None) -> list[TaskRecord]:
    """Tasks that an agent may claim now, of one tier or of all, the most urgent first.

    Tasks for people alone are left out, and while a supervisor drives the run those that it starts commands for.
    """
    if state.paused_by or state.finished:
        return []
    found = claimable(state, now, tier)
    return [record for record in found if not record.spec.human and not (state.supervisor and record.command)]


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
    session.refresh()
    refused: Refused | None = None
    for record in ready_for_agents(session.state, now, tier):
        if in_the_way(session.state, record) is not None:
            continue
        try:
            return claim(session, record.spec.id, worker=worker, now=now, lease=lease, tier=tier)
        except Refused as error:
            refused = error
    if refused is not None:
        raise refused
    raise Refused("no task can be claimed now", remedy="next_tasks says what is waited for")


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
