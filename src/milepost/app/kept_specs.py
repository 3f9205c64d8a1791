"""What a run obeys, kept so that it is built again in a fraction of the time that its payload takes.

The payload names every field of every task; here a task is a row of values, and what tasks wait for is told once.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace
from functools import cached_property
from typing import Any

from milepost.execution.columns import packed, unpacked
from milepost.execution.policy import RunSpec, TaskSpec, Wait
from milepost.source.lazy_dataclass import lazy_dataclass

_FIELDS = [field.name for field in fields(TaskSpec)]
_WAITS, _COMMANDS = _FIELDS.index("waits"), _FIELDS.index("commands")
_TUPLES = [_FIELDS.index(name) for name in ("gates", "verify", "files", "resources")]
_PLAIN = [getattr(TaskSpec("", "", 0), name) for name in _FIELDS]
"""What the values of most tasks are."""


@lazy_dataclass(frozen=True)
class KeptSpec:
    """A specification as ``text``, a line of ASCII, and what tells whether a payload is that of the same."""

    text: bytes
    payload_digest: str

    @classmethod
    def of(cls, spec: RunSpec) -> KeptSpec:
        """Describe a specification."""
        payload = spec.to_payload()
        text = _json(payload)
        waits: dict[Wait, int] = {}
        tasks = packed([_row(task, waits) for task in spec.tasks], _PLAIN)
        told = [list(wait) for wait in map(_values, waits)]
        kept = cls(_json([{**payload, "tasks": ()}, told, tasks]), digest_of(text))
        kept.__dict__["payload"] = text  # it is at hand
        return kept

    @cached_property
    def spec(self) -> RunSpec:
        """The specification; any exception says that it is none."""
        rest, told, tasks = json.loads(self.text)
        return replace(RunSpec.from_payload(rest), tasks=_tasks(tasks, [Wait(*wait) for wait in told]))

    @cached_property
    def payload(self) -> bytes:
        """What stands for it in a run's first event, a line of ASCII; made anew where it is not at hand."""
        return _json(self.spec.to_payload())

    @cached_property
    def digest(self) -> str:
        """What tells it from any other."""
        return digest_of(self.text, self.payload_digest.encode("ascii"))


def digest_of(*parts: bytes | memoryview) -> str:
    """What tells parts, taken together, from any others."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    return found.hexdigest()


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _values(thing: object) -> list[Any]:
    return [getattr(thing, field.name) for field in fields(thing)]  # type: ignore[arg-type]


def _row(task: TaskSpec, waits: dict[Wait, int]) -> list[Any]:
    row = _values(task)
    row[_WAITS] = tuple([waits.setdefault(wait, len(waits)) for wait in task.waits])
    return row


def _tasks(told: list[Any], waits: list[Wait]) -> tuple[TaskSpec, ...]:
    count, columns = told
    for index, column in enumerate(columns):
        if column is not None and index in _TUPLES:
            columns[index] = [tuple(value) for value in column]
        elif column is not None and index == _WAITS:
            columns[index] = [tuple([waits[number] for number in numbers]) for numbers in column]
        elif column is not None and index == _COMMANDS:
            columns[index] = [{int(rank): command for rank, command in commands.items()} for commands in column]
    return tuple(map(TaskSpec, *unpacked((count, columns), _PLAIN)))
