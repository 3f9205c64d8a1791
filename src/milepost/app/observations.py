"""What a run looks like to those who watch many systems: spans and measurements, taken from its events.

A span is told when it ends, with the times that the state has kept, so it makes no difference which supervisor saw its
beginning. Its identity follows from the run alone: whoever tells of it, and however often, means the same span.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from milepost.execution.events import (
    AttemptFailed,
    AttemptLost,
    AttemptOverran,
    AttemptStarted,
    CheckpointPassed,
    CheckpointRejected,
    Event,
    RunCancelled,
    RunFinished,
    TaskCompleted,
    TaskEscalated,
)
from milepost.execution.records import Attempt, CheckpointRecord, TaskRecord, spending
from milepost.execution.state import RunState

Key = tuple[str, ...]
"""What tells a span from the others of its run."""

Value = str | int | float | bool
RUN: Key = ("run",)

DURATIONS = [0.1, 1, 10, 60, 300, 900, 3600, 4 * 3600, 86_400, 7 * 86_400]
"""Limits of the classes in which durations are counted, in seconds: attempts take from moments to days."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time with a name, ``start`` and ``end`` in seconds since 1970; ``failed`` says why it ended badly.

    It is a part of ``parent`` (``None``: of nothing) and follows what is in ``after``.
    """

    name: str
    key: Key
    parent: Key | None
    start: float
    end: float
    attributes: Mapping[str, Value]
    failed: str = ""
    after: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number that is added to a counter, or is one value of a distribution."""

    name: str
    value: float
    attributes: Mapping[str, Value] = field(default_factory=dict)


def task_key(record: TaskRecord, attempt_no: int) -> Key:
    """The span of a task to which an attempt belongs: one that is done again has another."""
    earlier = sum(attempt.outcome == "done" for attempt in record.attempts if attempt.no < attempt_no)
    return ("task", record.spec.id, str(earlier))


def attempt_key(task: str, attempt_no: int) -> Key:
    """The span of an attempt."""
    return ("attempt", task, str(attempt_no))


def spans(event: Event, state: RunState) -> Iterator[Span]:
    """What has ended with an event, the parts before the whole; ``state`` is the one after it."""
    match event:
        case TaskCompleted(at=at, task=task, attempt_no=no):
            record = state.tasks[task]
            if (attempt := _attempt(record, no)) is not None:
                yield _attempt_span(state, record, attempt, at)
            yield _task_span(record, no, at)
        case (
            AttemptFailed(at=at, task=task, attempt_no=no)
            | AttemptOverran(at=at, task=task, attempt_no=no)
            | AttemptLost(at=at, task=task, attempt_no=no)
        ):
            record = state.tasks[task]
            if (attempt := _attempt(record, no)) is not None:
                yield _attempt_span(state, record, attempt, at)
        case CheckpointPassed(at=at, checkpoint=name):
            yield _checkpoint_span(state, state.checkpoints[name], at, "")
        case CheckpointRejected(at=at, checkpoint=name, reason=reason):
            yield _checkpoint_span(state, state.checkpoints[name], at, reason or "rejected")
        case RunFinished(at=at) | RunCancelled(at=at):
            yield Span(
                "run",
                RUN,
                None,
                state.started_at if state.started_at is not None else at,
                at,
                {"milepost.plan": state.spec.plan, "milepost.run": state.run, "milepost.tasks": len(state.tasks)},
                f"cancelled by {event.by}" if isinstance(event, RunCancelled) else "",
            )


