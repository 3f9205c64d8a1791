"""What a run can be asked to do, in the imperative. :func:`~milepost.execution.decisions.decide` answers.

``at`` is now, in seconds since 1970 (UTC): the state machine knows no clock. A command about an attempt carries the
attempt's number, which is compared before anything is written (fencing).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from milepost.execution.policy import RunSpec
from milepost.source.lazy_dataclass import lazy_dataclass


@lazy_dataclass(frozen=True, slots=True)
class Command:
    """A wish, and the moment it is made."""

    at: float


@lazy_dataclass(frozen=True, slots=True)
class Start(Command):
    """Begin a run."""

    run: str
    spec: RunSpec
    by: str = ""


@lazy_dataclass(frozen=True, slots=True)
class Revise(Command):
    """Go on with another specification; nothing happens when it is the same."""

    spec: RunSpec


@lazy_dataclass(frozen=True, slots=True)
class Settle(Command):
    """Draw the conclusions from the state as it is, after it was revised."""


@lazy_dataclass(frozen=True, slots=True)
class Join(Command):
    """Begin to drive the run."""

    supervisor: str


@lazy_dataclass(frozen=True, slots=True)
class Leave(Command):
    """Stop driving the run."""

    supervisor: str
    reason: str


@lazy_dataclass(frozen=True, slots=True)
class Pause(Command):
    """Start nothing new until :class:`Resume`."""

    by: str
    reason: str = ""


@lazy_dataclass(frozen=True, slots=True)
class Resume(Command):
    """Go on with a paused run."""

    by: str


@lazy_dataclass(frozen=True, slots=True)
class Cancel(Command):
    """End the run before its end."""

    by: str
    reason: str = ""


@lazy_dataclass(frozen=True, slots=True)
class ExtendBudget(Command):
    """Set a new limit. ``scope`` is ``run`` or ``tier N``, ``measure`` money, hours or tokens."""

    scope: str
    measure: str
    limit: float
    by: str


@lazy_dataclass(frozen=True, slots=True)
class Claim(Command):
    """Take a task. ``tier`` is the worker's rank (``None``: whoever may), ``lease`` seconds without a heartbeat."""

    task: str
    worker: str
    tier: int | None = None
    lease: float | None = None


@lazy_dataclass(frozen=True, slots=True)
class Heartbeat(Command):
    """Say that the attempt still lives, for ``lease`` seconds more."""

    task: str
    attempt_no: int
    lease: float


@lazy_dataclass(frozen=True, slots=True)
class Complete(Command):
    """Report an attempt's success."""

    task: str
    attempt_no: int
    by: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


@lazy_dataclass(frozen=True, slots=True)
class RefuseCompletion(Command):
    """Keep why a task that was reported as done is not: a verification failed. ``attempt_no`` 0: nobody held it."""

    task: str
    attempt_no: int
    by: str
    reason: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


@lazy_dataclass(frozen=True, slots=True)
class Fail(Command):
    """Report an attempt's failure; with ``escalate`` a stronger tier is needed, for which the worker itself ``asked``
    or not.
    """

    task: str
    attempt_no: int
    reason: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    escalate: bool = False
    asked: bool = True


@lazy_dataclass(frozen=True, slots=True)
class Overrun(Command):
    """Report that an attempt ran past its limit, in seconds, and was stopped."""

    task: str
    attempt_no: int
    limit: float
    evidence: Mapping[str, Any] = field(default_factory=dict)


@lazy_dataclass(frozen=True, slots=True)
class Lose(Command):
    """Report that an attempt's worker vanished."""

    task: str
    attempt_no: int
    reason: str


@lazy_dataclass(frozen=True, slots=True)
class ExpireLeases(Command):
    """End every claim whose lease has run out, or that is past the limit of its task."""


@lazy_dataclass(frozen=True, slots=True)
class MarkDone(Command):
    """Record that a task was finished by hand."""

    task: str
    by: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


@lazy_dataclass(frozen=True, slots=True)
class Skip(Command):
    """Decide that a task will not be done."""

    task: str
    by: str
    reason: str


@lazy_dataclass(frozen=True, slots=True)
class Reopen(Command):
    """Have a finished task done again."""

    task: str
    by: str
    reason: str


@lazy_dataclass(frozen=True, slots=True)
class Block(Command):
    """Stop a task until a human lets it go on."""

    task: str
    reason: str
    by: str


@lazy_dataclass(frozen=True, slots=True)
class Unblock(Command):
    """Let a blocked task go on."""

    task: str
    by: str


@lazy_dataclass(frozen=True, slots=True)
class RecordCriterion(Command):
    """Report what evaluating one criterion (index from 0) of a due checkpoint gave."""

    checkpoint: str
    index: int
    passed: bool
    by: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


@lazy_dataclass(frozen=True, slots=True)
class Approve(Command):
    """Sign off every criterion of a due checkpoint that has no command."""

    checkpoint: str
    by: str
    comment: str = ""


@lazy_dataclass(frozen=True, slots=True)
class Recheck(Command):
    """Have the commands of a due checkpoint's criteria that failed judge again."""

    checkpoint: str
    by: str


@lazy_dataclass(frozen=True, slots=True)
class Reject(Command):
    """Refuse a checkpoint, and have the tasks named in ``reopen`` done again."""

    checkpoint: str
    by: str
    reason: str
    reopen: tuple[str, ...] = ()
