"""The shapes of what the API answers with, for its OpenAPI document. Times are seconds since 1970, lengths seconds."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Told(BaseModel):
    """An error that is part of an answer."""

    code: str
    detail: str
    remedy: str


class Counts(BaseModel):
    """How many tasks stand where."""

    total: int
    pending: int
    running: int
    done: int
    blocked: int
    skipped: int


class RunSummary(BaseModel):
    """A plan's newest run."""

    number: int = Field(description="Counts the plan's runs from 1.")
    name: str = Field(description="How the ledger calls it.")
    version: int = Field(description="How many events it has.")
    outcome: str = Field(description="active, waiting, stuck, finished, cancelled")
    started_at: float | None
    finished_at: float | None
    cost: float
    supervisor: str = Field(description="Which process drives it: machine and number; empty: none.")
    deserted: bool = Field(description="Its supervisor died, and none took its place.")
    paused_by: str
    cancelled_by: str


class PlanSummary(BaseModel):
    """A plan in a list."""

    id: str
    name: str = Field(description="Its path below what is served.")
    title: str
    state: str = Field(
        description="not started, active, waiting, stuck, finished, cancelled; "
        "invalid, unreadable, unavailable (`problem` says why)"
    )
    dialect: str = ""
    phases: int = 0
    checkpoints: int = 0
    effort_seconds: int | None = None
    tasks: Counts | None = None
    run: RunSummary | None = None
    problem: Told | None = None


class PlanPage(BaseModel):
    """A page of plans."""

    items: list[PlanSummary]
    next_cursor: str | None


class Phase(BaseModel):
    """A phase of a plan."""

    id: str
    title: str
    line: int


class Task(BaseModel):
    """A task of a run, or as it would be in one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "2.1",
                    "title": "Split a text into words",
                    "phase": "2",
                    "status": "running",
                    "tier": 2,
                    "assigned_tier": 2,
                    "effort_seconds": 7200,
                    "worked_seconds": 0.0,
                    "attempts": 1,
                    "attempt_no": 1,
                    "worker": "ada",
                    "lease_until": 1790000000.0,
                    "reason": "",
                    "cost": 0.0,
                    "not_before": None,
                    "waits_for": [],
                }
            ]
        }
    )
    id: str
    title: str
    phase: str
    status: str = Field(description="pending, running, done, blocked, skipped")
    tier: int = Field(description="Where it is now: it may have been escalated.")
    assigned_tier: int
    effort_seconds: int | None
    worked_seconds: float
    attempts: int
    attempt_no: int | None = Field(description="The attempt that holds it.")
    worker: str
    lease_until: float | None
    reason: str
    cost: float
    not_before: float | None = Field(description="The plan has it begin no sooner; seconds since 1970.")
    waits_for: list[str]


class Criterion(BaseModel):
    """An exit condition of a checkpoint."""

    text: str
    command: str
    status: str = Field(description="pending, passed, failed")
    by: str


class Checkpoint(BaseModel):
    """A checkpoint of a run."""

    id: str
    name: str
    passed: bool
    due: bool
    criteria: list[Criterion]


class Plan(PlanSummary):
    """A plan with all its tasks."""

    document_etag: str
    unread_lines: int
    phase_list: list[Phase]
    task_list: list[Task]
    checkpoint_list: list[Checkpoint]
    waiting_for: list[str]


class ActedAside(BaseModel):
    """What every act tells besides."""

    run: str = Field(description="How the ledger calls the run.")
    version: int = Field(description="The run's version after the act.")
    run_etag: str = Field(description="For `If-Match` of the next act.")
    by: str = Field(description="The name that was recorded.")
    document_problem: Told | None = Field(description="Why the document is behind the ledger, if it is.")


class ActedTask(Task, ActedAside):
    """A task after an act."""


class TaskPage(BaseModel):
    """A page of tasks."""

    items: list[Task]
    next_cursor: str | None


class Attempt(BaseModel):
    """An attempt at a task."""

    no: int
    tier: int
    worker: str
    started_at: float
    ended_at: float | None
    lease_until: float | None
    outcome: str = Field(description="How it ended; empty while it runs.")
    reason: str
    evidence: dict[str, Any]


class TaskDetails(Task):
    """A task with its attempts."""

    line: int | None = Field(description="Where the document states it, from 1.")
    command: str = Field(description="What the worker of its tier runs; empty: somebody has to claim it.")
    verify: list[str]
    files: list[str]
    human: bool
    finished_at: float | None
    attempt_list: list[Attempt]


class JudgedCriterion(Criterion):
    """An exit condition, and what it was judged by."""

    at: float | None
    evidence: dict[str, Any]


class CheckpointDetails(BaseModel):
    """A checkpoint with its criteria."""

    id: str
    name: str
    passed: bool
    passed_at: float | None
    due: bool
    rejected: str = Field(description="Why somebody refused it; empty: nobody did.")
    after: list[str] = Field(description="The tasks it waits for.")
    criteria: list[JudgedCriterion]


class ActedCheckpoint(CheckpointDetails, ActedAside):
    """A checkpoint after an act."""


class CheckpointList(BaseModel):
    """A plan's checkpoints."""

    items: list[CheckpointDetails]


