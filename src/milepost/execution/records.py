"""What a run remembers of its tasks and checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from milepost.execution.policy import CheckpointSpec, CriterionSpec, TaskSpec, TierPolicy
from milepost.source.lazy_dataclass import lazy_dataclass


class TaskStatus(StrEnum):
    """Where a task stands in its run."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    BLOCKED = "blocked"
    SKIPPED = "skipped"


class CriterionStatus(StrEnum):
    """Where a criterion stands."""

    PENDING = "pending"
    PASSED = "passed"
    FAILED = "failed"


@lazy_dataclass(slots=True)
class Attempt:
    """One try at a task. ``outcome`` is empty while it runs, then the word for how it ended."""

    no: int
    tier: int
    worker: str
    started_at: float
    lease_until: float | None = None
    ended_at: float | None = None
    outcome: str = ""
    reason: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


@lazy_dataclass(slots=True)
class TaskRecord:
    """What happened to a task. ``tries`` counts failures since it came to its present tier.

    ``unmet`` is how many waits and gates still hold it back, ``ready_at`` the moment before which time does,
    ``retry_at`` the one before which it is not tried again. It is ``reopened`` from when somebody asked for it to be
    done again until it is. So many ``earlier`` attempts were at another task of that name, which the plan had before.
    """

    spec: TaskSpec
    tier: int
    status: TaskStatus = TaskStatus.PENDING
    attempts: list[Attempt] = field(default_factory=list)
    tries: int = 0
    finished_at: float | None = None
    by: str = ""
    reason: str = ""
    cost: float = 0.0
    unmet: int = 0
    ready_at: float = 0.0
    retired: bool = False
    reopened: bool = False
    earlier: int = 0
    retry_at: float = 0.0

    @property
    def next_attempt_no(self) -> int:
        """The number that no attempt at a task of this name has had."""
        return self.earlier + len(self.attempts) + 1

    @property
    def current(self) -> Attempt | None:
        """The attempt that runs now."""
        return self.attempts[-1] if self.status is TaskStatus.RUNNING else None

    @property
    def over(self) -> bool:
        """Whether nobody needs to wait for the task any more."""
        return self.status in (TaskStatus.DONE, TaskStatus.SKIPPED)

    @property
    def started(self) -> bool:
        """Whether the task has ever been started, or need not be."""
        return bool(self.attempts) or self.over

    @property
    def command(self) -> str:
        """What the worker of the present tier runs; empty when somebody has to claim the task."""
        return self.spec.commands.get(self.tier, "")

    @property
    def worked_seconds(self) -> float:
        """Time the finished attempts took together; one that ends before it began, by a clock set back, took none."""
        return sum(max(a.ended_at - a.started_at, 0.0) for a in self.attempts if a.ended_at is not None)


@lazy_dataclass(slots=True)
class CriterionRecord:
    """What is known of a criterion."""

    spec: CriterionSpec
    status: CriterionStatus = CriterionStatus.PENDING
    by: str = ""
    at: float | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


@lazy_dataclass(slots=True)
class CheckpointRecord:
    """Where a checkpoint stands; ``unmet`` is how many tasks and checkpoints it still waits for.

    One that was rejected (``rejected`` says why) passes only by approval, or after tasks were done again.
    """

    spec: CheckpointSpec
    criteria: list[CriterionRecord]
    passed: bool = False
    passed_at: float | None = None
    unmet: int = 0
    rejected: str = ""

    @property
    def due(self) -> bool:
        """Whether its criteria are to be judged now."""
        return not self.passed and self.unmet == 0


def spending(attempt: Attempt, tier: TierPolicy | None, at: float, evidence: Mapping[str, Any]) -> dict[str, float]:
    """What an attempt that ends ``at`` has spent: money, working hours, tokens.

    To its tier's price for the time comes what its worker reported as ``cost`` and ``tokens``.
    """
    hours = max(at - attempt.started_at, 0.0) / 3600
    price = tier.cost_per_hour if tier else 0.0
    return {
        "money": hours * price + _number(evidence.get("cost")),
        "hours": hours,
        "tokens": _number(evidence.get("tokens")),
    }


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) and value > 0 else 0.0
