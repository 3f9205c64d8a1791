"""The state of a run, rebuilt from its events.

:func:`evolve` changes the state in place, because a run has tens of thousands of events; nothing else may. What is
ready is kept up to date as events arrive, so that asking costs no walk over the plan.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from typing import Any

from milepost.execution import events as ev
from milepost.execution.policy import CheckpointSpec, RunSpec, TaskSpec, TierPolicy, Wait
from milepost.execution.records import (
    Attempt,
    CheckpointRecord,
    CriterionRecord,
    CriterionStatus,
    TaskRecord,
    TaskStatus,
)


class RunState:
    """Everything known of one run."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self.run = ""
        self.spec = RunSpec("", ())
        self.tasks: dict[str, TaskRecord] = {}
        self.checkpoints: dict[str, CheckpointRecord] = {}
        self.tiers: dict[int, TierPolicy] = {}
        self.started_at: float | None = None
        self.finished_at: float | None = None
        self.supervisor = ""
        self.version = 0
        self.open_tasks = 0
        self.open_checkpoints = 0
        self.running: dict[int, int] = {}
        self.ready: dict[int, list[tuple[int, str]]] = {}
        self.finish_waits: dict[str, list[tuple[str, Wait]]] = {}
        self.start_waits: dict[str, list[tuple[str, Wait]]] = {}
        self.gated: dict[str, list[str]] = {}
        self.checkpoints_after: dict[str, list[str]] = {}
        self.checkpoints_gated: dict[str, list[str]] = {}

    @property
    def finished(self) -> bool:
        """Whether the run is over."""
        return self.finished_at is not None

    def attempt_limit(self, record: TaskRecord) -> float | None:
        """Seconds after which the task's attempt overruns at its present tier."""
        tier = self.tiers.get(record.tier)
        if not record.spec.effort or tier is None:
            return None
        return record.spec.effort / tier.speed * self.spec.factor

    # Index of what is ready -------------------------------------------------------------------------------------

    def mark_ready(self, record: TaskRecord) -> None:
        """Enter a task in the queue of its tier."""
        insort(self.ready.setdefault(record.tier, []), (record.spec.order, record.spec.id))

    def unmark_ready(self, record: TaskRecord) -> None:
        """Take a task out of the queue of its tier."""
        queue = self.ready.get(record.tier, [])
        entry = (record.spec.order, record.spec.id)
        index = bisect_left(queue, entry)
        if index < len(queue) and queue[index] == entry:
            del queue[index]

    def release(self, task: str, at: float) -> None:
        """One thing less holds a task back, from ``at`` on."""
        record = self.tasks[task]
        record.unmet -= 1
        record.ready_at = max(record.ready_at, at)
        if record.unmet == 0 and record.status is TaskStatus.PENDING:
            self.mark_ready(record)

    def adopt(self, spec: RunSpec) -> None:
        """Take on a specification, keeping what is known of tasks and checkpoints that stay."""
        known, gates = self.tasks, self.checkpoints
        self.spec = spec
        self.tiers = {tier.rank: tier for tier in spec.tiers}
        self.tasks = {task.id: _carried(known.get(task.id), task) for task in spec.tasks}
        for task_id, record in known.items():
            if task_id not in self.tasks and record.status is TaskStatus.RUNNING:
                record.retired = True
                self.tasks[task_id] = record
        self.checkpoints = {item.id: _carried_checkpoint(gates.get(item.id), item) for item in spec.checkpoints}
        self.rebuild()

    def rebuild(self) -> None:
        """Compute every index from the records."""
        self.finish_waits, self.start_waits, self.gated = {}, {}, {}
        self.checkpoints_after, self.checkpoints_gated = {}, {}
        self.ready, self.running = {}, {}
        live = [record for record in self.tasks.values() if not record.retired]
        for record in live:
            self._index_waits(record)
        for checkpoint in self.checkpoints.values():
            self._index_checkpoint(checkpoint)
        self.open_tasks = sum(1 for record in live if record.status is not TaskStatus.DONE)
        self.open_checkpoints = sum(1 for checkpoint in self.checkpoints.values() if not checkpoint.passed)
        for record in self.tasks.values():
            if record.status is TaskStatus.RUNNING:
                self.running[record.tier] = self.running.get(record.tier, 0) + 1
            elif record.status is TaskStatus.PENDING and record.unmet == 0:
                self.mark_ready(record)

    def _index_checkpoint(self, checkpoint: CheckpointRecord) -> None:
        checkpoint.unmet = 0
        for task in checkpoint.spec.after:
            self.checkpoints_after.setdefault(task, []).append(checkpoint.spec.id)
            checkpoint.unmet += task in self.tasks and self.tasks[task].status is not TaskStatus.DONE
        for gate in checkpoint.spec.gates:
            self.checkpoints_gated.setdefault(gate, []).append(checkpoint.spec.id)
            checkpoint.unmet += gate in self.checkpoints and not self.checkpoints[gate].passed

    def _index_waits(self, record: TaskRecord) -> None:
        record.unmet = 0
        record.ready_at = 0.0
        for wait in record.spec.waits:
            other = self.tasks.get(wait.task)
            if other is None or other.retired:
                continue
            index = self.finish_waits if wait.on == "finish" else self.start_waits
            index.setdefault(wait.task, []).append((record.spec.id, wait))
            met = other.status is TaskStatus.DONE if wait.on == "finish" else other.started
            if not met:
                record.unmet += 1
                continue
            since = other.finished_at if wait.on == "finish" or not other.attempts else other.attempts[0].started_at
            record.ready_at = max(record.ready_at, (since or 0.0) + max(wait.lag, 0))
        for gate in record.spec.gates:
            self.gated.setdefault(gate, []).append(record.spec.id)
            if gate in self.checkpoints and not self.checkpoints[gate].passed:
                record.unmet += 1


