"""What a plan says of its tasks, each part with the span it was read from; see :mod:`milepost.plan.model`."""

from __future__ import annotations

from enum import StrEnum

from milepost.source import Span
from milepost.source.lazy_dataclass import lazy_dataclass


class TaskState(StrEnum):
    """What a checkbox says about its task."""

    NOT_STARTED = "not started"
    IN_PROGRESS = "in progress"
    DONE = "done"
    BLOCKED = "blocked"
    DEFERRED = "deferred"
    UNKNOWN = "unknown"


@lazy_dataclass(frozen=True, slots=True)
class Checkbox:
    """A checkbox; ``span`` covers the one mark between the brackets."""

    state: TaskState
    mark: str
    span: Span


@lazy_dataclass(frozen=True, slots=True)
class WrittenState:
    """A state in words where a task has no checkbox: a status field, a table cell, a mark behind a heading.

    ``words`` are the only words its format has for states; empty means that any wording will do.
    """

    state: TaskState
    text: str
    span: Span
    words: tuple[tuple[TaskState, str], ...] = ()


@lazy_dataclass(frozen=True, slots=True)
class Effort:
    """Working time a task demands at its tier, in seconds: ``low <= likely <= high``."""

    low: int
    likely: int
    high: int
    text: str
    span: Span


class ReferenceKind(StrEnum):
    """What a requirement reference points at."""

    REQUIREMENT = "requirement"
    WILDCARD = "wildcard"
    STORY = "story"
    STANDARD = "standard"
    PLACEHOLDER = "placeholder"


@lazy_dataclass(frozen=True, slots=True)
class Reference:
    """One requirement reference of a task."""

    text: str
    kind: ReferenceKind
    span: Span


@lazy_dataclass(frozen=True, slots=True)
class CommandText:
    """A shell command the document states."""

    text: str
    span: Span


@lazy_dataclass(frozen=True, slots=True)
class Field:
    """An italic ``_Key: value_`` line; ``span`` includes the underscores, ``value_span`` is the value alone."""

    key: str
    value: str
    span: Span
    value_span: Span


@lazy_dataclass(frozen=True, slots=True)
class Step:
    """A nested bullet of a task: part of the worker's brief, never a task of its own."""

    text: str
    span: Span
    checkbox: Checkbox | None = None
    steps: tuple[Step, ...] = ()


@lazy_dataclass(frozen=True, slots=True)
class Task:
    """The unit of scheduling and execution. ``span`` covers its whole block, ``head_span`` its first line.

    ``fields`` holds every ``_Key: value_`` in document order; the attributes below it are the understood ones.
    ``tier`` is the rank a ``_Tier:_`` field states (the assignment table is in :attr:`Plan.assignments`).
    """

    id: str
    title: str
    span: Span
    head_span: Span
    title_span: Span
    id_span: Span | None = None
    checkbox: Checkbox | None = None
    phase: str | None = None
    parent: str | None = None
    optional: bool = False
    human: bool = False
    parallel: bool = False
    struck: bool = False
    steps: tuple[Step, ...] = ()
    fields: tuple[Field, ...] = ()
    effort: Effort | None = None
    requirements: tuple[Reference, ...] = ()
    run: CommandText | None = None
    verify: tuple[CommandText, ...] = ()
    tier: int | None = None
    complexity: int | None = None
    ambiguity: int | None = None
    risk: int | None = None
    files: tuple[str, ...] = ()
    priority: str | None = None
    not_before: str | None = None
    due: str | None = None
    deadline: str | None = None
    owner: str | None = None
    written: WrittenState | None = None

    @property
    def state(self) -> TaskState:
        """What the task's checkbox says, or else its status in words, or else the boxes of its steps."""
        if self.checkbox:
            return self.checkbox.state
        return self.written.state if self.written else _of_steps(self.steps)


def _of_steps(steps: tuple[Step, ...]) -> TaskState:
    """The state that the boxes of steps amount to; steps without a box say nothing."""
    states = {step.checkbox.state for step in steps if step.checkbox}
    if not states:
        return TaskState.NOT_STARTED
    if states <= {TaskState.DONE, TaskState.DEFERRED}:
        return TaskState.DONE if TaskState.DONE in states else TaskState.DEFERRED
    return TaskState.IN_PROGRESS if states & {TaskState.DONE, TaskState.IN_PROGRESS} else TaskState.NOT_STARTED
