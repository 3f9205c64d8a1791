"""The rules of a run: which events a command leads to, or why it is refused.

``decide`` reads the state and touches nothing, so the same rules serve every engine. What one event makes true
(a checkpoint without open criteria passes, the last task ends the run) is decided in the same breath.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from milepost.errors import Refused, UnknownName
from milepost.execution import attempts, gates
from milepost.execution import commands as cmd
from milepost.execution import events as ev
from milepost.execution.evolution import fold
from milepost.execution.lookup import find_task
from milepost.execution.records import TaskStatus
from milepost.execution.ripples import overflow, ripple, spend
from milepost.execution.state import RunState

MEASURES = ("money", "hours", "tokens")


def decide(state: RunState, command: cmd.Command) -> list[ev.Event]:
    """Give the events a command leads to; an empty list when it changes nothing.

    Raises:
        Refused: the rules forbid it now; the message says why.
        UnknownName: it names a task or checkpoint that the run does not have.
    """
    if not state.run and not isinstance(command, cmd.Start):
        raise Refused("there is no run yet", remedy="start one with `milepost run PLAN.md`")
    if state.cancelled_by and not isinstance(command, (cmd.Join, cmd.Leave)):
        raise Refused(f"the run was cancelled by {state.cancelled_by}", remedy="`milepost run` begins a new one")
    events: list[ev.Event] = _DECIDE[type(command)](state, command)
    return events


def _start(state: RunState, command: cmd.Start) -> list[ev.Event]:
    if state.run:
        raise Refused(f"run {state.run} has started already")
    started = ev.RunStarted(command.at, command.run, command.spec.to_payload(), command.by)
    return [started, *ripple(fold([started]), command.at)]


def _revise(state: RunState, command: cmd.Revise) -> list[ev.Event]:
    if command.spec == state.spec:
        return []
    specs = {task.id: task for task in command.spec.tasks}
    finished = [
        name
        for name, record in state.tasks.items()
        if record.over and name in specs and specs[name].digest != record.spec.digest
    ]
    return [ev.PlanRevised(command.at, command.spec.to_payload(), finished)]


def _settle(state: RunState, command: cmd.Settle) -> list[ev.Event]:
    return [*overflow(state, command.at), *ripple(state, command.at)]


def _join(state: RunState, command: cmd.Join) -> list[ev.Event]:
    return [
        ev.SupervisorJoined(command.at, command.supervisor),
        *overflow(state, command.at),
        *ripple(state, command.at),
    ]


def _leave(state: RunState, command: cmd.Leave) -> list[ev.Event]:
    if state.supervisor != command.supervisor:
        return []
    return [ev.SupervisorLeft(command.at, command.supervisor, command.reason)]


def _pause(state: RunState, command: cmd.Pause) -> list[ev.Event]:
    if state.finished:
        raise Refused("the run is finished")
    return [] if state.paused_by else [ev.RunPaused(command.at, command.by, command.reason)]


def _resume(state: RunState, command: cmd.Resume) -> list[ev.Event]:
    return [ev.RunResumed(command.at, command.by)] if state.paused_by else []


def _cancel(state: RunState, command: cmd.Cancel) -> list[ev.Event]:
    if state.finished:
        raise Refused("the run is finished")
    lost: list[ev.Event] = [
        ev.AttemptLost(command.at, task, record.attempts[-1].no, "the run was cancelled")
        for task, record in state.active.items()
    ]
    return [*lost, ev.RunCancelled(command.at, command.by, command.reason)]


def _extend_budget(state: RunState, command: cmd.ExtendBudget) -> list[ev.Event]:
    tiers = [f"tier {rank}" for rank in sorted(state.tiers)]
    if command.scope not in ["run", *tiers] or command.measure not in MEASURES:
        known = ", ".join(["run", *tiers])
        raise UnknownName(
            f"there is no {command.measure} budget of {command.scope}",
            remedy=f"scopes are {known}; measures are {', '.join(MEASURES)}",
        )
    spent = state.spent.get((command.scope, command.measure), 0.0)
    if not command.limit > spent:
        raise Refused(
            f"{spent:g} is spent already; a limit of {command.limit:g} would stop the {command.scope} at once"
        )
    return [ev.BudgetExtended(command.at, command.scope, command.measure, command.limit, command.by)]


def _mark_done(state: RunState, command: cmd.MarkDone) -> list[ev.Event]:
    record = find_task(state, command.task)
    if record.status is TaskStatus.DONE:
        return []
    if record.status is TaskStatus.SKIPPED:
        raise Refused(f"task {record.spec.id} was skipped by {record.by}", remedy="`milepost reopen` it first")
    return attempts.completed(state, record, command.at, None, command.by, command.evidence)


def _skip(state: RunState, command: cmd.Skip) -> list[ev.Event]:
    record = find_task(state, command.task)
    if record.status is TaskStatus.SKIPPED:
        return []
    if record.status is TaskStatus.DONE:
        raise Refused(f"task {record.spec.id} is done")
    events: list[ev.Event] = [ev.TaskSkipped(command.at, record.spec.id, command.by, command.reason)]
    if record.current:
        events += spend(state, [(record.current, {})], command.at)
    return events if record.retired else events + ripple(state, command.at, over=record.spec.id)


def _reopen(state: RunState, command: cmd.Reopen) -> list[ev.Event]:
    record = find_task(state, command.task)
    if not record.over:
        raise Refused(f"task {record.spec.id} is not done but {record.status}")
    return [ev.TaskReopened(command.at, record.spec.id, command.by, command.reason)]


def _block(state: RunState, command: cmd.Block) -> list[ev.Event]:
    record = find_task(state, command.task)
    if record.over:
        raise Refused(f"task {record.spec.id} is {record.status}")
    if record.status is TaskStatus.BLOCKED:
        return []
    events: list[ev.Event] = [ev.TaskBlocked(command.at, record.spec.id, command.reason, command.by)]
    return events + (spend(state, [(record.current, {})], command.at) if record.current else [])


def _unblock(state: RunState, command: cmd.Unblock) -> list[ev.Event]:
    record = find_task(state, command.task)
    if record.status is not TaskStatus.BLOCKED:
        raise Refused(f"task {record.spec.id} is not blocked but {record.status}")
    return [ev.TaskUnblocked(command.at, record.spec.id, command.by)]


_DECIDE: dict[type[cmd.Command], Callable[[RunState, Any], list[ev.Event]]] = {
    cmd.Start: _start,
    cmd.Revise: _revise,
    cmd.Settle: _settle,
    cmd.Join: _join,
    cmd.Leave: _leave,
    cmd.Pause: _pause,
    cmd.Resume: _resume,
    cmd.Cancel: _cancel,
    cmd.ExtendBudget: _extend_budget,
    cmd.Claim: attempts.claim,
    cmd.Heartbeat: attempts.heartbeat,
    cmd.Complete: attempts.complete,
    cmd.RefuseCompletion: attempts.refuse_completion,
    cmd.Fail: attempts.fail,
    cmd.Overrun: attempts.overrun,
    cmd.Lose: attempts.lose,
    cmd.ExpireLeases: attempts.expire_leases,
    cmd.MarkDone: _mark_done,
    cmd.Skip: _skip,
    cmd.Reopen: _reopen,
    cmd.Block: _block,
    cmd.Unblock: _unblock,
    cmd.RecordCriterion: gates.record_criterion,
    cmd.Approve: gates.approve,
    cmd.Recheck: gates.recheck,
    cmd.Reject: gates.reject,
}
