"""Decisions on attempts: who may start, and what becomes of a task whose attempt ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milepost.errors import Refused
from milepost.execution import commands as cmd
from milepost.execution import events as ev
from milepost.execution.lookup import delay, find_task, held_attempt, holding_back, in_the_way
from milepost.execution.records import Attempt, TaskRecord, TaskStatus
from milepost.execution.ripples import overflow, ripple, spend
from milepost.execution.state import RunState
from milepost.execution.wording import duration

_LONGEST_BACKOFF = 3600.0


def claim(state: RunState, command: cmd.Claim) -> list[ev.Event]:
    """Start an attempt when nothing stands against it."""
    record = find_task(state, command.task)
    _require_startable(state, record, command)
    rank = _working_tier(state, record, command)
    tier = state.tiers[rank]
    exhausted = state.out_of_budget(rank)
    if exhausted:
        scope, measure = exhausted
        raise Refused(f"the {measure} budget of the {scope} is spent", remedy="`milepost budget` extends it")
    if state.running.get(rank, 0) >= tier.capacity:
        busy = ", ".join(name for name, r in state.active.items() if r.attempts[-1].tier == rank)
        raise Refused(f"{tier.name} works on {tier.capacity} at once and is busy with {busy}")
    lease_until = None if command.lease is None else command.at + command.lease
    number = record.next_attempt_no
    return [ev.AttemptStarted(command.at, record.spec.id, number, rank, command.worker, lease_until)]


def _require_startable(state: RunState, record: TaskRecord, command: cmd.Claim) -> None:
    task = record.spec.id
    if state.paused_by:
        raise Refused(f"the run is paused by {state.paused_by}", remedy="`milepost resume` lets it go on")
    if record.over:
        raise Refused(
            f"task {task} is {record.status} already, by {record.by}", remedy="`milepost reopen` has it done again"
        )
    if record.current:
        raise Refused(f"task {task} is held by {record.current.worker} (attempt {record.current.no})")
    if record.status is TaskStatus.BLOCKED:
        raise Refused(f"task {task} is blocked: {record.reason}", remedy="`milepost unblock` lets it go on")
    if record.unmet:
        raise Refused(f"task {task} waits for {', '.join(holding_back(state, record))}")
    if record.ready_at > command.at:
        raise Refused(f"task {task} waits {duration(record.ready_at - command.at)} more, {delay(record)}")
    other = in_the_way(state, record)
    if other is not None:
        raise Refused(f"task {task} shares files or resources with task {other.spec.id}, which is running")


def _working_tier(state: RunState, record: TaskRecord, command: cmd.Claim) -> int:
    """The rank that does the work: the task's own, or a stronger one that helps."""
    if command.tier in (None, record.tier):
        return record.tier
    assert command.tier is not None
    if command.tier > record.tier or not state.spec.help_weaker or command.tier not in state.tiers:
        raise Refused(f"task {record.spec.id} is for tier {record.tier}, not for tier {command.tier}")
    own = [name for _, name in state.ready.get(command.tier, ()) if state.tasks[name].ready_at <= command.at]
    if own:
        raise Refused(f"tier {command.tier} helps weaker tiers only when idle; task {own[0]} waits for it")
    return command.tier


def heartbeat(state: RunState, command: cmd.Heartbeat) -> list[ev.Event]:
    """Extend a lease."""
    held_attempt(state, command.task, command.attempt_no)
    return [ev.LeaseExtended(command.at, command.task, command.attempt_no, command.at + command.lease)]


def complete(state: RunState, command: cmd.Complete) -> list[ev.Event]:
    """Finish a task by the attempt that holds it."""
    record, attempt = held_attempt(state, command.task, command.attempt_no)
    return completed(state, record, command.at, attempt, command.by, command.evidence)


def completed(
    state: RunState,
    record: TaskRecord,
    at: float,
    attempt: Attempt | None,
    by: str,
    evidence: Mapping[str, Any],
) -> list[ev.Event]:
    """Finish a task, by an attempt or (``None``) by hand, with all that follows."""
    number = attempt.no if attempt else 0
    events: list[ev.Event] = [ev.TaskCompleted(at, record.spec.id, number, by, evidence)]
    if record.current:
        events += spend(state, [(record.current, evidence)], at)
    return events if record.retired else events + ripple(state, at, over=record.spec.id)


