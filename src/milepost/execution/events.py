"""What can happen in a run: facts, in the past tense, kept forever.

A run is a stream of these. ``at`` is seconds since 1970 (UTC). Fields are plain JSON values, so an event is its own
payload; a field added later must have a default, and no event is ever renamed.

State of a task, and the events that change it::

    pending --AttemptStarted--> running --TaskCompleted--> done
       ^                          |  \\
       |   AttemptFailed, AttemptOverran, AttemptLost  TaskBlocked
       +--------------------------+    \\--> blocked --TaskUnblocked--> pending
    pending, running, blocked --TaskCompleted (by hand)--> done;  --TaskSkipped--> skipped
    done, skipped --TaskReopened--> pending
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from milepost.execution.policy import SpecPayload
from milepost.source.lazy_dataclass import lazy_dataclass

VERSION = 1


@lazy_dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at a moment."""

    at: float


@lazy_dataclass(frozen=True, slots=True)
class RunStarted(Event):
    """A run of a plan began; ``spec`` is the payload of its :class:`~milepost.execution.policy.RunSpec`."""

    run: str
    spec: Mapping[str, Any]
    by: str = ""


@lazy_dataclass(frozen=True, slots=True)
class PlanRevised(Event):
    """The document changed what the run is to do; the text of tasks in ``finished`` changed though they are over."""

    spec: Mapping[str, Any]
    finished: list[str] = field(default_factory=list)


@lazy_dataclass(frozen=True, slots=True)
class SupervisorJoined(Event):
    """A supervisor began to drive the run."""

    supervisor: str


@lazy_dataclass(frozen=True, slots=True)
class SupervisorLeft(Event):
    """A supervisor stopped driving the run in good order."""

    supervisor: str
    reason: str


@lazy_dataclass(frozen=True, slots=True)
class AttemptStarted(Event):
    """A worker took a task. Without ``lease_until`` the attempt lives as long as its process does."""

    task: str
    attempt_no: int
    tier: int
    worker: str
    lease_until: float | None = None


@lazy_dataclass(frozen=True, slots=True)
class LeaseExtended(Event):
    """A worker said that it is still at it."""

    task: str
    attempt_no: int
    lease_until: float


@lazy_dataclass(frozen=True, slots=True)
class AttemptFailed(Event):
    """An attempt ended without success; the task may be tried again, from ``retry_at`` on."""

    task: str
    attempt_no: int
    reason: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    retry_at: float | None = None


@lazy_dataclass(frozen=True, slots=True)
class AttemptOverran(Event):
    """An attempt ran past the escalation factor × its estimate (``limit`` seconds) and was stopped."""

    task: str
    attempt_no: int
    limit: float
    evidence: Mapping[str, Any] = field(default_factory=dict)


@lazy_dataclass(frozen=True, slots=True)
class AttemptLost(Event):
    """An attempt's worker vanished; this is not the task's fault and does not count as a try."""

    task: str
    attempt_no: int
    reason: str


@lazy_dataclass(frozen=True, slots=True)
class CompletionRefused(Event):
    """Somebody reported a task as done, and a verification of it failed (``attempt_no`` 0: nobody held it)."""

    task: str
    attempt_no: int
    by: str
    reason: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


@lazy_dataclass(frozen=True, slots=True)
class TaskCompleted(Event):
    """A task is done: by an attempt, or by hand (``attempt_no`` 0)."""

    task: str
    attempt_no: int
    by: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


@lazy_dataclass(frozen=True, slots=True)
class TaskSkipped(Event):
    """A task will not be done; what waits for it need not wait any more."""

    task: str
    by: str
    reason: str


@lazy_dataclass(frozen=True, slots=True)
class TaskReopened(Event):
    """A finished task has to be done again."""

    task: str
    by: str
    reason: str


@lazy_dataclass(frozen=True, slots=True)
class TaskEscalated(Event):
    """A task moved to the next stronger tier; ``cost`` is what its attempts cost so far."""

    task: str
    from_tier: int
    to_tier: int
    reason: str
    cost: float = 0.0


