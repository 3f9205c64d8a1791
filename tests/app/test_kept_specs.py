"""Specifications kept in rows are the ones they were made of."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields

import pytest

from milepost.app.kept_specs import KeptSpec
from milepost.app.kept_values import to_bytes
from milepost.execution.policy import Budget, CheckpointSpec, CriterionSpec, RunSpec, TaskSpec, TierPolicy, Wait

TASK = TaskSpec(
    id="2",
    title="Build 📦",
    tier=2,
    effort=3600,
    order=4,
    waits=(Wait("1"), Wait("0", "start", 60)),
    gates=("gate",),
    commands={2: "make", 3: "make all"},
    verify=("pytest",),
    files=("src",),
    resources=("printer",),
    human=True,
    digest="abc",
    not_before=5.5,
)
SPEC = RunSpec(
    plan="tasks.md",
    tasks=(TaskSpec("0", "", 3), TaskSpec("1", "Lay out", 3, waits=(Wait("0", "start", 60),)), TASK),
    checkpoints=(CheckpointSpec("gate", "Gate", ("1",), (), (CriterionSpec("it runs", "make run"),)),),
    tiers=(TierPolicy(2, "Two", 1, budget=Budget(money=3.0, escalate=True)), TierPolicy(3, "Three", 4)),
    factor=1.5,
    budget=Budget(hours=2.0),
    help_weaker=True,
)


def test_every_field_comes_back() -> None:
    """A field that is added and not kept would leave this task equal to one with its default."""
    for field in fields(TaskSpec):
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        assert getattr(TASK, field.name) != default, f"state another {field.name} here"
    assert KeptSpec(KeptSpec.of(SPEC).rows, "").spec == SPEC


def test_an_empty_one_comes_back() -> None:
    empty = RunSpec("tasks.md", ())
    assert KeptSpec.of(empty).spec == empty


def test_the_payload_is_that_of_events() -> None:
    kept = KeptSpec.of(SPEC)
    assert RunSpec.from_payload(json.loads(kept.payload)) == SPEC
    assert b"\n" not in kept.payload
    kept.payload.decode("ascii")


def test_another_one_has_another_digest() -> None:
    kept = KeptSpec.of(SPEC)
    assert kept.digest == KeptSpec.of(SPEC).digest
    assert kept.digest != KeptSpec.of(RunSpec("tasks.md", SPEC.tasks)).digest


@pytest.mark.parametrize("rows", [b"", *map(to_bytes, ([], {}, ({}, [], []), ({"plan": "p"}, [], [[1]])))])
def test_what_is_none_says_so(rows: bytes) -> None:
    with pytest.raises((EOFError, ValueError, KeyError, TypeError)):
        _ = KeptSpec(rows, "").spec
