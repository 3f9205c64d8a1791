"""What a run obeys, kept so that it is built again in a fraction of the time that its payload takes.

The payload names every field of every task; here a task is a row of values, and what tasks wait for is told once.
"""

from __future__ import annotations

import json
from dataclasses import fields, replace
from functools import cached_property
from typing import Any

from milepost.app.kept_values import digest_of, from_bytes, to_bytes
from milepost.execution.columns import packed, unpacked
from milepost.execution.policy import RunSpec, TaskSpec, Wait

_FIELDS = [field.name for field in fields(TaskSpec)]
_WAITS = _FIELDS.index("waits")
_PLAIN = [getattr(TaskSpec("", "", 0), name) for name in _FIELDS]
"""What the values of most tasks are."""


class KeptSpec:
    """A specification as ``rows``, bytes, and what tells it, by its payload, from any other."""

    def __init__(self, rows: bytes | memoryview, digest: str) -> None:
        self.rows = rows
        self.digest = digest

    def __eq__(self, other: object) -> bool:
        """Whether it is the same specification: its rows can be written in more than one way."""
        return self.digest == other.digest if isinstance(other, KeptSpec) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)

    @classmethod
    def of(cls, spec: RunSpec) -> KeptSpec:
        """Describe a specification."""
        payload = spec.to_payload()
        text = _json(payload)
        waits: dict[Wait, int] = {}
        tasks = packed([_row(task, waits) for task in spec.tasks], _PLAIN)
        told = [list(wait) for wait in map(_values, waits)]
        kept = cls(to_bytes(({**payload, "tasks": ()}, told, tasks)), digest_of(text))
        kept.__dict__["payload"] = text  # it is at hand
        return kept

    @cached_property
    def spec(self) -> RunSpec:
        """The specification; any exception says that it is none."""
        rest, told, tasks = from_bytes(self.rows)
        return replace(RunSpec.from_payload(rest), tasks=_tasks(tasks, [Wait(*wait) for wait in told]))

    @cached_property
    def payload(self) -> bytes:
        """What stands for it in a run's first event, a line of ASCII; made anew where it is not at hand."""
        return _json(self.spec.to_payload())


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _values(thing: object) -> list[Any]:
    return [getattr(thing, field.name) for field in fields(thing)]  # type: ignore[arg-type]


def _row(task: TaskSpec, waits: dict[Wait, int]) -> list[Any]:
    row = _values(task)
    row[_WAITS] = tuple([waits.setdefault(wait, len(waits)) for wait in task.waits])
    return row


def _tasks(told: list[Any], waits: list[Wait]) -> tuple[TaskSpec, ...]:
    columns = unpacked(told, _PLAIN)
    columns[_WAITS] = [tuple([waits[number] for number in numbers]) for numbers in columns[_WAITS]]
    return tuple(map(TaskSpec, *columns))
