"""A run's state, rebuilt from its events.

:func:`evolve` changes the state in place, because a run has tens of thousands of events; nothing else may.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from milepost.execution import events as ev
from milepost.execution.policy import RunSpec
from milepost.execution.records import Attempt, CheckpointRecord, CriterionStatus, TaskRecord, TaskStatus, spending
from milepost.execution.state import RunState, after_lag
from milepost.execution.wording import duration


def fold(events: Iterable[ev.Event], state: RunState | None = None) -> RunState:
    """Rebuild a run's state from its events, or bring an older state up to date with the ones after it."""
    state = state or RunState()
    for event in events:
        evolve(state, event)
    return state


def evolve(state: RunState, event: ev.Event) -> None:
    """Let one event change the state."""
    _EVOLVE[type(event)](state, event)
    state.version += 1


def _run_started(state: RunState, event: ev.RunStarted) -> None:
    state.run = event.run
    state.started_at = event.at
    state.adopt(RunSpec.from_payload(event.spec))


def _plan_revised(state: RunState, event: ev.PlanRevised) -> None:
    state.adopt(RunSpec.from_payload(event.spec))
    if state.open_tasks or state.open_checkpoints:
        state.finished_at = None


def _supervisor_joined(state: RunState, event: ev.SupervisorJoined) -> None:
    state.supervisor = event.supervisor
    for checkpoint in state.checkpoints.values():
        _judge_afresh(checkpoint, only_failed=True)


def _completion_refused(state: RunState, event: ev.CompletionRefused) -> None:
    """Whoever reported it still holds what they held."""


def _supervisor_left(state: RunState, event: ev.SupervisorLeft) -> None:
    if state.supervisor == event.supervisor:
        state.supervisor = ""


def _attempt_started(state: RunState, event: ev.AttemptStarted) -> None:
    record = state.tasks[event.task]
    first = not record.started
    if record.unmet == 0:
        state.unmark_ready(record)
    record.attempts.append(Attempt(event.attempt_no, event.tier, event.worker, event.at, event.lease_until))
    record.status = TaskStatus.RUNNING
    state.active[event.task] = record
    state.running[event.tier] = state.running.get(event.tier, 0) + 1
    state.note_claim(record)
    if first:
        _release_start_waits(state, event.task, event.at)


def _lease_extended(state: RunState, event: ev.LeaseExtended) -> None:
    record = state.tasks[event.task]
    if record.current is not None:
        record.current.lease_until = event.lease_until
        state.note_claim(record)


def _attempt_failed(state: RunState, event: ev.AttemptFailed) -> None:
    record = state.tasks[event.task]
    _end_attempt(state, record, event.at, "failed", event.reason, event.evidence)
    record.tries += 1
    record.retry_at = event.retry_at or 0.0
    record.ready_at = max(record.ready_at, record.retry_at)
    _back_to_pending(state, record)


def _attempt_overran(state: RunState, event: ev.AttemptOverran) -> None:
    record = state.tasks[event.task]
    _end_attempt(state, record, event.at, "overran", f"ran past {duration(event.limit)}", event.evidence)
    record.tries += 1
    _back_to_pending(state, record)


def _attempt_lost(state: RunState, event: ev.AttemptLost) -> None:
    record = state.tasks[event.task]
    _end_attempt(state, record, event.at, "lost", event.reason)
    _back_to_pending(state, record)


def _task_completed(state: RunState, event: ev.TaskCompleted) -> None:
    record = state.tasks[event.task]
    first = not record.started
    _leave(state, record, event.at, "done" if event.attempt_no else "finished by hand", evidence=event.evidence)
    record.status = TaskStatus.DONE
    record.by = event.by
    record.reason = ""
    _release_followers(state, record, event.at, first=first)


def _task_skipped(state: RunState, event: ev.TaskSkipped) -> None:
    record = state.tasks[event.task]
    first = not record.started
    _leave(state, record, event.at, "skipped", event.reason)
    record.status = TaskStatus.SKIPPED
    record.by = event.by
    record.reason = event.reason
    _release_followers(state, record, event.at, first=first)


