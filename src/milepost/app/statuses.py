"""Where a run stands, in one value that every surface shows."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from milepost.execution.lookup import delay, holding_back
from milepost.execution.queries import (
    Outcome,
    awaiting_approval,
    blocked,
    claimable,
    counts,
    delayed,
    failed_criteria,
    outcome,
    running,
)
from milepost.execution.records import CriterionStatus, TaskRecord, TaskStatus
from milepost.execution.state import RunState
from milepost.source.lazy_dataclass import lazy_dataclass


@lazy_dataclass(frozen=True, slots=True)
class RunStatus:
    """A run at a moment: ``now`` in seconds since 1970, ``elapsed`` and efforts in seconds, cost as configured."""

    state: RunState
    now: float
    outcome: Outcome
    counts: dict[TaskStatus, int]
    running: list[TaskRecord]
    ready: list[TaskRecord]
    blocked: list[TaskRecord]

    @property
    def total(self) -> int:
        """How many tasks the run has."""
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        """How many of them are done."""
        return self.counts[TaskStatus.DONE]

    @property
    def elapsed(self) -> float:
        """Seconds from the run's start to its end, or to now."""
        if self.state.started_at is None:
            return 0.0
        return (self.state.finished_at or self.now) - self.state.started_at

    @property
    def cost(self) -> float:
        """What all ended attempts cost together."""
        return sum(record.cost for record in self.state.tasks.values())

    def reasons(self) -> list[str]:
        """What has to happen before the run can go on or end, in words; empty when it moves by itself."""
        waiting = [
            f"{gate.spec.name} waits for approval: {'; '.join(_open_texts(gate.criteria))}"
            for gate in awaiting_approval(self.state)
        ]
        failed = [
            f"{gate.spec.name} does not pass: {gate.criteria[index].spec.text}"
            for gate, index in failed_criteria(self.state)
        ]
        stopped = [f"task {record.spec.id} is blocked: {record.reason}" for record in self.blocked]
        claims = [f"task {r.spec.id} waits for somebody to claim it" for r in self.ready if not r.command]
        held = [
            f"task {record.spec.id} is held by {current.worker}"
            for record in self.running
            if (current := record.current) and current.lease_until is not None
        ]
        later = [
            f"task {record.spec.id} can start from {_moment(record.ready_at)} on: {delay(record)}"
            for record in delayed(self.state, self.now)
        ]
        return self._holds() + waiting + failed + stopped + claims + held + later

    def _holds(self) -> list[str]:
        """What holds the whole run or a tier."""
        paused = [f"the run is paused by {self.state.paused_by}"] if self.state.paused_by else []
        return paused + [
            f"the {measure} budget of the {scope} is spent" for scope, measure in sorted(self.state.exhausted)
        ]

    def to_json(self) -> dict[str, Any]:
        """Give the status as plain JSON values; all durations in seconds."""
        return {
            "run": self.state.run,
            "plan": self.state.spec.plan,
            "outcome": self.outcome.value,
            "tasks": {status.value: number for status, number in self.counts.items()},
            "elapsed_seconds": round(self.elapsed, 3),
            "cost": round(self.cost, 6),
            "supervisor": self.state.supervisor,
            "waiting_for": self.reasons(),
            "task_list": [self.task_json(record) for record in self.state.tasks.values()],
            "checkpoints": [self._checkpoint_json(name) for name in self.state.checkpoints],
        }

    def task_json(self, record: TaskRecord) -> dict[str, Any]:
        """Give one task as plain JSON values."""
        current = record.current
        return {
            "id": record.spec.id,
            "title": record.spec.title,
            "status": record.status.value,
            "tier": record.tier,
            "assigned_tier": record.spec.tier,
            "effort_seconds": record.spec.effort,
            "worked_seconds": round(record.worked_seconds, 3),
            "attempts": len(record.attempts),
            "attempt_no": current.no if current else None,
            "worker": current.worker if current else record.by,
            "lease_until": current.lease_until if current else None,
            "reason": record.reason,
            "cost": round(record.cost, 6),
            "not_before": record.spec.not_before,
            "waits_for": holding_back(self.state, record) if record.status is TaskStatus.PENDING else [],
        }

    def _checkpoint_json(self, name: str) -> dict[str, Any]:
        checkpoint = self.state.checkpoints[name]
        return {
            "id": name,
            "name": checkpoint.spec.name,
            "passed": checkpoint.passed,
            "due": checkpoint.due,
            "criteria": [
                {
                    "text": criterion.spec.text,
                    "command": criterion.spec.command,
                    "status": criterion.status.value,
                    "by": criterion.by,
                }
                for criterion in checkpoint.criteria
            ],
        }


def _moment(at: float) -> str:
    """A moment as local wall time that states its zone."""
    return datetime.fromtimestamp(at).astimezone().isoformat(sep=" ", timespec="minutes")


def run_status(state: RunState, now: float) -> RunStatus:
    """Look at a run."""
    return RunStatus(
        state,
        now,
        outcome(state, now),
        counts(state),
        running(state),
        claimable(state, now),
        blocked(state),
    )


class BudgetLine(NamedTuple):
    """What a scope (``run``, ``tier N``) has spent of a measure: money, hours or tokens; ``limit`` may be none."""

    scope: str
    measure: str
    spent: float
    limit: float | None
    exhausted: bool


def budget_lines(state: RunState) -> list[BudgetLine]:
    """What is limited or spent, by scope."""
    scopes = ["run", *(f"tier {rank}" for rank in sorted(state.tiers))]
    lines = [
        BudgetLine(
            scope,
            measure,
            state.spent.get((scope, measure), 0.0),
            state.limit(scope, measure),
            (scope, measure) in state.exhausted,
        )
        for scope in scopes
        for measure in ("money", "hours", "tokens")
    ]
    return [line for line in lines if line.spent or line.limit is not None]


def _open_texts(criteria: list[Any]) -> list[str]:
    return [c.spec.text for c in criteria if not c.spec.command and c.status is not CriterionStatus.PASSED]