def measurements(event: Event, state: RunState) -> Iterator[Measurement]:
    """What an event adds to the counters and distributions; ``state`` is the one after it."""
    match event:
        case AttemptStarted(task=task, attempt_no=1, tier=tier):
            waited = event.at - state.tasks[task].ready_at
            if state.tasks[task].ready_at and waited >= 0:
                yield Measurement("milepost.task.wait", waited, {"milepost.tier": tier})
        case TaskCompleted(task=task, attempt_no=no) | AttemptFailed(task=task, attempt_no=no):
            yield from _ended(state, state.tasks[task], no)
        case AttemptOverran(task=task, attempt_no=no) | AttemptLost(task=task, attempt_no=no):
            yield from _ended(state, state.tasks[task], no)
        case TaskEscalated(from_tier=weaker, to_tier=stronger):
            yield Measurement("milepost.escalations", 1, {"milepost.tier": weaker, "milepost.tier.next": stronger})
        case CheckpointPassed(checkpoint=name):
            waited = event.at - _due_since(state, state.checkpoints[name], event.at)
            yield Measurement("milepost.checkpoint.duration", waited)


def _ended(state: RunState, record: TaskRecord, no: int) -> Iterator[Measurement]:
    attempt = _attempt(record, no)
    if attempt is None or attempt.ended_at is None:
        return
    tier: dict[str, Value] = {"milepost.tier": attempt.tier}
    seconds = attempt.ended_at - attempt.started_at
    yield Measurement("milepost.attempt.duration", seconds, {**tier, "milepost.outcome": attempt.outcome})
    amounts = spending(attempt, state.tiers.get(attempt.tier), attempt.ended_at, attempt.evidence)
    for measure in ("money", "tokens"):
        if amounts[measure]:
            yield Measurement(f"milepost.spent.{measure}", amounts[measure], tier)


def _attempt(record: TaskRecord, no: int) -> Attempt | None:
    return next((attempt for attempt in reversed(record.attempts) if attempt.no == no), None)


def _attempt_span(state: RunState, record: TaskRecord, attempt: Attempt, at: float) -> Span:
    evidence = attempt.evidence
    attributes: dict[str, Value] = {
        "milepost.run": state.run,
        "milepost.task": record.spec.id,
        "milepost.attempt": attempt.no,
        "milepost.tier": attempt.tier,
        "milepost.worker": attempt.worker,
        "milepost.outcome": attempt.outcome,
    }
    for name in ("exit_code", "cpu_seconds", "max_rss_kib", "cost", "tokens"):
        if isinstance(evidence.get(name), (int, float)):
            attributes[f"milepost.{name}"] = evidence[name]
    failed = "" if attempt.outcome == "done" else attempt.reason or attempt.outcome
    name = f"attempt {record.spec.id}"
    parent = task_key(record, attempt.no)
    return Span(name, attempt_key(record.spec.id, attempt.no), parent, attempt.started_at, at, attributes, failed)


def _task_span(record: TaskRecord, no: int, at: float) -> Span:
    key = task_key(record, no)
    own = [attempt for attempt in record.attempts if attempt.no <= no and task_key(record, attempt.no) == key]
    start = min((attempt.started_at for attempt in own), default=at)
    attributes: dict[str, Value] = {
        "milepost.task": record.spec.id,
        "milepost.title": record.spec.title,
        "milepost.tier": own[-1].tier if own else record.tier,
        "milepost.attempts": len(own),
    }
    if record.spec.effort:
        attributes["milepost.effort"] = record.spec.effort
    after = tuple(("task", wait.task, "0") for wait in record.spec.waits)
    return Span(f"task {record.spec.id}", key, RUN, start, at, attributes, "", after)


def _checkpoint_span(state: RunState, gate: CheckpointRecord, at: float, failed: str) -> Span:
    attributes: dict[str, Value] = {"milepost.checkpoint": gate.spec.id, "milepost.criteria": len(gate.criteria)}
    after = tuple(("task", task, "0") for task in gate.spec.after)
    start = _due_since(state, gate, at)
    return Span(gate.spec.name, ("checkpoint", gate.spec.id, str(at)), RUN, start, at, attributes, failed, after)


def _due_since(state: RunState, gate: CheckpointRecord, at: float) -> float:
    """Since when nothing but its own criteria kept a checkpoint."""
    ends = [state.tasks[task].finished_at for task in gate.spec.after if task in state.tasks]
    ends += [state.checkpoints[name].passed_at for name in gate.spec.gates if name in state.checkpoints]
    return min(at, max((end for end in ends if end is not None), default=state.started_at or at))
