"""Small runs for the tests of the state machine."""

from collections.abc import Iterable

from milepost.execution.commands import Command, Start
from milepost.execution.decisions import decide
from milepost.execution.events import Event
from milepost.execution.evolution import fold
from milepost.execution.policy import CheckpointSpec, CriterionSpec, RunSpec, TaskSpec, TierPolicy, Wait
from milepost.execution.state import RunState

TIERS = (
    TierPolicy(1, "Tier 1", 1, attempts=1, cost_per_hour=100.0),
    TierPolicy(2, "Tier 2", 2, attempts=2, cost_per_hour=36.0),
    TierPolicy(3, "Tier 3", 4, attempts=2, cost_per_hour=7.2),
)


def task(name: str, *after: str, tier: int = 3, effort: int | None = 10, gates: Iterable[str] = ()) -> TaskSpec:
    """A task that every tier's worker could run."""
    commands = {1: "true", 2: "true", 3: "true"}
    waits = tuple(Wait(other) for other in after)
    return TaskSpec(name, f"Task {name}", tier, effort, 0, waits, tuple(gates), commands)


def gate(
    name: str, *after: str, gates: Iterable[str] = (), criteria: Iterable[str] = ("looks good",)
) -> CheckpointSpec:
    """A checkpoint whose criteria are signed off by somebody, but for those that start with `$`: a command."""
    specs = tuple(CriterionSpec(text, text[1:].strip() if text.startswith("$") else "") for text in criteria)
    return CheckpointSpec(name, f"Checkpoint {name}", after, tuple(gates), specs)


def spec(*tasks: TaskSpec, gates: Iterable[CheckpointSpec] = (), tiers: tuple[TierPolicy, ...] = TIERS) -> RunSpec:
    """A run of these tasks."""
    return RunSpec("plan.md", tasks, tuple(gates), tiers, factor=2.0)


class Story:
    """A run told command by command."""

    def __init__(self, run_spec: RunSpec) -> None:
        self.state = RunState()
        self.events: list[Event] = []
        self.tell(Start(0.0, "plan.md#1", run_spec, "me"))

    def tell(self, *commands: Command) -> list[Event]:
        """Carry out commands and give what they led to."""
        told: list[Event] = []
        for command in commands:
            events = decide(self.state, command)
            fold(events, self.state)
            told += events
        self.events += told
        return told
