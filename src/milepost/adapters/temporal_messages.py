"""What a run's workflow, its home and its workers tell each other; all of it becomes JSON on the way.

The *home* is the process that drives a run: it holds the ledger and decides. The *workflow* carries out what was
decided, and outlives the home. A *worker* sees single attempts through.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
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

FORM = 2
"""The form of orders that this version gives, and the newest that its workers understand.

It goes up when a worker that does not know an order's new fields would do something else than it was asked to; one that
only does less, such as not joining a trace, needs no new form. Form 2 has a tree.
"""

_VERDICTS: dict[str, type[Command]] = {kind.__name__: kind for kind in (Block, Complete, Fail, Lose, Overrun)}


@dataclass(frozen=True)
class Order:
    """An attempt that a worker is to see through.

    ``queue`` is the task queue of its tier, ``limit`` the seconds that each of its commands may take, ``plan`` the
    path of the plan below the project's folder. ``signature`` vouches for the commands (see
    :mod:`milepost.adapters.temporal_trust`). ``trace`` is the attempt's span as W3C trace context has it, empty when
    nobody asked for traces; ``form`` says how new a worker has to be. ``tree`` tells what the attempt's git worktree is
    made of (see :mod:`milepost.adapters.temporal_parcels`; empty for one that works in place), of which only ``files``
    may change.
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
    trace: str = ""
    form: int = 1
    tree: dict[str, Any] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What tells the attempt from all others of the run."""
        return attempt_name(self.task, self.attempt_no)

    @property
    def patience(self) -> float:
        """Seconds after which the server stops waiting: its worker keeps the limits itself, and is gone if not."""
        if self.limit is None or self.tree:  # what travels takes its time
            return FOREVER
        return self.limit * (1 + len(self.verify)) + 60.0


@dataclass(frozen=True)
class Turn:
    """What a workflow has to tell its home: verdicts on attempts that ended, and the names of those that it waits for.

    It is ``fresh`` when it knows nothing of what ran before it, and ``full`` when its history has become so long that
    it wants to begin anew, for which nothing may run. ``clock`` is the server's time, seconds since 1970.
    """

    verdicts: list[dict[str, Any]] = field(default_factory=list)
    running: list[str] = field(default_factory=list)
    fresh: bool = False
    full: bool = False
    clock: float = 0.0


@dataclass(frozen=True)
class Orders:
    """What the home wants of the workflow: attempts to start, names of those to stop, whether all is ``over``.

    ``heartbeat`` is how many seconds a worker may be silent. ``held`` are the names of attempts whose verdicts are to
    be told again.
    """

    start: list[Order] = field(default_factory=list)
    stop: list[str] = field(default_factory=list)
    over: bool = False
    heartbeat: float = 10.0
    held: list[str] = field(default_factory=list)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Orders:
        """Build what became JSON on the way, in a tenth of the time that the server's own library takes.

        What a home of a later version said besides is left out.
        """
        known = {**data, "start": [Order(**_known(_ORDER, order)) for order in data["start"]]}
        return cls(**_known(_ORDERS, known))


_ORDER = frozenset(item.name for item in fields(Order))
_ORDERS = frozenset(item.name for item in fields(Orders))


def _known(names: Collection[str], values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in names}


def attempt_name(task: str, attempt_no: int) -> str:
    """What tells an attempt from all others of its run."""
    return f"{task}#{attempt_no}"


def to_verdict(command: Command) -> dict[str, Any]:
    """A command of the run as plain JSON values; its moment is left out, for clocks of machines differ."""
    values = {item.name: getattr(command, item.name) for item in fields(command) if item.name != "at"}
    return {"kind": type(command).__name__, **values}


def from_verdict(verdict: Mapping[str, Any], at: float) -> Command:
    """The command that :func:`to_verdict` described, as if it had been given ``at`` a moment.

    What a worker of a later version said besides is left out.

    Raises:
        ValueError: it is none that a worker may give, or something of it is missing.
    """
    kind = _VERDICTS.get(verdict.get("kind", ""))
    if kind is None:
        raise ValueError("no verdict of a worker")
    try:
        return kind(at, **_known({item.name for item in fields(kind)}, verdict))
    except TypeError:
        raise ValueError("no verdict of a worker: something is missing") from None


def read_verdict(verdict: Mapping[str, Any], at: float) -> Command:
    """A verdict of whatever version of a worker; with one that is not understood its attempt is lost.

    Raises:
        ValueError: it does not even name an attempt.
    """
    try:
        return from_verdict(verdict, at)
    except ValueError:
        task, number, kind = verdict.get("task"), verdict.get("attempt_no"), verdict.get("kind")
        if not isinstance(task, str) or not isinstance(number, int):
            raise
        return Lose(at, task, number, f"its worker, of another version, says `{kind}`, which is not understood here")