def refuse_completion(state: RunState, command: cmd.RefuseCompletion) -> list[ev.Event]:
    """Take note of a task that somebody took for done."""
    record = find_task(state, command.task)
    return [
        ev.CompletionRefused(
            command.at, record.spec.id, command.attempt_no, command.by, command.reason, command.evidence
        )
    ]


def fail(state: RunState, command: cmd.Fail) -> list[ev.Event]:
    """Try again on the same tier, or escalate after the last allowed try or on the worker's wish."""
    record, attempt = held_attempt(state, command.task, command.attempt_no)
    tier = state.tiers[record.tier]
    tries = record.tries + 1
    again = not command.escalate and tries < tier.attempts
    retry_at = command.at + min(tier.backoff * 2 ** (tries - 1), _LONGEST_BACKOFF) if again and tier.backoff else None
    failed = ev.AttemptFailed(command.at, record.spec.id, attempt.no, command.reason, command.evidence, retry_at)
    events: list[ev.Event] = [failed, *spend(state, [(attempt, command.evidence)], command.at)]
    if again:
        return events
    if command.escalate:
        asked = "its worker asked for it: " if command.asked else ""
        return events + _escalate(state, record, command.at, f"{asked}{command.reason}")
    times = "once" if tries == 1 else f"{tries} times"
    return events + _escalate(state, record, command.at, f"it failed {times}: {command.reason}")


def overrun(state: RunState, command: cmd.Overrun) -> list[ev.Event]:
    """Escalate an attempt that took too long."""
    record, attempt = held_attempt(state, command.task, command.attempt_no)
    events = _overran(state, record, attempt, command.at, command.limit, command.evidence)
    return events + spend(state, [(attempt, command.evidence)], command.at)


def _overran(
    state: RunState, record: TaskRecord, attempt: Attempt, at: float, limit: float, evidence: Mapping[str, Any]
) -> list[ev.Event]:
    overran = ev.AttemptOverran(at, record.spec.id, attempt.no, limit, evidence)
    return [overran, *_escalate(state, record, at, f"it ran past {duration(limit)}")]


def _escalate(state: RunState, record: TaskRecord, at: float, reason: str) -> list[ev.Event]:
    """Move a task to the next stronger tier; above the strongest stands a human."""
    if record.retired:
        return []
    task = record.spec.id
    attempt = record.attempts[-1]
    rank = min(record.tier, attempt.tier)
    stronger = [other for other in state.tiers if other < rank]
    if not stronger:
        return [ev.TaskBlocked(at, task, f"{reason}; no tier is stronger than {state.tiers[rank].name}")]
    cost = record.cost + max(at - attempt.started_at, 0.0) / 3600 * state.tiers[attempt.tier].cost_per_hour
    return [ev.TaskEscalated(at, task, record.tier, max(stronger), reason, round(cost, 6))]


def lose(state: RunState, command: cmd.Lose) -> list[ev.Event]:
    """Take a task back from a worker that vanished."""
    record, attempt = held_attempt(state, command.task, command.attempt_no)
    lost = ev.AttemptLost(command.at, record.spec.id, attempt.no, command.reason)
    return [lost, *spend(state, [(attempt, {})], command.at)]


def expire_leases(state: RunState, command: cmd.ExpireLeases) -> list[ev.Event]:
    """Take back every task whose worker was silent for longer than its lease, or has had it for too long.

    On the way, tasks leave tiers that have spent their budget, if the policy says so.
    """
    events: list[ev.Event] = []
    ended: list[tuple[Attempt, Mapping[str, Any]]] = []
    for record in state.ended_claims(command.at):
        attempt = record.attempts[-1]
        ended.append((attempt, {}))
        if state.claim_ends_at(record) == attempt.lease_until:
            events.append(ev.AttemptLost(command.at, record.spec.id, attempt.no, "its lease ran out"))
        else:
            limit = state.attempt_limit(record) or 0.0
            events += _overran(state, record, attempt, command.at, limit, {})
    return events + spend(state, ended, command.at) + overflow(state, command.at)
