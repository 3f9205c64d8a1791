"""What was read from lists and their items, kept for the next reading of a document that changed only a little.

The blocks of unchanged text are the same objects in both readings (see ``block_cache``), so what was read from such a
block before holds again; only its places move.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from milepost.plan.block_model import Block
from milepost.plan.model import Checkbox, CommandText, Effort, Field, Observation, Reference, Step, Task
from milepost.source import Edit, Span

_Value = TypeVar("_Value")


Read = tuple[tuple[Task, ...], tuple[Observation, ...]]
"""The tasks read from an item, and what was noticed on the way."""


class Remembered(NamedTuple):
    """What was read from a block, with the places it has when the block stands at ``start``."""

    start: int
    value: Any


class Memory:
    """Keeps with every block what was read from it."""

    def recall(
        self, block: Block, kind: Hashable, read: Callable[[], _Value], move: Callable[[_Value, int], _Value]
    ) -> _Value:
        """What a reader of some kind gives for a block: read now, or remembered and moved to where the block stands."""
        if block.readings is None:
            block.readings = {}
        found = block.readings.get(kind)
        start = block.span.start
        if found is None:
            found = block.readings[kind] = Remembered(start, read())
        elif found.start != start:
            found = block.readings[kind] = Remembered(start, move(found.value, start - found.start))
        value: _Value = found.value
        return value


def moved_read(read: Read, by: int) -> Read:
    """The same tasks and observations so many characters further on."""
    tasks, observations = read
    return tuple(moved_task(task, by) for task in tasks), tuple(_moved_observation(one, by) for one in observations)


def moved_task(task: Task, by: int) -> Task:
    """The same task so many characters further on."""
    # A plan moves thousands of tasks at every keystroke: dataclasses.replace takes four times as long.
    values = list(_values(task))
    for place in _SPANS:
        if values[place]:
            values[place] = _span(values[place], by)
    values[_PLACE["checkbox"]] = _box(task.checkbox, by)
    values[_PLACE["steps"]] = tuple([_step(step, by) for step in task.steps])
    values[_PLACE["fields"]] = _fields(task.fields, by)
    values[_PLACE["requirements"]] = tuple([Reference(r.text, r.kind, _span(r.span, by)) for r in task.requirements])
    values[_PLACE["verify"]] = tuple([_command(command, by) for command in task.verify])
    if task.effort:
        one = task.effort
        values[_PLACE["effort"]] = Effort(one.low, one.likely, one.high, one.text, _span(one.span, by))
    if task.run:
        values[_PLACE["run"]] = _command(task.run, by)
    if task.written:
        values[_PLACE["written"]] = replace(task.written, span=_span(task.written.span, by))
    return Task(*values)


_NAMES = tuple(one.name for one in fields(Task))
_PLACE = {name: place for place, name in enumerate(_NAMES)}
_SPANS = [_PLACE[name] for name in ("span", "head_span", "title_span", "id_span")]
_values = attrgetter(*_NAMES)


def _fields(given: tuple[Field, ...], by: int) -> tuple[Field, ...]:
    return tuple([Field(f.key, f.value, _span(f.span, by), _span(f.value_span, by)) for f in given])


def _span(span: Span, by: int) -> Span:
    start, end = span
    return Span(start + by, end + by)


def _box(box: Checkbox | None, by: int) -> Checkbox | None:
    return Checkbox(box.state, box.mark, _span(box.span, by)) if box else None


def _command(command: CommandText, by: int) -> CommandText:
    return CommandText(command.text, _span(command.span, by))


def _step(step: Step, by: int) -> Step:
    steps = tuple([_step(one, by) for one in step.steps]) if step.steps else ()
    return Step(step.text, _span(step.span, by), _box(step.checkbox, by), steps)


def _moved_observation(seen: Observation, by: int) -> Observation:
    edits = tuple(Edit(_span(edit.span, by), edit.replacement) for edit in seen.edits)
    related = tuple(_span(span, by) for span in seen.related)
    return replace(seen, span=_span(seen.span, by), edits=edits, related=related)
