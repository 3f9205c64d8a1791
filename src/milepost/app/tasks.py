"""Tasks of a run, as people and agents act on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from milepost.app.runs import RunSession
from milepost.errors import Refused
from milepost.execution.commands import (
    Block,
    Claim,
    Complete,
    ExpireLeases,
    Fail,
    Heartbeat,
    MarkDone,
    RefuseCompletion,
    Reopen,
    Skip,
    Unblock,
)
from milepost.execution.decisions import decide
from milepost.execution.events import AttemptStarted, Event, TaskBlocked, TaskEscalated
from milepost.execution.lookup import find_task, held_attempt
from milepost.execution.records import Attempt, TaskRecord, TaskStatus

if TYPE_CHECKING:
    from milepost.app.extracts import Apart


@dataclass(frozen=True, slots=True)
class Claimed:
    """A task that was taken: its attempt number goes with every later report. ``lease_until``: seconds since 1970."""

    task: TaskRecord
    attempt_no: int
    lease_until: float | None


def claim(session: RunSession, task: str, *, worker: str, now: float, lease: float, tier: int | None = None) -> Claimed:
    """Take a task for a worker.

    Raises:
        Refused: it is done, held, blocked, waiting, for another tier, or its tier is at its capacity.
    """
    session.execute(ExpireLeases(now))
    events = session.execute(Claim(now, task, worker, tier, lease))
    started = next(event for event in events if isinstance(event, AttemptStarted))
    return Claimed(session.state.tasks[task], started.attempt_no, started.lease_until)


Verify = Callable[[str, Attempt], tuple[str, list[dict[str, Any]]]]
"""Runs the verifications of a task for an attempt: why they failed, empty when they did not, and the evidence."""


def complete(
    session: RunSession,
    task: str,
    *,
    by: str,
    now: Callable[[], float],
    attempt_no: int = 0,
    note: str = "",
    verify: Verify = lambda task, attempt: ("", []),
) -> list[Event]:
    """Report a task as done once it is verified; one that nobody holds is claimed and completed in one step.

    Without ``attempt_no`` the attempt that ``by`` holds is meant.

    Raises:
        Refused: somebody else holds it, it may not start yet, or a verification fails, which is recorded.
    """
    held = _held(session, task, by, attempt_no)
    record = find_task(session.state, task)
    if held is None:
        decide(session.state, Claim(now(), task, by))
        attempt = Attempt(record.next_attempt_no, record.tier, by, now())
    else:
        _, attempt = held_attempt(session.state, task, held)
    evidence: dict[str, Any] = {"note": note} if note else {}
    if record.spec.verify:
        failure, found = verify(task, attempt)
        if failure:
            session.execute(RefuseCompletion(now(), task, held or 0, by, failure, {"verify": found}))
            remedy = "put it right and try again; --force records it as done all the same"
            raise Refused(f"task {task} is not done: {failure}", remedy=remedy)
        evidence["verify"] = found
    done = Complete(now(), task, attempt.no, by, evidence)
    return session.execute(done) if held else session.execute(Claim(now(), task, by), done)


def heartbeat(session: RunSession, task: str, *, by: str, now: float, lease: float, attempt_no: int = 0) -> float:
    """Say that the attempt at a task still lives; gives until when nobody else gets it, in seconds since 1970.

    Raises:
        Refused: it does not hold the task any more; the message says who does.
    """
    attempt = _required(session, task, by, attempt_no, remedy="claim it first")
    session.execute(Heartbeat(now, task, attempt, lease))
    return now + lease


def skip(session: RunSession, task: str, reason: str, *, by: str, now: float) -> list[Event]:
    """Decide that a task will not be done; what waits for it need not wait any more."""
    return session.execute(Skip(now, task, by, reason))


def reopen(session: RunSession, task: str, reason: str, *, by: str, now: float) -> list[Event]:
    """Have a finished or skipped task done again."""
    return session.execute(Reopen(now, task, by, reason))


def mark_done(session: RunSession, task: str, *, by: str, now: float, note: str = "") -> list[Event]:
    """Record that a task was finished outside the run's rules: nothing it waits for is asked about."""
    return session.execute(MarkDone(now, task, by, {"note": note} if note else {}))


def fail(
    session: RunSession, task: str, reason: str, *, by: str, now: float, attempt_no: int = 0, escalate: bool = False
) -> list[Event]:
    """Report that a claimed task failed; ``escalate`` asks for a stronger tier at once.

    Raises:
        Refused: ``by`` does not hold it.
    """
    attempt = _required(session, task, by, attempt_no, remedy="claim it first, or `milepost block` it")
    return session.execute(Fail(now, task, attempt, reason, escalate=escalate))


def block(session: RunSession, task: str, reason: str, *, by: str, now: float) -> list[Event]:
    """Stop a task until somebody lets it go on."""
    return session.execute(Block(now, task, reason, by))


def unblock(session: RunSession, task: str, *, by: str, now: float) -> list[Event]:
    """Let a blocked task go on."""
    return session.execute(Unblock(now, task, by))


def aftermath(events: list[Event]) -> str:
    """Say in words what became of a task that failed: tried again, escalated or blocked."""
    for event in events:
        if isinstance(event, TaskEscalated):
            return f"escalated from tier {event.from_tier} to tier {event.to_tier}"
        if isinstance(event, TaskBlocked):
            return f"blocked: {event.reason}"
    return "to be tried again on the same tier"


def require_part_of_runs(apart: Mapping[str, Apart], task: str) -> None:
    """Explain why a task that the plan has is in none of its runs; ``apart`` are those tasks.

    Raises:
        Refused: it is optional, struck out, or made of parts.
    """
    if task in apart:
        raise Refused(f"task {task} {apart[task].why}", remedy=apart[task].remedy)


def _required(session: RunSession, task: str, by: str, attempt_no: int, *, remedy: str) -> int:
    """The number of the attempt that is meant, which must be one that somebody holds."""
    held = _held(session, task, by, attempt_no)
    if held is not None:
        return held
    record = session.state.tasks[task]
    if record.over:
        raise Refused(
            f"task {task} is {record.status} already, by {record.by}", remedy="`milepost reopen` has it done again"
        )
    last = record.attempts[-1] if record.attempts else None
    if last is not None and last.worker == by and last.reason:
        raise Refused(f"{by} does not hold task {task} any more ({last.outcome}: {last.reason})", remedy=remedy)
    raise Refused(f"nobody holds task {task}", remedy=remedy)


def _held(session: RunSession, task: str, by: str, attempt_no: int) -> int | None:
    """The number of the attempt that is meant; None when nobody holds the task."""
    record = find_task(session.state, task)
    current = record.current
    if attempt_no:
        return attempt_no
    if current is None:
        return None
    _require_own(record, current, by)
    return current.no


def _require_own(record: TaskRecord, current: Attempt, by: str) -> None:
    if record.status is TaskStatus.RUNNING and current.worker != by:
        raise Refused(
            f"task {record.spec.id} is held by {current.worker} (attempt {current.no}), not by {by}",
            remedy=f"name the holder with --by {current.worker}, or the attempt with --attempt {current.no}",
        )