def _carried(known: TaskRecord | None, spec: TaskSpec) -> TaskRecord:
    if known is None:
        return TaskRecord(spec, spec.tier)
    if known.spec.tier != spec.tier and known.status is not TaskStatus.RUNNING:
        known.tier = spec.tier
        known.tries = 0
    known.spec = spec
    known.retired = False
    return known


def _carried_checkpoint(known: CheckpointRecord | None, spec: CheckpointSpec) -> CheckpointRecord:
    judged = {record.spec: record for record in known.criteria} if known else {}
    criteria = [judged.get(criterion) or CriterionRecord(criterion) for criterion in spec.criteria]
    passed = known is not None and known.passed
    return CheckpointRecord(spec, criteria, passed, known.passed_at if known else None)


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
    state.finished_at = None


def _supervisor_joined(state: RunState, event: ev.SupervisorJoined) -> None:
    state.supervisor = event.supervisor
    for checkpoint in state.checkpoints.values():
        for criterion in checkpoint.criteria:
            if criterion.status is CriterionStatus.FAILED:
                criterion.status = CriterionStatus.PENDING


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
    state.running[event.tier] = state.running.get(event.tier, 0) + 1
    if first:
        _release_start_waits(state, event.task, event.at)


def _lease_extended(state: RunState, event: ev.LeaseExtended) -> None:
    current = state.tasks[event.task].current
    if current is not None:
        current.lease_until = event.lease_until


def _attempt_failed(state: RunState, event: ev.AttemptFailed) -> None:
    record = state.tasks[event.task]
    _end_attempt(state, record, event.at, "failed", event.reason, event.evidence)
    record.tries += 1
    _back_to_pending(state, record)


def _attempt_overran(state: RunState, event: ev.AttemptOverran) -> None:
    record = state.tasks[event.task]
    _end_attempt(state, record, event.at, "overran", f"ran past {event.limit:g} s")
    record.tries += 1
    _back_to_pending(state, record)


def _attempt_lost(state: RunState, event: ev.AttemptLost) -> None:
    record = state.tasks[event.task]
    _end_attempt(state, record, event.at, "lost", event.reason)
    _back_to_pending(state, record)


def _task_completed(state: RunState, event: ev.TaskCompleted) -> None:
    record = state.tasks[event.task]
    first = not record.started
    if record.status is TaskStatus.RUNNING:
        outcome = "done" if event.attempt_no else "finished by hand"
        _end_attempt(state, record, event.at, outcome, evidence=event.evidence)
    elif record.status is TaskStatus.PENDING and record.unmet == 0:
        state.unmark_ready(record)
    record.status = TaskStatus.DONE
    record.finished_at = event.at
    record.by = event.by
    record.reason = ""
    if record.retired:
        return
    state.open_tasks -= 1
    if first:
        _release_start_waits(state, event.task, event.at)
    for successor, wait in state.finish_waits.get(event.task, ()):
        state.release(successor, event.at + max(wait.lag, 0))
    for checkpoint in state.checkpoints_after.get(event.task, ()):
        state.checkpoints[checkpoint].unmet -= 1


def _task_reopened(state: RunState, event: ev.TaskReopened) -> None:
    record = state.tasks[event.task]
    record.status = TaskStatus.PENDING
    record.finished_at = None
    record.tries = 0
    record.reason = event.reason
    state.finished_at = None
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
    if record.status is TaskStatus.RUNNING:
        _end_attempt(state, record, event.at, "blocked", event.reason)
    elif record.status is TaskStatus.PENDING and record.unmet == 0:
        state.unmark_ready(record)
    record.status = TaskStatus.BLOCKED
    record.reason = event.reason


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
    checkpoint.passed_at = event.at
    state.open_checkpoints -= 1
    for task in state.gated.get(event.checkpoint, ()):
        state.release(task, event.at)
    for gated in state.checkpoints_gated.get(event.checkpoint, ()):
        state.checkpoints[gated].unmet -= 1


def _run_finished(state: RunState, event: ev.RunFinished) -> None:
    state.finished_at = event.at


def _judge(state: RunState, event: ev.CriterionPassed | ev.CriterionFailed, status: CriterionStatus) -> None:
    criterion = state.checkpoints[event.checkpoint].criteria[event.index]
    criterion.status = status
    criterion.by = event.by
    criterion.at = event.at
    criterion.evidence = event.evidence


def _release_start_waits(state: RunState, task: str, at: float) -> None:
    for successor, wait in state.start_waits.get(task, ()):
        state.release(successor, at + max(wait.lag, 0))


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
    tier = state.tiers.get(attempt.tier)
    record.cost += max(at - attempt.started_at, 0.0) / 3600 * (tier.cost_per_hour if tier else 0.0)


def _back_to_pending(state: RunState, record: TaskRecord) -> None:
    record.status = TaskStatus.PENDING
    if record.retired:
        del state.tasks[record.spec.id]
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
    ev.TaskCompleted: _task_completed,
    ev.TaskReopened: _task_reopened,
    ev.TaskEscalated: _task_escalated,
    ev.TaskBlocked: _task_blocked,
    ev.TaskUnblocked: _task_unblocked,
    ev.CriterionPassed: _criterion_passed,
    ev.CriterionFailed: _criterion_failed,
    ev.CheckpointPassed: _checkpoint_passed,
    ev.RunFinished: _run_finished,
}
