"""What a run remembers of its tasks and checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from milepost.execution.policy import CheckpointSpec, CriterionSpec, TaskSpec


class TaskStatus(StrEnum):
    """Where a task stands in its run."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    BLOCKED = "blocked"


class CriterionStatus(StrEnum):
    """Where a criterion stands."""

    PENDING = "pending"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(slots=True)
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


@dataclass(slots=True)
class TaskRecord:
    """What happened to a task. ``tries`` counts failures since it came to its present tier.

    ``unmet`` is how many waits and gates still hold it back, ``ready_at`` the moment before which a lag does.
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

    @property
    def current(self) -> Attempt | None:
        """The attempt that runs now."""
        return self.attempts[-1] if self.status is TaskStatus.RUNNING else None

    @property
    def started(self) -> bool:
        """Whether the task has ever been started or finished."""
        return bool(self.attempts) or self.status is TaskStatus.DONE

    @property
    def command(self) -> str:
        """What the worker of the present tier runs; empty when somebody has to claim the task."""
        return self.spec.commands.get(self.tier, "")

    @property
    def worked_seconds(self) -> float:
        """Time the finished attempts took together."""
        return sum(a.ended_at - a.started_at for a in self.attempts if a.ended_at is not None)


@dataclass(slots=True)
class CriterionRecord:
    """What is known of a criterion."""

    spec: CriterionSpec
    status: CriterionStatus = CriterionStatus.PENDING
    by: str = ""
    at: float | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class CheckpointRecord:
    """Where a checkpoint stands; ``unmet`` is how many tasks and checkpoints it still waits for."""

    spec: CheckpointSpec
    criteria: list[CriterionRecord]
    passed: bool = False
    passed_at: float | None = None
    unmet: int = 0

    @property
    def due(self) -> bool:
        """Whether its criteria are to be judged now."""
        return not self.passed and self.unmet == 0
