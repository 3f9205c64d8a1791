"""What a plan says, each part with the span it was read from.

All times are integer working **seconds**: estimates may be as short as ``5s``, and one unit serves plan, schedule
and run. Everything here is immutable and says only what the document says; what follows from it (network, dates,
truth of claims) is computed elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from functools import cached_property

from milepost.plan.task_model import Checkbox as Checkbox
from milepost.plan.task_model import CommandText as CommandText
from milepost.plan.task_model import Effort as Effort
from milepost.plan.task_model import Field as Field
from milepost.plan.task_model import Reference as Reference
from milepost.plan.task_model import ReferenceKind as ReferenceKind
from milepost.plan.task_model import Step as Step
from milepost.plan.task_model import Task as Task
from milepost.plan.task_model import TaskState as TaskState
from milepost.plan.task_model import WrittenState as WrittenState
from milepost.source import Edit, SourceText, Span
from milepost.source.lazy_dataclass import lazy_dataclass


@lazy_dataclass(frozen=True, slots=True)
class Phase:
    """A group of tasks under one heading. ``id`` is its number as written (``"2"``), or its ordinal."""

    id: str
    title: str
    span: Span
    heading_span: Span
    tasks: tuple[str, ...] = ()


class AnchorKind(StrEnum):
    """What a checkpoint comes after."""

    PHASE = "phase"
    TASK = "task"
    COMPLETION = "completion"
    NONE = "none"


@lazy_dataclass(frozen=True, slots=True)
class Anchor:
    """Where a checkpoint stands: after phases or tasks (their ids), before completion, or nowhere."""

    kind: AnchorKind
    ids: tuple[str, ...] = ()
    text: str = ""


@lazy_dataclass(frozen=True, slots=True)
class Criterion:
    """An exit condition of a checkpoint: automatic when it states a command, else a person signs it off."""

    text: str
    span: Span
    checkbox: Checkbox | None = None
    command: CommandText | None = None


@lazy_dataclass(frozen=True, slots=True)
class Checkpoint:
    """A quality gate, a zero-duration milestone. ``name`` is how people call it (``Checkpoint 1``)."""

    id: str
    name: str
    title: str
    anchor: Anchor
    span: Span
    heading_span: Span
    criteria: tuple[Criterion, ...] = ()


class DependencyKind(StrEnum):
    """Which ends of two tasks a dependency ties together."""

    FINISH_TO_START = "FS"
    START_TO_START = "SS"
    FINISH_TO_FINISH = "FF"
    START_TO_FINISH = "SF"


class DependencyOrigin(StrEnum):
    """How a dependency was stated."""

    GRAPH = "graph"
    FIELD = "field"
    ORDER = "order"
    CHECKPOINT = "checkpoint"


@lazy_dataclass(frozen=True, slots=True)
class DependencySource:
    """One place that states a dependency."""

    origin: DependencyOrigin
    span: Span


@lazy_dataclass(frozen=True, slots=True)
class Dependency:
    """``successor`` waits for ``predecessor``; ``lag`` in working seconds, negative for a lead."""

    predecessor: str
    successor: str
    kind: DependencyKind = DependencyKind.FINISH_TO_START
    lag: int = 0
    sources: tuple[DependencySource, ...] = ()


@lazy_dataclass(frozen=True, slots=True)
class Cell:
    """A table cell's trimmed text and the span of exactly that text (empty span in an empty cell)."""

    text: str
    span: Span


@lazy_dataclass(frozen=True, slots=True)
class Assignment:
    """A row of the assignment table: which tasks go to which tier. ``tier`` is the rank it names, if any."""

    tasks: tuple[str, ...]
    reference: Cell
    assignee: Cell
    tier: int | None
    status: Cell | None
    notes: Cell | None
    span: Span


class ClaimKind(StrEnum):
    """Sentences of a plan that are checked against the tasks."""

    TOTAL_TASKS = "total tasks"
    ESTIMATED_TIME = "estimated time"
    STATUS = "status"
    CRITICAL_PATH = "critical path"
    PARALLELIZABLE = "parallelizable"
    LAST_UPDATED = "last updated"
    PROGRESS = "progress"