def _release_followers(state: RunState, record: TaskRecord, at: float, *, first: bool) -> None:
    """Let go what waits for a task that is over."""
    task = record.spec.id
    record.finished_at = at
    record.reopened = False
    if record.retired:
        state.take_out(record)
        return
    state.open_tasks -= 1
    if first:
        _release_start_waits(state, task, at)
    for successor, wait in state.followers.finish.get(task, ()):
        state.release(successor, after_lag(wait, at))
    for checkpoint in state.followers.checkpoints_after.get(task, ()):
        state.checkpoints[checkpoint].unmet -= 1


def _task_reopened(state: RunState, event: ev.TaskReopened) -> None:
    record = state.tasks[event.task]
    record.status = TaskStatus.PENDING
    record.reopened = True
    record.finished_at = None
    record.tries = 0
    record.reason = event.reason
    state.finished_at = None
    for name in state.followers.checkpoints_after.get(event.task, ()):
        if not state.checkpoints[name].passed:
            _judge_afresh(state.checkpoints[name])
            state.checkpoints[name].rejected = ""
    state.rebuild()


def _task_escalated(state: RunState, event: ev.TaskEscalated) -> None:
    record = state.tasks[event.task]
    if record.unmet == 0 and record.status is TaskStatus.PENDING:
        state.unmark_ready(record)
    record.tier = event.to_tier
    record.tries = 0
    _back_to_pending(state, record)


def _task_blocked(state: RunState, event: ev.TaskBlocked) -> None:
    record = state.tasks[event.task]
    _leave(state, record, event.at, "blocked", event.reason)
    record.status = TaskStatus.BLOCKED
    record.reason = event.reason
    if record.retired:
        state.take_out(record)


def _task_unblocked(state: RunState, event: ev.TaskUnblocked) -> None:
    record = state.tasks[event.task]
    record.tries = 0
    record.reason = ""
    _back_to_pending(state, record)


def _criterion_passed(state: RunState, event: ev.CriterionPassed) -> None:
    _judge(state, event, CriterionStatus.PASSED)


def _criterion_failed(state: RunState, event: ev.CriterionFailed) -> None:
    _judge(state, event, CriterionStatus.FAILED)


def _checkpoint_passed(state: RunState, event: ev.CheckpointPassed) -> None:
    checkpoint = state.checkpoints[event.checkpoint]
    checkpoint.passed = True
    checkpoint.rejected = ""
    checkpoint.passed_at = event.at
    state.open_checkpoints -= 1
    for task in state.followers.gated.get(event.checkpoint, ()):
        state.release(task)
    for gated in state.followers.checkpoints_gated.get(event.checkpoint, ()):
        state.checkpoints[gated].unmet -= 1


def _checkpoint_rechecked(state: RunState, event: ev.CheckpointRechecked) -> None:
    _judge_afresh(state.checkpoints[event.checkpoint], only_failed=True)


def _checkpoint_rejected(state: RunState, event: ev.CheckpointRejected) -> None:
    checkpoint = state.checkpoints[event.checkpoint]
    state.finished_at = None
    if checkpoint.passed:
        checkpoint.passed, checkpoint.passed_at = False, None
        state.rebuild()
    checkpoint.rejected = event.reason
    for criterion in checkpoint.criteria:
        if not criterion.spec.command:
            criterion.status = CriterionStatus.FAILED
            criterion.by = event.by
            criterion.at = event.at
            criterion.evidence = {"comment": event.reason}


def _budget_warned(state: RunState, event: ev.BudgetWarned) -> None:
    state.warned.add((event.scope, event.measure))


def _budget_exhausted(state: RunState, event: ev.BudgetExhausted) -> None:
    state.exhausted.add((event.scope, event.measure))


def _budget_extended(state: RunState, event: ev.BudgetExtended) -> None:
    state.limits[event.scope, event.measure] = event.limit
    state.warned.discard((event.scope, event.measure))
    state.exhausted.discard((event.scope, event.measure))


def _run_paused(state: RunState, event: ev.RunPaused) -> None:
    state.paused_by = event.by