@lazy_dataclass(frozen=True, slots=True)
class TaskBlocked(Event):
    """A task waits for a human."""

    task: str
    reason: str
    by: str = ""


@lazy_dataclass(frozen=True, slots=True)
class TaskUnblocked(Event):
    """A human let a blocked task go on; its tries are counted afresh."""

    task: str
    by: str


@lazy_dataclass(frozen=True, slots=True)
class CriterionPassed(Event):
    """An exit condition holds."""

    checkpoint: str
    index: int
    by: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


@lazy_dataclass(frozen=True, slots=True)
class CriterionFailed(Event):
    """An exit condition does not hold."""

    checkpoint: str
    index: int
    by: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


@lazy_dataclass(frozen=True, slots=True)
class CheckpointPassed(Event):
    """All criteria of a checkpoint hold: what it held back may start."""

    checkpoint: str


@lazy_dataclass(frozen=True, slots=True)
class CheckpointRechecked(Event):
    """Somebody wants the criteria that failed to be judged again by their commands."""

    checkpoint: str
    by: str


@lazy_dataclass(frozen=True, slots=True)
class CheckpointRejected(Event):
    """Somebody looked and was not content: the checkpoint has not passed, whatever was signed before."""

    checkpoint: str
    by: str
    reason: str


@lazy_dataclass(frozen=True, slots=True)
class BudgetWarned(Event):
    """Most of a budget is spent. ``scope`` is ``run`` or ``tier N``, ``measure`` money, hours or tokens."""

    scope: str
    measure: str
    spent: float
    limit: float


@lazy_dataclass(frozen=True, slots=True)
class BudgetExhausted(Event):
    """A budget is spent: nothing more starts in its scope until somebody extends it."""

    scope: str
    measure: str
    spent: float
    limit: float


@lazy_dataclass(frozen=True, slots=True)
class BudgetExtended(Event):
    """Somebody set a new limit."""

    scope: str
    measure: str
    limit: float
    by: str


@lazy_dataclass(frozen=True, slots=True)
class RunPaused(Event):
    """Nothing new starts; what runs goes on."""

    by: str
    reason: str = ""


@lazy_dataclass(frozen=True, slots=True)
class RunResumed(Event):
    """A paused run goes on."""

    by: str


@lazy_dataclass(frozen=True, slots=True)
class RunCancelled(Event):
    """Somebody ended the run before its end; nothing in it changes any more."""

    by: str
    reason: str = ""


@lazy_dataclass(frozen=True, slots=True)
class RunFinished(Event):
    """Every task is done or skipped and every checkpoint passed."""


EVENTS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        RunStarted,
        PlanRevised,
        SupervisorJoined,
        SupervisorLeft,
        AttemptStarted,
        LeaseExtended,
        AttemptFailed,
        AttemptOverran,
        AttemptLost,
        CompletionRefused,
        TaskCompleted,
        TaskSkipped,
        TaskReopened,
        TaskEscalated,
        TaskBlocked,
        TaskUnblocked,
        CriterionPassed,
        CriterionFailed,
        CheckpointPassed,
        CheckpointRechecked,
        CheckpointRejected,
        BudgetWarned,
        BudgetExhausted,
        BudgetExtended,
        RunPaused,
        RunResumed,
        RunCancelled,
        RunFinished,
    )
}


def to_payload(event: Event) -> dict[str, Any]:
    """Give an event's fields as plain JSON values; its type's name is stored beside them."""
    values = [(name, getattr(event, name)) for name in type(event).__match_args__]
    return {name: value.spec.to_payload() if isinstance(value, SpecPayload) else value for name, value in values}


def from_payload(kind: str, payload: Mapping[str, Any]) -> Event:
    """Build an event from its type's name and its payload; raises ``KeyError`` for an unknown type."""
    return EVENTS[kind](**payload)