@lazy_dataclass(frozen=True, slots=True)
class Claim:
    """A claim: its value as written and, for those that name tasks, the ids in their order."""

    kind: ClaimKind
    text: str
    span: Span
    value_span: Span
    tasks: tuple[str, ...] = ()


@lazy_dataclass(frozen=True, slots=True)
class Note:
    """A bullet of the plan's notes: ``label`` is the bold word before the colon, empty when there is none."""

    label: str
    text: str
    span: Span


@lazy_dataclass(frozen=True, slots=True)
class EscalationRule:
    """The plan's own rule: escalate an attempt that takes more than ``factor`` × its estimate."""

    factor: float
    span: Span


class ObservationKind(StrEnum):
    """What the reader noticed and could not simply take; lint rules turn each into a diagnostic."""

    UNREADABLE_DURATION = "unreadable duration"
    UNREADABLE_CHECKBOX = "unreadable checkbox"
    UNREADABLE_VALUE = "unreadable value"
    UNREADABLE_DATE = "unreadable date"
    AMBIGUOUS_ARROW = "ambiguous arrow"
    DUPLICATE_ID = "duplicate id"
    UNKNOWN_TASK = "unknown task"
    PLACEHOLDER = "placeholder"


@lazy_dataclass(frozen=True, slots=True)
class Observation:
    """Something the reader noticed: the text it concerns, a detail in words, and edits that would settle it."""

    kind: ObservationKind
    span: Span
    text: str
    detail: str = ""
    edits: tuple[Edit, ...] = ()
    related: tuple[Span, ...] = ()


@lazy_dataclass(frozen=True)
class Plan:
    """A whole plan as its document states it. ``dependencies`` are the stated ones, duplicates merged.

    ``criteria`` are boxes that stand for conditions of the whole plan (acceptance criteria, a definition of done):
    neither tasks nor, having no place in the network, checkpoints.
    """

    source: SourceText
    dialect: str
    title: str = ""
    title_span: Span | None = None
    purpose: str = ""
    phases: tuple[Phase, ...] = ()
    tasks: tuple[Task, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    claims: tuple[Claim, ...] = ()
    notes: tuple[Note, ...] = ()
    escalation: EscalationRule | None = None
    observations: tuple[Observation, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    criteria: tuple[Criterion, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, Task]:
        """Tasks by id; of two tasks with one id the first."""
        found: dict[str, Task] = {}
        for task in self.tasks:
            found.setdefault(task.id, task)
        return found

    @cached_property
    def parents(self) -> frozenset[str]:
        """Ids of tasks that other tasks are part of."""
        return frozenset(task.parent for task in self.tasks if task.parent)

    @cached_property
    def leaves(self) -> tuple[Task, ...]:
        """Tasks that no task is part of and that are not struck out, in document order."""
        return tuple(task for task in self.tasks if task.id not in self.parents and not task.struck)

    @cached_property
    def required(self) -> tuple[Task, ...]:
        """Required leaf tasks: what progress and totals count."""
        return tuple(task for task in self.leaves if not task.optional)

    @cached_property
    def effort(self) -> int:
        """Sum of the likely efforts of the required leaf tasks, in working seconds."""
        return sum(task.effort.likely for task in self.required if task.effort)

    @cached_property
    def tiers(self) -> dict[str, int]:
        """The tier rank each task is assigned to: its own ``_Tier:_``, else the first table row naming it."""
        ranks = {task.id: task.tier for task in self.tasks if task.tier is not None}
        for row in self.assignments:
            if row.tier is not None:
                for task_id in row.tasks:
                    ranks.setdefault(task_id, row.tier)
        return ranks

    def claim(self, kind: ClaimKind) -> Claim | None:
        """The first claim of a kind."""
        return next((claim for claim in self.claims if claim.kind is kind), None)
