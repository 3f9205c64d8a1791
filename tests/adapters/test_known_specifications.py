"""A ledger that is told of a specification does not parse it again, and means the same."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.errors import LedgerUnavailable
from milepost.execution.events import (
    AttemptFailed,
    AttemptStarted,
    Event,
    PlanRevised,
    RunStarted,
    TaskCompleted,
    to_payload,
)
from milepost.execution.evolution import fold
from milepost.execution.policy import RunSpec, SpecPayload, TaskSpec, TierPolicy, Wait

SPEC = RunSpec(
    "tasks.md",
    (
        TaskSpec("1", 'Say "hello" 📦', 3, commands={3: "echo '\"spec\":null'"}, verify=("true",), files=("a", "b/")),
        TaskSpec("2", "Then", 2, 60, 1, (Wait("1", "start", 5),), ("c1",), resources=("desk",), human=True, digest="x"),
    ),
    tiers=(TierPolicy(3, "local", 1), TierPolicy(2, "people", 1)),
)
OTHER = RunSpec("tasks.md", SPEC.tasks[:1], tiers=SPEC.tiers)


def text_of(spec: RunSpec) -> str:
    return json.dumps(spec.to_payload(), separators=(",", ":"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with a run that began with one specification, went on with another, and came back."""
    found = tmp_path / "ledger.db"
    events: list[Event] = [
        RunStarted(1.0, "r#1", SPEC.to_payload(), "ann"),
        PlanRevised(2.0, OTHER.to_payload(), ["2"]),
        PlanRevised(3.0, SPEC.to_payload()),
        AttemptStarted(4.0, "1", 1, 3, "ann", 9.0),
        AttemptFailed(5.0, "1", 1, f'it printed "spec":{text_of(SPEC)}', {"spec": SPEC.to_payload(), "given": None}),
        TaskCompleted(6.0, "1", 0, "ann", {"spec": None}),
    ]
    SqliteLedger(found).append("r#1", 0, events)
    return found


def knowing(path: Path, spec: RunSpec) -> SqliteLedger:
    return SqliteLedger(path, known=lambda: (text_of(spec), SpecPayload(spec)))


@pytest.mark.parametrize("known", [SPEC, OTHER])
def test_events_and_the_state_are_the_same(path: Path, known: RunSpec) -> None:
    plain, knowing_it = SqliteLedger(path).read("r#1"), knowing(path, known).read("r#1")
    assert [json.dumps(to_payload(event)) for event in knowing_it] == [json.dumps(to_payload(event)) for event in plain]
    one, other = fold(knowing_it), fold(plain)
    assert (one.tasks, one.spec, one.ready) == (other.tasks, other.spec, other.ready)


def test_what_is_known_is_taken_as_it_is(path: Path) -> None:
    """Only where the very same text stands: the second event has another specification."""
    events = knowing(path, SPEC).read("r#1")
    assert fold(events).spec is SPEC
    kinds = [isinstance(event.spec, SpecPayload) for event in events if isinstance(event, (RunStarted, PlanRevised))]
    assert kinds == [True, False, True]


def test_a_payload_that_stands_for_a_specification_reads_like_one() -> None:
    assert dict(SpecPayload(SPEC)) == SPEC.to_payload()
    assert len(SpecPayload(SPEC)) == len(SPEC.to_payload())


def test_a_task_with_a_field_that_nobody_knows_is_of_a_newer_version() -> None:
    """Found when the run is built, as what the field means might change everything."""
    spec = SPEC.to_payload()
    spec["tasks"][0]["mood"] = "good"
    with pytest.raises(TypeError, match="mood"):
        RunSpec.from_payload(spec)


def test_damage_beside_a_known_specification_is_still_found(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE event SET payload = payload || '}' WHERE version = 1")
    connection.close()
    with pytest.raises(LedgerUnavailable, match="damaged"):
        knowing(path, SPEC).read("r#1")
