"""The shapes of what is computed of plans, for the OpenAPI document. Lengths are working seconds."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Finding(BaseModel):
    """What a rule found. Lines and columns count from 1."""

    code: str
    name: str
    severity: str
    message: str
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    fix: dict[str, Any] | None
    fixable: bool
    related: list[dict[str, Any]]


class Diagnostics(BaseModel):
    """What checking a plan found."""

    document_etag: str
    findings: list[Finding]
    errors: int
    warnings: int
    fixable: int


class Fixed(BaseModel):
    """What fixes change, or would change."""

    written: bool
    diff: str = Field(description="As `diff -u` shows it; empty: nothing changes.")
    fixed: list[str] = Field(description="The codes of the findings that are gone.")
    remaining: int
    document_etag: str = Field(description="Of the document as it is now.")


class Node(BaseModel):
    """A task or checkpoint of the network."""

    id: str
    title: str
    phase: str
    checkpoint: bool
    tier: int | None
    duration_seconds: int
    critical: bool
    total_float_seconds: int
    status: str


class Link(BaseModel):
    """A dependency of the network."""

    source: str
    target: str
    kind: str = Field(description="FS, SS, FF, SF")
    lag_seconds: int
    critical: bool


class NetworkOf(BaseModel):
    """A plan's network."""

    nodes: list[Node]
    links: list[Link]
    critical_path: list[str]


class PathSummary(BaseModel):
    """The critical path with gates, or without."""

    makespan_seconds: int
    critical_path: list[str]
    critical: list[str]


class LeveledSummary(BaseModel):
    """The schedule within capacity: no shorter one than `lower_bound_seconds` exists."""

    makespan_seconds: int
    lower_bound_seconds: int
    rule: str


class ScheduleRow(BaseModel):
    """One task or checkpoint. Times in working seconds from the start; `start` and `finish` are the schedule's."""

    model_config = ConfigDict(extra="allow")
    id: str
    title: str
    checkpoint: bool
    phase: str
    tier: int | None
    optional: bool
    done: bool
    assumed: bool = Field(description="Its effort is not the plan's but the default.")
    duration_seconds: int
    early_start_seconds: int
    early_finish_seconds: int
    late_start_seconds: int
    late_finish_seconds: int
    total_float_seconds: int
    free_float_seconds: int
    critical: bool
    drivers: list[str] = Field(description="What its early start hangs on.")
    start_seconds: int
    finish_seconds: int


class TierUse(BaseModel):
    """What a tier does in the schedule."""

    rank: int
    capacity: int
    tasks: int
    work_seconds: int
    utilisation: float


class Schedule(BaseModel):
    """When everything in a plan can happen."""

    model_config = ConfigDict(extra="allow")
    version: int
    title: str
    gates: bool
    gated: PathSummary | None
    ungated: PathSummary | None
    leveled: LeveledSummary
    phases: dict[str, str] = Field(description="Titles by id.")
    checkpoints: dict[str, str] = Field(description="Names by id.")
    rows: list[ScheduleRow]
    tiers: list[TierUse]
    effort_seconds: int
    default_effort_seconds: int
    assumed: list[str]


class Percentile(BaseModel):
    """The end that so many percent of the samples keep."""

    percent: float
    seconds: int
    cost: float
    date: str | None


class Forecast(BaseModel):
    """A forecast of what remains. Times are working seconds from now."""

    model_config = ConfigDict(extra="allow")
    version: int
    title: str
    samples: int
    seed: int
    tasks: int
    done: int
    guessed: int = Field(description="How many tasks' ranges are not the plan's but their tier's.")
    planned: dict[str, Any]
    mean_seconds: float
    deviation_seconds: float
    mean_cost: float
    confidence: float
    percentiles: list[Percentile]
    histogram: dict[str, Any]
    milestones: list[dict[str, Any]]
    matters: list[dict[str, Any]] = Field(description="The tasks that decide the end, the most decisive first.")


class Traceability(BaseModel):
    """A plan's traceability matrix."""

    model_config = ConfigDict(extra="allow")
    plan: str
    requirements_files: list[str]
    requirements: list[dict[str, Any]]
    unknown_references: list[dict[str, Any]]
    untraced_tasks: list[str]
    summary: dict[str, int]


class BaselineOf(BaseModel):
    """A plan's baseline, what differs from it today, and earned value until now."""

    model_config = ConfigDict(extra="allow")
    baseline: dict[str, Any]
    total: dict[str, Any]
    curve: list[dict[str, Any]]
    difference: dict[str, Any]
