"""The rules of a run: which events a command leads to, or why it is refused.

``decide`` reads the state and touches nothing, so the same rules serve every engine. What one event makes true
(a checkpoint without open criteria passes, the last task ends the run) is decided in the same breath, so that no
moment exists in which the stream is half true.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

from milepost.errors import Refused, UnknownName
from milepost.execution import commands as cmd
from milepost.execution import events as ev
from milepost.execution.records import Attempt, CheckpointRecord, CriterionStatus, TaskRecord, TaskStatus
from milepost.execution.state import RunState, fold


def decide(state: RunState, command: cmd.Command) -> list[ev.Event]:
    """Give the events a command leads to; an empty list when it changes nothing.

    Raises:
        Refused: the rules forbid it now; the message says why.
        UnknownName: it names a task or checkpoint that the run does not have.
    """
    if not state.run and not isinstance(command, cmd.Start):
        raise Refused("there is no run yet", remedy="start one with `milepost run PLAN.md`")
    events: list[ev.Event] = _DECIDE[type(command)](state, command)
    return events


def _start(state: RunState, command: cmd.Start) -> list[ev.Event]:
    if state.run:
        raise Refused(f"run {state.run} has started already")
    started = ev.RunStarted(command.at, command.run, command.spec.to_payload(), command.by)
    return [started, *_ripple(fold([started]), command.at)]


def _revise(state: RunState, command: cmd.Revise) -> list[ev.Event]:
    if command.spec == state.spec:
        return []
    return [ev.PlanRevised(command.at, command.spec.to_payload())]


def _join(state: RunState, command: cmd.Join) -> list[ev.Event]:
    return [ev.SupervisorJoined(command.at, command.supervisor), *_ripple(state, command.at)]


def _leave(state: RunState, command: cmd.Leave) -> list[ev.Event]:
    if state.supervisor != command.supervisor:
        return []
    return [ev.SupervisorLeft(command.at, command.supervisor, command.reason)]


def _claim(state: RunState, command: cmd.Claim) -> list[ev.Event]:
    record = _task(state, command.task)
    _require_startable(state, record, command)
    tier = state.tiers[record.tier]
    if state.running.get(record.tier, 0) >= tier.capacity:
        busy = ", ".join(r.spec.id for r in state.tasks.values() if r.current and r.current.tier == record.tier)
        raise Refused(f"{tier.name} works on {tier.capacity} at once and is busy with {busy}")
    lease_until = None if command.lease is None else command.at + command.lease
    number = record.attempts[-1].no + 1 if record.attempts else 1
    return [ev.AttemptStarted(command.at, record.spec.id, number, record.tier, command.worker, lease_until)]


def _require_startable(state: RunState, record: TaskRecord, command: cmd.Claim) -> None:
    task = record.spec.id
    if record.status is TaskStatus.DONE:
        raise Refused(f"task {task} is done")
    if record.current:
        raise Refused(f"task {task} is held by {record.current.worker} (attempt {record.current.no})")
    if record.status is TaskStatus.BLOCKED:
        raise Refused(f"task {task} is blocked: {record.reason}", remedy="`milepost unblock` lets it go on")
    if record.unmet:
        raise Refused(f"task {task} waits for {', '.join(holding_back(state, record))}")
    if record.ready_at > command.at:
        raise Refused(f"task {task} waits {record.ready_at - command.at:.0f} s more, the lag of a dependency")
    if command.tier is not None and command.tier != record.tier:
        raise Refused(f"task {task} is for tier {record.tier}, not for tier {command.tier}")


def _heartbeat(state: RunState, command: cmd.Heartbeat) -> list[ev.Event]:
    record, _ = _held(state, command.task, command.attempt_no)
    return [ev.LeaseExtended(command.at, record.spec.id, command.attempt_no, command.at + command.lease)]


def _complete(state: RunState, command: cmd.Complete) -> list[ev.Event]:
    record, _ = _held(state, command.task, command.attempt_no)
    return _completed(state, record, command.at, command.attempt_no, command.by, command.evidence)


def _mark_done(state: RunState, command: cmd.MarkDone) -> list[ev.Event]:
    record = _task(state, command.task)
    if record.status is TaskStatus.DONE:
        return []
    return _completed(state, record, command.at, 0, command.by, command.evidence)


def _completed(
    state: RunState, record: TaskRecord, at: float, attempt_no: int, by: str, evidence: Mapping[str, Any]
) -> list[ev.Event]:
    task = record.spec.id
    events: list[ev.Event] = [ev.TaskCompleted(at, task, attempt_no, by, evidence)]
    if record.retired:
        return events
    return events + _ripple(state, at, done=task)


def _fail(state: RunState, command: cmd.Fail) -> list[ev.Event]:
    record, attempt = _held(state, command.task, command.attempt_no)
    task = record.spec.id
    events: list[ev.Event] = [ev.AttemptFailed(command.at, task, attempt.no, command.reason, command.evidence)]
    if command.escalate:
        return events + _escalate(state, record, command.at, f"its worker asked for it: {command.reason}")
    allowed = state.tiers[record.tier].attempts
    if record.tries + 1 < allowed:
        return events
    times = "once" if allowed == 1 else f"{allowed} times"
    return events + _escalate(state, record, command.at, f"it failed {times}: {command.reason}")


def _overrun(state: RunState, command: cmd.Overrun) -> list[ev.Event]:
    record, attempt = _held(state, command.task, command.attempt_no)
    overran: list[ev.Event] = [ev.AttemptOverran(command.at, record.spec.id, attempt.no, command.limit)]
    return overran + _escalate(state, record, command.at, f"it ran past {command.limit:g} s")


def _escalate(state: RunState, record: TaskRecord, at: float, reason: str) -> list[ev.Event]:
    """Move a task to the next stronger tier; above the strongest stands a human."""
    if record.retired:
        return []
    task = record.spec.id
    stronger = [rank for rank in state.tiers if rank < record.tier]
    if not stronger:
        return [ev.TaskBlocked(at, task, f"{reason}; no tier is stronger than {state.tiers[record.tier].name}")]
    attempt = record.attempts[-1]
    cost = record.cost + max(at - attempt.started_at, 0.0) / 3600 * state.tiers[attempt.tier].cost_per_hour
    return [ev.TaskEscalated(at, task, record.tier, max(stronger), reason, round(cost, 6))]


def _lose(state: RunState, command: cmd.Lose) -> list[ev.Event]:
    record, attempt = _held(state, command.task, command.attempt_no)
    return [ev.AttemptLost(command.at, record.spec.id, attempt.no, command.reason)]


def _expire_leases(state: RunState, command: cmd.ExpireLeases) -> list[ev.Event]:
    return [
        ev.AttemptLost(command.at, record.spec.id, current.no, "its lease ran out")
        for record in state.tasks.values()
        if (current := record.current) and current.lease_until is not None and current.lease_until <= command.at
    ]


def _reopen(state: RunState, command: cmd.Reopen) -> list[ev.Event]:
    record = _task(state, command.task)
    if record.status is not TaskStatus.DONE:
        raise Refused(f"task {record.spec.id} is not done but {record.status}")
    return [ev.TaskReopened(command.at, record.spec.id, command.by, command.reason)]


def _block(state: RunState, command: cmd.Block) -> list[ev.Event]:
    record = _task(state, command.task)
    if record.status is TaskStatus.DONE:
        raise Refused(f"task {record.spec.id} is done")
    if record.status is TaskStatus.BLOCKED:
        return []
    return [ev.TaskBlocked(command.at, record.spec.id, command.reason, command.by)]


def _unblock(state: RunState, command: cmd.Unblock) -> list[ev.Event]:
    record = _task(state, command.task)
    if record.status is not TaskStatus.BLOCKED:
        raise Refused(f"task {record.spec.id} is not blocked but {record.status}")
    return [ev.TaskUnblocked(command.at, record.spec.id, command.by)]


def _record_criterion(state: RunState, command: cmd.RecordCriterion) -> list[ev.Event]:
    checkpoint = _due(state, command.checkpoint)
    if not 0 <= command.index < len(checkpoint.criteria):
        raise UnknownName(f"{checkpoint.spec.name} has no criterion {command.index + 1}")
    kind = ev.CriterionPassed if command.passed else ev.CriterionFailed
    events: list[ev.Event] = [
        kind(command.at, checkpoint.spec.id, command.index, command.by, command.evidence),
    ]
    if command.passed:
        events += _ripple(state, command.at, judged=checkpoint, passed={command.index})
    return events


def _approve(state: RunState, command: cmd.Approve) -> list[ev.Event]:
    checkpoint = _due(state, command.checkpoint)
    evidence = {"comment": command.comment} if command.comment else {}
    manual = [
        index
        for index, criterion in enumerate(checkpoint.criteria)
        if not criterion.spec.command and criterion.status is not CriterionStatus.PASSED
    ]
    events: list[ev.Event] = [
        ev.CriterionPassed(command.at, checkpoint.spec.id, index, command.by, evidence) for index in manual
    ]
    return events + _ripple(state, command.at, judged=checkpoint, passed=set(manual))


def _ripple(
    state: RunState,
    at: float,
    *,
    done: str = "",
    judged: CheckpointRecord | None = None,
    passed: Collection[int] = (),
) -> list[ev.Event]:
    """What follows once a task is done, or criteria of a checkpoint passed: gates open, perhaps the run ends."""
    met = Counter(state.checkpoints_after.get(done, ()))
    waiting = [judged.spec.id] if judged else list(met if done else state.checkpoints)
    opened: dict[str, None] = {}
    for name in waiting:
        checkpoint = state.checkpoints[name]
        besides = passed if checkpoint is judged else ()
        if name in opened or checkpoint.passed or checkpoint.unmet > met[name] or not _holds(checkpoint, besides):
            continue
        opened[name] = None
        gated = state.checkpoints_gated.get(name, ())
        met.update(gated)
        waiting += gated
    events: list[ev.Event] = [ev.CheckpointPassed(at, name) for name in opened]
    open_tasks = state.open_tasks - (1 if done else 0)
    if not state.finished and open_tasks == 0 and state.open_checkpoints == len(opened):
        events.append(ev.RunFinished(at))
    return events


def _holds(checkpoint: CheckpointRecord, besides: Collection[int]) -> bool:
    return all(
        criterion.status is CriterionStatus.PASSED or index in besides
        for index, criterion in enumerate(checkpoint.criteria)
    )


def _task(state: RunState, task: str) -> TaskRecord:
    if task not in state.tasks:
        from difflib import get_close_matches

        near = get_close_matches(task, state.tasks, n=1)
        raise UnknownName(f"the run has no task {task}", remedy=f"did you mean {near[0]}?" if near else "")
    return state.tasks[task]


def _held(state: RunState, task: str, attempt_no: int) -> tuple[TaskRecord, Attempt]:
    """The attempt of that number, which must be the one that holds the task now."""
    record = _task(state, task)
    current = record.current
    if current is None:
        held = f"task {task} is {record.status}"
        raise Refused(f"attempt {attempt_no} does not hold task {task} any more: {held}")
    if current.no != attempt_no:
        raise Refused(
            f"attempt {attempt_no} does not hold task {task} any more: attempt {current.no} by {current.worker} does"
        )
    return record, current


def _due(state: RunState, name: str) -> CheckpointRecord:
    checkpoint = state.checkpoints.get(name)
    if checkpoint is None:
        known = ", ".join(item.spec.name for item in state.checkpoints.values()) or "none"
        raise UnknownName(f"the run has no checkpoint {name}", remedy=f"it has: {known}")
    if checkpoint.passed:
        raise Refused(f"{checkpoint.spec.name} has passed already")
    if not checkpoint.due:
        tasks = [f"task {task}" for task in checkpoint.spec.after if not _done(state, task)]
        gates = [state.checkpoints[gate] for gate in checkpoint.spec.gates if gate in state.checkpoints]
        names = tasks + [gate.spec.name for gate in gates if not gate.passed]
        raise Refused(f"{checkpoint.spec.name} is not due yet: it waits for {', '.join(names)}")
    return checkpoint


def _done(state: RunState, task: str) -> bool:
    return task not in state.tasks or state.tasks[task].status is TaskStatus.DONE


def holding_back(state: RunState, record: TaskRecord) -> list[str]:
    """Names of the tasks and checkpoints that hold a task back."""
    names = []
    for wait in record.spec.waits:
        other = state.tasks.get(wait.task)
        if other is None or other.retired:
            continue
        if not (other.status is TaskStatus.DONE if wait.on == "finish" else other.started):
            names.append(f"task {wait.task}")
    gates = (state.checkpoints[gate] for gate in record.spec.gates if gate in state.checkpoints)
    return names + [gate.spec.name for gate in gates if not gate.passed]


_DECIDE: dict[type[cmd.Command], Callable[[RunState, Any], list[ev.Event]]] = {
    cmd.Start: _start,
    cmd.Revise: _revise,
    cmd.Join: _join,
    cmd.Leave: _leave,
    cmd.Claim: _claim,
    cmd.Heartbeat: _heartbeat,
    cmd.Complete: _complete,
    cmd.MarkDone: _mark_done,
    cmd.Fail: _fail,
    cmd.Overrun: _overrun,
    cmd.Lose: _lose,
    cmd.ExpireLeases: _expire_leases,
    cmd.Reopen: _reopen,
    cmd.Block: _block,
    cmd.Unblock: _unblock,
    cmd.RecordCriterion: _record_criterion,
    cmd.Approve: _approve,
}
