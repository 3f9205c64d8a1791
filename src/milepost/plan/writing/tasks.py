"""A task's lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from milepost.plan.dialects.boxes import MARK_OF
from milepost.plan.grammar.durations import format_duration, parse_duration
from milepost.plan.grammar.fields import KEYS
from milepost.plan.model import Checkbox, Dependency, DependencyKind, Effort, ReferenceKind, Step, Task, TaskState
from milepost.plan.writing.styles import Style

_INDENT = "  "


def box(state: TaskState, checkbox: Checkbox | None = None) -> str:
    """A checkbox; a mark without meaning stays as it was written."""
    unread = checkbox.mark if checkbox and state is TaskState.UNKNOWN else " "
    return f"[{MARK_OF.get(state, unread)}]"


def head(task: Task, name: str, style: Style, *, top: bool) -> str:
    """A task's first line, without its bullet."""
    star = "*" if task.optional and style.starred else ""
    title = f"~~{task.title}~~" if task.struck and task.title else task.title
    if style.marked:
        title = " ".join([*_marks(task), title])
    written = (style.top_head if top else style.head).format(id=name, title=title)
    return f"{box(task.state, task.checkbox)}{star} {written}".rstrip()


def body(task: Task, waits: Sequence[Dependency], style: Style, names: Mapping[str, str]) -> Iterator[str]:
    """The lines of a task's steps and fields, from column 0."""
    for step in task.steps:
        yield from step_lines(step)
    for key, value in fields(task, waits, style, names):
        yield f"- _{key}: {value}_" if value else f"- _{key}_"


def step_lines(step: Step, depth: int = 0) -> Iterator[str]:
    """A step and the steps in it."""
    mark = f"{box(step.checkbox.state, step.checkbox)} " if step.checkbox else ""
    yield f"{_INDENT * depth}- {mark}{step.text}"
    for inner in step.steps:
        yield from step_lines(inner, depth + 1)


def fields(
    task: Task, waits: Sequence[Dependency], style: Style, names: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """The keys and values of a task's italic lines, in a fixed order; a mark has no value."""
    named = [one.text for one in task.requirements if not (style.marked and one.kind is ReferenceKind.STORY)]
    if named:
        yield "Requirements", ", ".join(named)
    if task.effort:
        yield "Estimated", _effort(task.effort)
    if waits and style.named:
        yield "Depends", ", ".join(_wait(one, names) for one in waits)
    if task.run:
        yield "Run", task.run.text
    yield from (("Verify", command.text) for command in task.verify)
    if task.tier is not None:
        yield "Tier", str(task.tier)
    if task.files:
        yield "Files", ", ".join(task.files)
    for key in ("complexity", "ambiguity", "risk", "priority", "not_before", "due", "deadline", "owner"):
        if (value := getattr(task, key)) is not None:
            yield key.replace("_", " ").capitalize(), str(value)
    if task.optional and not style.starred:
        yield "Optional", ""
    if task.parallel and not style.marked:
        yield "Parallel", ""
    if task.human and task.owner is None:
        yield "Human", ""
    yield from unread_fields(task)


def unread_fields(task: Task) -> Iterator[tuple[str, str]]:
    """Fields no attribute of the task holds: keys without meaning, values that could not be read."""
    for one in task.fields:
        name = KEYS.get(one.key.casefold())
        if name is None or _unread(task, name):
            yield one.key, one.value


def _unread(task: Task, name: str) -> bool:
    attribute = {"estimated": "effort", "depends": "id"}.get(name, name.replace(" ", "_"))
    return getattr(task, attribute) in (None, (), False)


def _marks(task: Task) -> Iterator[str]:
    if task.parallel:
        yield "[P]"
    yield from (f"[{one.text}]" for one in task.requirements if one.kind is ReferenceKind.STORY)


def _effort(effort: Effort) -> str:
    if parse_duration(effort.text) == (effort.low, effort.likely, effort.high):
        return effort.text
    if effort.low == effort.high:
        return format_duration(effort.likely)
    return f"{format_duration(effort.likely)} ({format_duration(effort.low)}-{format_duration(effort.high)})"


def _wait(dependency: Dependency, names: Mapping[str, str]) -> str:
    name = names[dependency.predecessor]
    if dependency.kind is DependencyKind.FINISH_TO_START and not dependency.lag:
        return name
    sign = "-" if dependency.lag < 0 else "+"
    lag = f"{sign}{format_duration(abs(dependency.lag))}" if dependency.lag else ""
    return f"{name} ({dependency.kind.value}{lag})"