class BudgetLine(BaseModel):
    """What a scope has spent of a measure."""

    scope: str
    measure: str = Field(description="money, hours, tokens")
    spent: float
    limit: float | None
    exhausted: bool


class Run(BaseModel):
    """A run."""

    run: str = Field(description="How the ledger calls it.")
    plan: str = Field(description="The plan's id.")
    number: int
    newest: bool
    version: int
    run_etag: str | None = Field(description="For `If-Match` of what acts on the newest run.")
    outcome: str = Field(description="active, waiting, stuck, finished, cancelled")
    tasks: dict[str, int]
    cost: float
    supervisor: str
    deserted: bool
    started_at: float | None
    finished_at: float | None
    paused_by: str
    cancelled_by: str
    waiting_for: list[str]
    task_list: list[dict[str, Any]]
    checkpoints: list[dict[str, Any]]
    budgets: list[BudgetLine]


class RunLine(BaseModel):
    """A run in a list."""

    number: int
    name: str
    outcome: str
    done: int
    total: int
    started_at: float | None
    finished_at: float | None
    cost: float


class RunPage(BaseModel):
    """A page of runs."""

    items: list[RunLine]
    next_cursor: str | None


class RunEvent(BaseModel):
    """Something that happened. What else it holds depends on its type."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [{"version": 4, "event": "TaskCompleted", "at": 1790000000.0, "task": "1.1", "by": "ada"}]
        },
    )
    version: int = Field(description="Counts the run's events from 1.")
    event: str
    at: float


class EventPage(BaseModel):
    """A page of events."""

    items: list[RunEvent]
    next_cursor: str | None


class Tier(BaseModel):
    """A tier of workers. Rank 1 is the strongest."""

    rank: int
    name: str
    capacity: int
    speed: float
    cost_per_hour: float
    attempts: int
    driver: str
    running: list[str]
    ready: list[str]
    tasks: int
    budgets: list[BudgetLine]


class TierList(BaseModel):
    """A plan's tiers."""

    items: list[Tier]


class Held(BaseModel):
    """A task that a worker holds."""

    task: str
    attempt_no: int
    lease_until: float | None


class Worker(BaseModel):
    """Who has worked in a run."""

    name: str
    holds: list[Held]
    attempts: int
    done: int
    worked_seconds: float
    last_at: float


class WorkerList(BaseModel):
    """Who has worked in a plan's run."""

    items: list[Worker]


class LogPart(BaseModel):
    """Part of what an attempt has written."""

    task: str
    attempt_no: int
    tier: int
    worker: str
    over: bool = Field(description="Whether the attempt has ended.")
    size: int = Field(description="How many bytes are kept in all.")
    start: int = Field(description="At which byte `text` begins.")
    text: str
