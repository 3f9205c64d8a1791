"""Small runs, explored to the last state: everything that workers, people, supervisors and crashes can do in any order.

The numbers of states are no expectations of the rules but of the exploration: they show that it went somewhere. With
``MILEPOST_EXPLORE=full`` (``make explore``) the runs are larger.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from tests.execution.exploration import LATE, NOW, PLENTY, SOON, Moves, Step, World, explore, holds
from tests.execution.run_examples import gate, spec, task

from milepost.execution import commands as cmd
from milepost.execution.policy import Budget, RunSpec, TaskSpec, TierPolicy
from milepost.execution.records import Attempt, TaskRecord, TaskStatus
from milepost.execution.state import RunState

FULL = os.environ.get("MILEPOST_EXPLORE") == "full"

ONE_TRY = (TierPolicy(2, "Tier 2", 1, attempts=1), TierPolicy(3, "Tier 3", 2, attempts=1))
TWO_TRIES = (TierPolicy(2, "Tier 2", 1, attempts=1), TierPolicy(3, "Tier 3", 3, attempts=2))


def claims(
    world: World, *, lease: float | None = SOON - NOW, tiers: tuple[int | None, ...] = (None,)
) -> Iterator[Step]:
    """An idle worker takes any task; which of the idle ones makes no difference."""
    idle = next((number for number, belief in enumerate(world.beliefs) if belief is None), None)
    if idle is not None:
        for name in world.state.tasks:
            for tier in tiers:
                yield Step(cmd.Claim(NOW, name, f"w{idle}", tier, lease), idle, claims=True)


def reports(world: World, evidence: dict[str, int] | None = None) -> Iterator[Step]:
    """Every worker, also one that lost its task without knowing, ends it one way or another, or is never heard again."""
    seen = set()
    for worker, belief in enumerate(world.beliefs):
        if belief is None or (alike := (belief.task, holds(world.state, belief))) in seen:
            continue
        seen.add(alike)
        name, number = belief
        yield Step(cmd.Complete(NOW, name, number, f"w{worker}", evidence or {}), worker)
        yield Step(cmd.Fail(NOW, name, number, "broken", evidence or {}), worker)
        yield Step(cmd.Fail(NOW, name, number, "too hard", evidence or {}, escalate=True), worker)
        yield Step(None, worker)


def signs_of_life(world: World) -> Iterator[Step]:
    """Workers extend their leases, or do not and their leases run out."""
    for worker, belief in enumerate(world.beliefs):
        if belief is not None:
            yield Step(cmd.Heartbeat(NOW, *belief, lease=LATE - NOW), worker, keeps=True)
            yield Step(cmd.Heartbeat(NOW, *belief, lease=SOON - NOW), worker, keeps=True)
    yield Step(cmd.ExpireLeases(SOON))
    yield Step(cmd.ExpireLeases(LATE))


def of_tasks(world: World, status: TaskStatus) -> list[str]:
    return [name for name, record in world.state.tasks.items() if record.status is status]


def unblocking(world: World) -> Iterator[Step]:
    for name in of_tasks(world, TaskStatus.BLOCKED):
        yield Step(cmd.Unblock(NOW, name, "ann"))


def losses(world: World) -> Iterator[Step]:
    for name, record in world.state.active.items():
        yield Step(cmd.Lose(NOW, name, record.attempts[-1].no, "it vanished"))


def leased(world: World) -> Iterator[Step]:
    yield from claims(world)
    yield from reports(world)
    yield from signs_of_life(world)
    yield from unblocking(world)


def supervised(world: World) -> Iterator[Step]:
    """Commands under supervisors that come, go and crash; what was running may be found lost, or too slow."""
    yield from claims(world, lease=None, tiers=(None, 2))
    yield from reports(world)
    yield from losses(world)
    for name, record in world.state.active.items():
        yield Step(cmd.Overrun(NOW, name, record.attempts[-1].no, 20.0))
    yield Step(cmd.Join(NOW, "one"))
    yield Step(cmd.Join(NOW, "other"))
    yield Step(cmd.Leave(NOW, "one", "done"))
    yield Step(cmd.Recheck(NOW, "A", "ann"))
    for good in (True, False):
        yield Step(cmd.RecordCriterion(NOW, "A", 0, good, "command"))
    yield from unblocking(world)


def peopled(world: World) -> Iterator[Step]:
    """People do all that people can do to a run, while workers work."""
    yield from claims(world, lease=None)
    yield from reports(world)
    for name in world.state.tasks:
        yield Step(cmd.Block(NOW, name, "hm", "ann"))
        yield Step(cmd.Skip(NOW, name, "ann", "not needed"))
        yield Step(cmd.MarkDone(NOW, name, "ann"))
        yield Step(cmd.Reopen(NOW, name, "ann", "again"))
    yield from unblocking(world)
    for name in world.state.checkpoints:
        yield Step(cmd.Approve(NOW, name, "ann"))
        yield Step(cmd.Reject(NOW, name, "ann", "no"))
        yield Step(cmd.Reject(NOW, name, "ann", "no", ("1",)))
    yield Step(cmd.Pause(NOW, "ann"))
    yield Step(cmd.Resume(NOW, "ann"))
    yield Step(cmd.Cancel(NOW, "ann"))


def spending(world: World) -> Iterator[Step]:
    """Every attempt costs; somebody may raise the limits, twice at most."""
    yield from claims(world, lease=None)
    yield from reports(world, {"tokens": 1})
    yield from losses(world)
    for scope, limits in (("run", (4.0, PLENTY)), ("tier 2", (2.0, PLENTY))):
        for limit in limits:
            yield Step(cmd.ExtendBudget(NOW, scope, "tokens", limit, "ann"))
    yield from unblocking(world)


def sent_on(world: World) -> Iterator[Step]:
    """Every attempt costs, and tasks leave the tier that has spent its budget, which somebody may raise."""
    yield from claims(world, lease=None)
    yield from reports(world, {"tokens": 1})
    yield from losses(world)
    yield from unblocking(world)
    yield Step(cmd.ExpireLeases(NOW))
    yield Step(cmd.ExtendBudget(NOW, "tier 3", "tokens", 2.0, "ann"))


def edited(*plans: RunSpec) -> Moves:
    """The plan is changed, and changed back, while workers work."""

    def moves(world: World) -> Iterator[Step]:
        yield from claims(world, lease=None)
        yield from reports(world)
        yield from losses(world)
        yield from (Step(cmd.Revise(NOW, plan), settles=True) for plan in plans)
        yield from (Step(cmd.Approve(NOW, name, "ann")) for name in world.state.checkpoints)
        yield from unblocking(world)

    return moves


class Small(NamedTuple):
    spec: RunSpec
    workers: int
    moves: Moves
    states: int
    """At least so many there are."""


def text(spec: TaskSpec, digest: str) -> TaskSpec:
    return dataclasses.replace(spec, digest=digest)


ONLY = (TierPolicy(3, "Tier 3", 2, attempts=1),)
DIAMOND = (task("1"), task("2", "1"), task("3", "1"), task("4", "2", "3"))
GATED = (task("1"), task("2", "1"), task("3", "1"), task("4", gates=["A"]))
BEFORE = spec(task("1"), task("2", "1"), gates=[gate("A", "1", criteria=[])], tiers=ONLY)
AFTER = spec(task("1"), task("3", gates=["B"]), gates=[gate("B", "1")], tiers=ONLY)
OTHER = spec(text(task("2"), "another task"), tiers=ONLY)
COSTLY = dataclasses.replace(
    spec(task("1"), task("2", "1"), tiers=(dataclasses.replace(ONE_TRY[0], budget=Budget(tokens=1)), ONE_TRY[1])),
    budget=Budget(tokens=3, soft=0.5),
)
SENT_ON = spec(
    task("1"),
    task("2"),
    tiers=(ONE_TRY[0], dataclasses.replace(ONE_TRY[1], attempts=2, budget=Budget(tokens=1, escalate=True))),
)
HELPED = dataclasses.replace(
    spec(task("1"), task("2"), task("3", gates=["A"]), gates=[gate("A", "1", criteria=["$ true"])], tiers=ONE_TRY),
    help_weaker=True,
)
HELPED_MORE = dataclasses.replace(
    spec(*GATED, gates=[gate("A", "1", "2", criteria=["$ true"])], tiers=ONE_TRY), help_weaker=True
)

RUNS = {
    "three workers, four tasks, leases that run out": Small(spec(*DIAMOND, tiers=ONE_TRY), 3, leased, 5000),
    "supervisors that come and go": Small(HELPED, 2, supervised, 1000),
    "people": Small(spec(task("1"), task("2", gates=["A"]), gates=[gate("A", "1")], tiers=ONLY), 1, peopled, 1000),
    "budgets": Small(COSTLY, 2, spending, 1000),
    "budgets that send tasks on": Small(SENT_ON, 2, sent_on, 500),
    "a plan that is edited": Small(BEFORE, 2, edited(BEFORE, AFTER, OTHER), 1000),
}
LARGER = {
    "more tries": Small(spec(*DIAMOND, tiers=TWO_TRIES), 3, leased, 10_000),
    "more tasks of supervisors": Small(HELPED_MORE, 3, supervised, 10_000),
    "two workers among people": Small(RUNS["people"].spec, 2, peopled, 9000),
}


ALL = {**RUNS, **LARGER}


@pytest.mark.parametrize("name", ALL if FULL else RUNS)
def test_every_state_that_can_be_reached_keeps_the_rules(name: str) -> None:
    run = ALL[name]
    found = explore(run.spec, run.workers, run.moves, most=2_000_000 if FULL else 20_000)
    print(f"{name}: {found}")
    assert found.complete, found
    assert found.states >= run.states, found
    assert found.hopeless == 0, f"{found.hopeless} states from which the run cannot end"


BROKEN = {
    "late reports are taken": ("held_attempt", lambda state, task, attempt_no: _whoever(state, task)),
    "nothing stands against a start": ("_require_startable", lambda state, record, command: None),
    "a failed task stays where it is": ("_escalate", lambda state, record, at, reason: []),
}


def _whoever(state: RunState, task: str) -> tuple[TaskRecord, Attempt]:
    record = state.tasks[task]
    return record, record.attempts[-1]


@pytest.mark.parametrize("what", BROKEN)
def test_rules_that_are_broken_show(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, broken = BROKEN[what]
    monkeypatch.setattr(f"milepost.execution.attempts.{name}", broken)
    run = RUNS["three workers, four tasks, leases that run out"]
    with pytest.raises((AssertionError, KeyError)):
        explore(run.spec, run.workers, run.moves, most=run.states)