def _run_resumed(state: RunState, event: ev.RunResumed) -> None:
    state.paused_by = ""


def _run_cancelled(state: RunState, event: ev.RunCancelled) -> None:
    state.cancelled_by = event.by
    state.finished_at = event.at


def _run_finished(state: RunState, event: ev.RunFinished) -> None:
    state.finished_at = event.at


def _judge(state: RunState, event: ev.CriterionPassed | ev.CriterionFailed, status: CriterionStatus) -> None:
    criterion = state.checkpoints[event.checkpoint].criteria[event.index]
    criterion.status = status
    criterion.by = event.by
    criterion.at = event.at
    criterion.evidence = event.evidence


def _judge_afresh(checkpoint: CheckpointRecord, *, only_failed: bool = False) -> None:
    for criterion in checkpoint.criteria:
        if not only_failed or (criterion.status is CriterionStatus.FAILED and criterion.spec.command):
            criterion.status = CriterionStatus.PENDING


def _release_start_waits(state: RunState, task: str, at: float) -> None:
    for successor, wait in state.followers.start.get(task, ()):
        state.release(successor, after_lag(wait, at))


def _leave(
    state: RunState,
    record: TaskRecord,
    at: float,
    outcome: str,
    reason: str = "",
    evidence: Mapping[str, Any] | None = None,
) -> None:
    """Take a task away from whoever works on it, or out of the queue."""
    if record.status is TaskStatus.RUNNING:
        _end_attempt(state, record, at, outcome, reason, evidence)
    elif record.status is TaskStatus.PENDING and record.unmet == 0:
        state.unmark_ready(record)


def _end_attempt(
    state: RunState,
    record: TaskRecord,
    at: float,
    outcome: str,
    reason: str = "",
    evidence: Mapping[str, Any] | None = None,
) -> None:
    attempt = record.attempts[-1]
    attempt.ended_at = at
    attempt.outcome = outcome
    attempt.reason = reason
    attempt.evidence = evidence or {}
    state.running[attempt.tier] -= 1
    del state.active[record.spec.id]
    amounts = spending(attempt, state.tiers.get(attempt.tier), at, attempt.evidence)
    record.cost += amounts["money"]
    for measure, amount in amounts.items():
        for scope in ("run", f"tier {attempt.tier}"):
            state.spent[scope, measure] = state.spent.get((scope, measure), 0.0) + amount


def _back_to_pending(state: RunState, record: TaskRecord) -> None:
    record.status = TaskStatus.PENDING
    if record.retired:
        state.take_out(record)
    elif record.unmet == 0:
        state.mark_ready(record)


_EVOLVE: dict[type[ev.Event], Any] = {
    ev.RunStarted: _run_started,
    ev.PlanRevised: _plan_revised,
    ev.SupervisorJoined: _supervisor_joined,
    ev.SupervisorLeft: _supervisor_left,
    ev.AttemptStarted: _attempt_started,
    ev.LeaseExtended: _lease_extended,
    ev.AttemptFailed: _attempt_failed,
    ev.AttemptOverran: _attempt_overran,
    ev.AttemptLost: _attempt_lost,
    ev.CompletionRefused: _completion_refused,
    ev.TaskCompleted: _task_completed,
    ev.TaskSkipped: _task_skipped,
    ev.TaskReopened: _task_reopened,
    ev.TaskEscalated: _task_escalated,
    ev.TaskBlocked: _task_blocked,
    ev.TaskUnblocked: _task_unblocked,
    ev.CriterionPassed: _criterion_passed,
    ev.CriterionFailed: _criterion_failed,
    ev.CheckpointPassed: _checkpoint_passed,
    ev.CheckpointRechecked: _checkpoint_rechecked,
    ev.CheckpointRejected: _checkpoint_rejected,
    ev.BudgetWarned: _budget_warned,
    ev.BudgetExhausted: _budget_exhausted,
    ev.BudgetExtended: _budget_extended,
    ev.RunPaused: _run_paused,
    ev.RunResumed: _run_resumed,
    ev.RunCancelled: _run_cancelled,
    ev.RunFinished: _run_finished,
}
