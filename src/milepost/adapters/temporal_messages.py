"""What a run's workflow, its home and its workers tell each other; all of it becomes JSON on the way.

The *home* is the process that drives a run: it holds the ledger and decides. The *workflow* carries out what was
decided, and outlives the home. A *worker* sees single attempts through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from milepost.execution.commands import Block, Command, Complete, Fail, Lose, Overrun

WORKFLOW = "milepost-run"
TURN = "milepost-turn"
ATTEMPT = "milepost-attempt"
LOOK = "look"
"""Names under which the server knows the workflow, its activities and its signal."""

FOREVER = 10 * 365 * 24 * 3600.0
"""Seconds that stand for no limit, where the server asks for one."""

_VERDICTS: dict[str, type[Command]] = {kind.__name__: kind for kind in (Block, Complete, Fail, Lose, Overrun)}


@dataclass(frozen=True)
class Order:
    """An attempt that a worker is to see through.

    ``queue`` is the task queue of its tier, ``limit`` the seconds that each of its commands may take, ``plan`` the
    path of the plan below the project's folder. ``signature`` vouches for the commands (see
    :mod:`milepost.adapters.temporal_trust`).
    """

    queue: str
    run: str
    task: str
    title: str
    attempt_no: int
    tier: int
    command: str
    verify: list[str]
    limit: float | None
    plan: str
    brief: str
    worker: str
    signature: str = ""

    @property
    def name(self) -> str:
        """What tells the attempt from all others of the run."""
        return attempt_name(self.task, self.attempt_no)

    @property
    def patience(self) -> float:
        """Seconds after which the server stops waiting: its worker keeps the limits itself, and is gone if not."""
        return FOREVER if self.limit is None else self.limit * (1 + len(self.verify)) + 60.0


@dataclass(frozen=True)
class Turn:
    """What a workflow has to tell its home: verdicts on attempts that ended, and the names of those that it waits for.

    It is ``fresh`` when it knows nothing of what ran before it, and ``full`` when its history has become so long that
    it wants to begin anew, for which nothing may run.
    """

    verdicts: list[dict[str, Any]] = field(default_factory=list)
    running: list[str] = field(default_factory=list)
    fresh: bool = False
    full: bool = False


@dataclass(frozen=True)
class Orders:
    """What the home wants of the workflow: attempts to start, names of those to stop, whether all is ``over``.

    ``heartbeat`` is how many seconds a worker may be silent.
    """

    start: list[Order] = field(default_factory=list)
    stop: list[str] = field(default_factory=list)
    over: bool = False
    heartbeat: float = 10.0

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Orders:
        """Build what became JSON on the way, in a tenth of the time that the server's own library takes."""
        return cls(**{**data, "start": [Order(**order) for order in data["start"]]})


def attempt_name(task: str, attempt_no: int) -> str:
    """What tells an attempt from all others of its run."""
    return f"{task}#{attempt_no}"


def to_verdict(command: Command) -> dict[str, Any]:
    """A command of the run as plain JSON values; its moment is left out, for clocks of machines differ."""
    values = {item.name: getattr(command, item.name) for item in fields(command) if item.name != "at"}
    return {"kind": type(command).__name__, **values}


def from_verdict(verdict: Mapping[str, Any], at: float) -> Command:
    """The command that :func:`to_verdict` described, as if it had been given ``at`` a moment.

    Raises:
        ValueError: it is none that a worker may give.
    """
    values = dict(verdict)
    kind = _VERDICTS.get(values.pop("kind", ""))
    if kind is None:
        raise ValueError("no verdict of a worker")
    return kind(at, **values)
