"""A small run on the local engine, with real shells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.adapters.local_engine import Ended, LocalEngine
from milepost.app.runs import RunSession
from milepost.execution import events as ev
from milepost.execution.commands import Start
from milepost.execution.policy import CheckpointSpec, CriterionSpec, RunSpec, TaskSpec, TierPolicy, Wait
from milepost.execution.state import RunState

RUN = "plan#1"
TIERS = (TierPolicy(1, "Tier 1", 1, 1), TierPolicy(2, "Tier 2", 2, 1), TierPolicy(3, "Tier 3", 2, 2))
GATE = CheckpointSpec(
    "c1",
    "Checkpoint 1",
    after=("1",),
    criteria=(CriterionSpec("tests pass", "echo checked >> checks; test -e ok"), CriterionSpec("someone agrees")),
)
E = TypeVar("E", bound=ev.Event)


class Stage:
    """A project folder with a ledger and one run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ledger = SqliteLedger(root / ".milepost" / "ledger.db")

    def session(self) -> RunSession:
        return RunSession(SqliteLedger(self.ledger.path), RUN)

    def begin(self, *tasks: TaskSpec, tiers: tuple[TierPolicy, ...] = TIERS, **more: Any) -> None:
        self.session().execute(Start(0.0, RUN, RunSpec("plan", tasks, tiers=tiers, **more), "tester"))

    def engine(self, on_event: Callable[[ev.Event, RunState], None] | None = None, wait: bool = False) -> LocalEngine:
        engine = LocalEngine(self.session(), self.root, plan_path="plan.md", wait=wait, grace=0.2)
        if on_event is not None:
            engine.on_event = on_event
        return engine

    def run(self, on_event: Callable[[ev.Event, RunState], None] | None = None, wait: bool = False) -> Ended:
        return self.engine(on_event, wait).run()

    def events(self, kind: type[E]) -> list[E]:
        return [event for event in self.ledger.read(RUN) if isinstance(event, kind)]

    def kinds(self, task: str) -> list[str]:
        return [type(event).__name__ for event in self.ledger.read(RUN) if getattr(event, "task", "") == task]

    @property
    def state(self) -> RunState:
        return self.session().state

    def lines(self, name: str) -> list[str]:
        path = self.root / name
        return path.read_text().splitlines() if path.exists() else []


def task(name: str, command: str, *after: str, tier: int = 3, **more: object) -> TaskSpec:
    waits = tuple(Wait(other) for other in after)
    commands = dict.fromkeys((1, 2, 3), command)
    return TaskSpec(name, f"Task {name}", tier, waits=waits, commands=commands, **more)  # type: ignore[arg-type]
