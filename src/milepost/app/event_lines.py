"""One line for each thing that happens in a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milepost.app.runs import BY_DOCUMENT
from milepost.execution import events as ev
from milepost.execution.state import RunState
from milepost.execution.wording import duration


def event_line(event: ev.Event, state: RunState) -> str:
    """Say in one line what happened; empty for what nobody wants to read. ``state`` is the one after the event."""
    match event:
        case ev.RunStarted():
            return f"run started: {event.run}"
        case ev.PlanRevised():
            changed = (
                f"; changed though finished, and not undone: {', '.join(event.finished)}" if event.finished else ""
            )
            late = " after the run had finished; nothing new is to be done"
            return f"the plan was edited{late if state.finished else '; going on with its new text'}{changed}"
        case ev.SupervisorLeft():
            return f"supervisor left: {event.reason}"
        case ev.AttemptStarted():
            again = f", attempt {event.attempt_no}" if event.attempt_no > 1 else ""
            return f"{event.task} started on tier {event.tier}{again}: {_title(state, event.task)}"
        case ev.AttemptFailed():
            return f"{event.task} failed: {event.reason}"
        case ev.AttemptOverran():
            return f"{event.task} overran: stopped after {duration(event.limit)}"
        case ev.AttemptLost():
            return f"{event.task} lost: {event.reason}"
        case ev.CompletionRefused():
            return f"{event.task} not done, though reported by {event.by}: {event.reason}"
        case ev.TaskCompleted():
            return _completed(event, state)
        case ev.TaskReopened():
            return f"{event.task} reopened by {event.by}: {event.reason}"
        case ev.TaskEscalated():
            return f"{event.task} escalated from tier {event.from_tier} to tier {event.to_tier}: {event.reason}"
        case ev.TaskBlocked():
            return f"{event.task} blocked: {event.reason}"
        case ev.TaskUnblocked():
            return f"{event.task} unblocked by {event.by}"
        case ev.CriterionPassed() | ev.CriterionFailed():
            word = "passed" if isinstance(event, ev.CriterionPassed) else "FAILED"
            name, text = _criterion(state, event.checkpoint, event.index)
            return f"{name}: {word}: {text}{_by(event.by, event.evidence)}"
        case ev.TaskSkipped():
            return f"{event.task} skipped by {event.by}: {event.reason}"
        case ev.CheckpointRechecked():
            return f"{_gate_name(state, event.checkpoint)}: {event.by} has what failed judged again"
        case ev.CheckpointRejected():
            return f"{_gate_name(state, event.checkpoint)} rejected by {event.by}: {event.reason}"
        case ev.BudgetWarned():
            return f"budget: the {event.scope} has spent {event.spent:.4g} of {event.limit:g} {event.measure}"
        case ev.BudgetExhausted():
            much = f"{event.spent:.4g} of {event.limit:g}"
            return f"budget: the {event.measure} budget of the {event.scope} is spent ({much})"
        case ev.BudgetExtended():
            return f"budget: {event.by} allows the {event.scope} {event.limit:g} {event.measure}"
        case ev.RunPaused():
            return f"run paused by {event.by}" + (f": {event.reason}" if event.reason else "")
        case ev.RunResumed():
            return f"run resumed by {event.by}"
        case ev.RunCancelled():
            return f"run cancelled by {event.by}" + (f": {event.reason}" if event.reason else "")
        case ev.CheckpointPassed():
            return f"{_gate_name(state, event.checkpoint)} passed"
        case ev.RunFinished():
            return "run finished"
    return ""


def _completed(event: ev.TaskCompleted, state: RunState) -> str:
    record = state.tasks.get(event.task)
    if not event.attempt_no:
        how = "its box was ticked" if event.by == BY_DOCUMENT else f"by hand: {event.by}"
        return f"{event.task} done ({how})"
    seconds = record.attempts[-1].ended_at if record and record.attempts else None
    took = f" in {duration(seconds - record.attempts[-1].started_at)}" if record and seconds is not None else ""
    return f"{event.task} done{took}"


def _title(state: RunState, task: str) -> str:
    return state.tasks[task].spec.title if task in state.tasks else ""


def _gate_name(state: RunState, checkpoint: str) -> str:
    return state.checkpoints[checkpoint].spec.name if checkpoint in state.checkpoints else checkpoint


def _criterion(state: RunState, checkpoint: str, index: int) -> tuple[str, str]:
    gate = state.checkpoints.get(checkpoint)
    if gate is None or index >= len(gate.criteria):
        return checkpoint, f"criterion {index + 1}"
    return gate.spec.name, gate.criteria[index].spec.text


def _by(by: str, evidence: Mapping[str, Any]) -> str:
    return "" if "command" in evidence else f" (by {by})"
