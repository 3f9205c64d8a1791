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


Anything = dict[str, Any]
