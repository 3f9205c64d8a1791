"""What a run obeys, kept so that it is built again in a fraction of the time that its payload takes.

The payload names every field of every task; here a task is a row of values, and what tasks wait for is told once.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from milepost.execution.policy import RunSpec, TaskSpec, Wait

_SEPARATORS = (",", ":")


@dataclass(frozen=True)
class KeptSpec:
    """A specification twice: as ``rows``, and as the ``payload`` of a run's first event; lines of ASCII."""

    rows: bytes
    payload: bytes

    @classmethod
    def of(cls, spec: RunSpec) -> KeptSpec:
        """Describe a specification."""
        payload = spec.to_payload()
        text = json.dumps(payload, separators=_SEPARATORS).encode("ascii")
        waits: dict[Wait, int] = {}
        tasks = [_row(task, waits) for task in spec.tasks]
        told = [list(wait) for wait in map(_values, waits)]
        rows = json.dumps([{**payload, "tasks": ()}, told, tasks], separators=_SEPARATORS).encode("ascii")
        return cls(rows, text)

    @cached_property
    def spec(self) -> RunSpec:
        """The specification; any exception says that it is none."""
        rest, told, rows = json.loads(self.rows)
        waits = [Wait(*wait) for wait in told]
        bare = RunSpec.from_payload(rest)
        return RunSpec(
            bare.plan,
            tuple([_task(row, waits) for row in rows]),
            bare.checkpoints,
            bare.tiers,
            bare.factor,
            bare.budget,
            bare.help_weaker,
        )

    @cached_property
    def digest(self) -> str:
        """What tells it from any other."""
        return hashlib.sha256(self.rows + b"\n" + self.payload).hexdigest()


def _values(thing: object) -> list[Any]:
    return [getattr(thing, field.name) for field in fields(thing)]  # type: ignore[arg-type]


def _row(task: TaskSpec, waits: dict[Wait, int]) -> list[Any]:
    row = _values(task)
    row[5] = [waits.setdefault(wait, len(waits)) for wait in task.waits]
    return row


def _task(row: list[Any], waits: list[Wait]) -> TaskSpec:
    name, title, tier, effort, order, numbers, gates, commands, verify, files, resources, human, digest, start = row
    return TaskSpec(
        name,
        title,
        tier,
        effort,
        order,
        tuple([waits[number] for number in numbers]),
        tuple(gates),
        {int(rank): command for rank, command in commands.items()} if commands else {},
        tuple(verify),
        tuple(files),
        tuple(resources),
        human,
        digest,
        start,
    )
