"""What a run did: planned against actual, escalations, cost per tier, checkpoints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from milepost.execution.events import CompletionRefused, Event, TaskEscalated
from milepost.execution.records import CheckpointRecord, TaskRecord, TaskStatus
from milepost.execution.state import RunState


@dataclass(frozen=True, slots=True)
class TierUse:
    """What one tier did: attempts, the time they took in seconds, and their cost."""

    rank: int
    name: str
    attempts: int
    seconds: float
    cost: float


@dataclass(frozen=True, slots=True)
class RunReport:
    """A run as it stands. ``planned_seconds`` is the makespan the estimates gave, ``elapsed_seconds`` what it took.

    ``refusals`` are reports of tasks as done whose verification failed.
    """

    run: str
    finished: bool
    tasks: Sequence[TaskRecord]
    checkpoints: Sequence[CheckpointRecord]
    escalations: Sequence[TaskEscalated]
    tiers: Sequence[TierUse]
    planned_seconds: int
    elapsed_seconds: float
    refusals: Sequence[CompletionRefused] = ()
    cancelled_by: str = ""

    @property
    def outcome(self) -> str:
        """How the run ended, or that it has not, in words."""
        return (
            "finished"
            if self.finished
            else f"cancelled by {self.cancelled_by}"
            if self.cancelled_by
            else "not finished"
        )

    @property
    def done(self) -> int:
        """How many tasks are done."""
        return sum(record.status is TaskStatus.DONE for record in self.tasks)

    @property
    def progress(self) -> str:
        """How many tasks are done, and how many were skipped, in words."""
        skipped = sum(record.status is TaskStatus.SKIPPED for record in self.tasks)
        return f"{self.done}/{len(self.tasks)} tasks done" + (f", {skipped} skipped" if skipped else "")

    @property
    def cost(self) -> float:
        """What all attempts cost together."""
        return sum(tier.cost for tier in self.tiers)

    def to_json(self) -> dict[str, Any]:
        """Give the report as plain JSON values; all durations in seconds."""
        return {
            "run": self.run,
            "finished": self.finished,
            "cancelled_by": self.cancelled_by,
            "tasks_done": self.done,
            "tasks_total": len(self.tasks),
            "planned_seconds": self.planned_seconds,
            "elapsed_seconds": round(self.elapsed_seconds, 3),
            "cost": round(self.cost, 6),
            "tasks": [_task_json(record) for record in self.tasks],
            "escalations": [
                {"task": e.task, "from_tier": e.from_tier, "to_tier": e.to_tier, "reason": e.reason, "cost": e.cost}
                for e in self.escalations
            ],
            "refused": [
                {"task": r.task, "attempt_no": r.attempt_no, "by": r.by, "at": r.at, "reason": r.reason}
                for r in self.refusals
            ],
            "tiers": [
                {"tier": t.rank, "attempts": t.attempts, "seconds": round(t.seconds, 3), "cost": round(t.cost, 6)}
                for t in self.tiers
            ],
            "checkpoints": [
                {
                    "name": gate.spec.name,
                    "passed": gate.passed,
                    "criteria": [
                        {"text": c.spec.text, "status": c.status.value, "by": c.by, "command": c.spec.command}
                        for c in gate.criteria
                    ],
                }
                for gate in self.checkpoints
            ],
        }


def run_report(state: RunState, events: Iterable[Event], *, planned_seconds: int, now: float) -> RunReport:
    """Look back on a run; ``events`` are all of its stream."""
    events = list(events)
    tasks = [record for record in state.tasks.values() if not record.retired]
    elapsed = (state.finished_at or now) - state.started_at if state.started_at is not None else 0.0
    return RunReport(
        run=state.run,
        finished=state.finished and not state.cancelled_by,
        tasks=tasks,
        checkpoints=list(state.checkpoints.values()),
        escalations=[event for event in events if isinstance(event, TaskEscalated)],
        tiers=[_use(state, rank, tasks) for rank in sorted(state.tiers)],
        planned_seconds=planned_seconds,
        elapsed_seconds=elapsed,
        refusals=[event for event in events if isinstance(event, CompletionRefused)],
        cancelled_by=state.cancelled_by,
    )


def _use(state: RunState, rank: int, tasks: Sequence[TaskRecord]) -> TierUse:
    tier = state.tiers[rank]
    spans = [
        attempt.ended_at - attempt.started_at
        for record in tasks
        for attempt in record.attempts
        if attempt.tier == rank and attempt.ended_at is not None
    ]
    seconds = sum(spans)
    return TierUse(rank, tier.name, len(spans), seconds, seconds / 3600 * tier.cost_per_hour)


def _task_json(record: TaskRecord) -> dict[str, Any]:
    return {
        "id": record.spec.id,
        "title": record.spec.title,
        "status": record.status.value,
        "planned_tier": record.spec.tier,
        "tier": record.tier,
        "effort_seconds": record.spec.effort,
        "worked_seconds": round(record.worked_seconds, 3),
        "attempts": [
            {
                "no": a.no,
                "tier": a.tier,
                "worker": a.worker,
                "outcome": a.outcome or "running",
                "reason": a.reason,
                "seconds": round(a.ended_at - a.started_at, 3) if a.ended_at is not None else None,
                "evidence": dict(a.evidence),
            }
            for a in record.attempts
        ],
        "done_by": record.by,
        "cost": round(record.cost, 6),
    }
