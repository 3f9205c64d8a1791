"""What a run is to do, as data: tasks, tiers, gates and the rules of escalation.

Times are seconds. A specification is recorded in the run's first event, so it holds no live object and turns into
JSON and back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, field, fields
from typing import Any, Literal

from milepost.source.lazy_dataclass import lazy_dataclass


@lazy_dataclass(frozen=True, slots=True)
class Wait:
    """A task waits until another one has finished (or started), and ``lag`` seconds more."""

    task: str
    on: Literal["finish", "start"] = "finish"
    lag: int = 0


@lazy_dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent: money, working hours of attempts, tokens; ``None`` is no limit.

    At ``soft`` × a limit comes a warning; at the limit nothing more is started until somebody extends it. With
    ``escalate`` the tasks of a tier that has spent its own go to the next stronger one instead.
    """

    money: float | None = None
    hours: float | None = None
    tokens: float | None = None
    soft: float = 0.8
    escalate: bool = False


@lazy_dataclass(frozen=True, slots=True)
class TierPolicy:
    """A tier as the run sees it: ``attempts`` is how many tries a task gets here before it escalates.

    A try after the first waits ``backoff`` seconds, twice as long each time, an hour at most.
    """

    rank: int
    name: str
    capacity: int
    attempts: int = 2
    speed: float = 1.0
    cost_per_hour: float = 0.0
    backoff: float = 0.0
    budget: Budget | None = None


@lazy_dataclass(frozen=True, slots=True)
class TaskSpec:
    """One task: ``tier`` is the rank it starts on, ``effort`` its estimate in seconds, ``order`` its place in the
    queue (lower starts first), ``gates`` the checkpoints that must have passed before it starts.

    ``commands`` says for a tier's rank what its worker runs; on a tier without one somebody has to claim the task.
    ``verify`` are the commands that must succeed before the task counts as done. Tasks whose ``files`` (paths, or
    folders with all in them) overlap, or that share one of ``resources``, never run together. A ``human`` task is
    for people alone. ``digest`` changes when the task's text does. It starts no sooner than ``not_before`` (seconds
    since 1970).
    """

    id: str
    title: str
    tier: int
    effort: int | None = None
    order: int = 0
    waits: tuple[Wait, ...] = ()
    gates: tuple[str, ...] = ()
    commands: Mapping[int, str] = field(default_factory=dict)
    verify: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    human: bool = False
    digest: str = ""
    not_before: float | None = None


@lazy_dataclass(frozen=True, slots=True)
class CriterionSpec:
    """An exit condition: automatic when it has a command, else somebody signs it off."""

    text: str
    command: str = ""


@lazy_dataclass(frozen=True, slots=True)
class CheckpointSpec:
    """A gate: due once the tasks in ``after`` are done and the checkpoints in ``gates`` passed, passed once all its
    criteria are.
    """

    id: str
    name: str
    after: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    criteria: tuple[CriterionSpec, ...] = ()


@lazy_dataclass(frozen=True, slots=True)
class RunSpec:
    """Everything a run obeys. ``factor`` × estimate is when an attempt overruns.

    With ``help_weaker`` an idle stronger tier takes tasks of weaker ones.
    """

    plan: str
    tasks: tuple[TaskSpec, ...]
    checkpoints: tuple[CheckpointSpec, ...] = ()
    tiers: tuple[TierPolicy, ...] = ()
    factor: float = 2.0
    budget: Budget | None = None
    help_weaker: bool = False

    def to_payload(self) -> dict[str, Any]:
        """Give the specification as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_payload(cls, data: Mapping[str, Any]) -> RunSpec:
        """Build the specification that :meth:`to_payload` described."""
        if isinstance(data, SpecPayload):
            return data.spec
        return cls(
            plan=data["plan"],
            tasks=tuple(_task(task) for task in data["tasks"]),
            checkpoints=tuple(_checkpoint(checkpoint) for checkpoint in data["checkpoints"]),
            tiers=tuple(_tier(tier) for tier in data["tiers"]),
            factor=data["factor"],
            budget=_budget(data.get("budget")),
            help_weaker=data.get("help_weaker", False),
        )


_TASK_FIELDS = frozenset(item.name for item in fields(TaskSpec))


class SpecPayload(Mapping[str, Any]):
    """The payload of a specification that is built already: it is put into JSON values only when somebody looks."""

    __slots__ = ("spec",)

    def __init__(self, spec: RunSpec) -> None:
        """Stand for a specification."""
        self.spec = spec

    def __getitem__(self, name: str) -> Any:
        return self.spec.to_payload()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.spec.to_payload())

    def __len__(self) -> int:
        return len(self.spec.to_payload())


def _budget(data: Mapping[str, Any] | None) -> Budget | None:
    return Budget(**data) if data else None


def _tier(data: Mapping[str, Any]) -> TierPolicy:
    return TierPolicy(**{**data, "budget": _budget(data.get("budget"))})


def _task(data: Mapping[str, Any]) -> TaskSpec:
    if not data.keys() <= _TASK_FIELDS:
        raise TypeError(f"a task has no {', '.join(sorted(data.keys() - _TASK_FIELDS))}")
    get = data.get
    return TaskSpec(  # by position, as a plan may have tens of thousands
        data["id"],
        data["title"],
        data["tier"],
        get("effort"),
        get("order", 0),
        tuple([Wait(**wait) for wait in data["waits"]]),
        tuple(get("gates", ())),
        {int(rank): command for rank, command in data["commands"].items()},
        tuple(get("verify", ())),
        tuple(get("files", ())),
        tuple(get("resources", ())),
        get("human", False),
        get("digest", ""),
        get("not_before"),
    )


def _checkpoint(data: Mapping[str, Any]) -> CheckpointSpec:
    criteria = tuple(CriterionSpec(**criterion) for criterion in data["criteria"])
    return CheckpointSpec(data["id"], data["name"], tuple(data["after"]), tuple(data["gates"]), criteria)
