"""What was read from list items, kept for the next reading of a document that changed only a little.

The blocks of unchanged sections are the same objects in both readings (see ``block_cache``), so what was read from
such an item before holds again; only its places move.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from milepost.plan.block_model import Block
from milepost.plan.dialects.heads import Head
from milepost.plan.model import Checkbox, CommandText, Effort, Field, Observation, Reference, Step, Task, WrittenState
from milepost.source import Edit, Span

_Value = TypeVar("_Value")
_Part = TypeVar("_Part", Checkbox, CommandText, Effort, Reference, WrittenState)


Read = tuple[tuple[Task, ...], tuple[Observation, ...]]
"""The tasks read from an item, and what was noticed on the way."""


class Remembered(NamedTuple):
    """What was read from an item, with the places it has when the item stands at ``start``."""

    item: Block
    start: int
    value: Any


@dataclass
class Memory:
    """What was read in the reading before this one, and in this one."""

    _before: dict[Hashable, Remembered] = field(default_factory=dict)
    _now: dict[Hashable, Remembered] = field(default_factory=dict)

    def turn(self) -> None:
        """Begin another reading; what the last one did not use is forgotten."""
        self._before, self._now = self._now, {}

    def recall(
        self, item: Block, kind: Hashable, read: Callable[[], _Value], move: Callable[[_Value, int], _Value]
    ) -> _Value:
        """What a reader of some kind gives for an item: read now, or remembered and moved to where the item stands."""
        key = (id(item), kind)
        found = self._now.get(key) or self._before.get(key)
        start = item.span.start
        if found is None or found.item is not item:
            found = Remembered(item, start, read())
        elif found.start != start:
            found = Remembered(item, start, move(found.value, start - found.start))
        self._now[key] = found
        value: _Value = found.value
        return value


def moved_read(read: Read, by: int) -> Read:
    """The same tasks and observations so many characters further on."""
    tasks, observations = read
    return tuple(moved_task(task, by) for task in tasks), tuple(_moved_observation(one, by) for one in observations)


def moved_heads(heads: tuple[Head | None, ...], by: int) -> tuple[Head | None, ...]:
    """The same heads so many characters further on."""
    return tuple(head and _head(head, by) for head in heads)


def _head(head: Head, by: int) -> Head:
    id_span = _span(head.id_span, by) if head.id_span else None
    return head._replace(id_span=id_span, title_span=_span(head.title_span, by), fields=_fields(head.fields, by))


def moved_task(task: Task, by: int) -> Task:
    """The same task so many characters further on."""
    # A plan moves thousands of tasks at every keystroke: dataclasses.replace takes four times as long.
    values = dict(zip(_NAMES, _values(task), strict=True))
    values |= {name: _span(values[name], by) for name in _SPANS}
    values |= {name: _part(values[name], by) for name in _PARTS if values[name]}
    values["steps"] = tuple([_step(step, by) for step in task.steps])
    values["fields"] = _fields(task.fields, by)
    values["requirements"] = tuple([Reference(one.text, one.kind, _span(one.span, by)) for one in task.requirements])
    values["verify"] = tuple([CommandText(one.text, _span(one.span, by)) for one in task.verify])
    if task.id_span:
        values["id_span"] = _span(task.id_span, by)
    return Task(**values)


_NAMES = tuple(one.name for one in fields(Task))
_values = attrgetter(*_NAMES)
_SPANS = ("span", "head_span", "title_span")
_PARTS = ("checkbox", "effort", "run", "written")


def _fields(given: tuple[Field, ...], by: int) -> tuple[Field, ...]:
    return tuple([Field(f.key, f.value, _span(f.span, by), _span(f.value_span, by)) for f in given])


def _span(span: Span, by: int) -> Span:
    return Span(span.start + by, span.end + by)


def _part(part: _Part | None, by: int) -> _Part | None:
    if isinstance(part, Checkbox):
        return Checkbox(part.state, part.mark, _span(part.span, by))
    return replace(part, span=_span(part.span, by)) if part else None


def _step(step: Step, by: int) -> Step:
    steps = tuple([_step(one, by) for one in step.steps])
    return Step(step.text, _span(step.span, by), _part(step.checkbox, by), steps)


def _moved_observation(seen: Observation, by: int) -> Observation:
    edits = tuple(Edit(_span(edit.span, by), edit.replacement) for edit in seen.edits)
    related = tuple(_span(span, by) for span in seen.related)
    return replace(seen, span=_span(seen.span, by), edits=edits, related=related)
