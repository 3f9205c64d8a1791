"""The shared reference document, when it is at hand: the figures its own sentences imply."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from milepost.plan.reader import read_plan
from milepost.schedule import Network, compute, critical_chains
from milepost.source import SourceText

HOUR = 3600
SHARED = os.environ.get("MILEPOST_SHARED", "")

pytestmark = pytest.mark.skipif(not SHARED, reason="MILEPOST_SHARED is not set")


def template() -> SourceText:
    return SourceText.from_bytes((Path(SHARED) / "reference" / "tasks-template.md").read_bytes())


def test_without_gates() -> None:
    """1.1 → 1.2 → 2.1 → 2.2 → 2.3: 1 + 0.5 + 2 + 4 + 3 hours."""
    found = compute(Network.from_plan(read_plan(template()), gates=False))
    assert found.makespan == 10.5 * HOUR
    assert found.critical_path == ("1.1", "1.2", "2.1", "2.2", "2.3")


def test_with_gates() -> None:
    """Phase 3 waits for 2.3: 10.5 h, 3.1 3 h, 4.1 or 4.3 2 h, 5.1 or 5.2 1 h; two times two ways to the end."""
    plan = read_plan(template())
    found = compute(Network.from_plan(plan, gates=True))
    first, second, last = (gate.id for gate in plan.checkpoints)
    head = ("1.1", "1.2", "2.1", "2.2", "2.3", first, "3.1", second)
    assert found.makespan == 16.5 * HOUR
    expected = {(*head, test, polish, last) for test in ("4.1", "4.3") for polish in ("5.1", "5.2")}
    assert set(critical_chains(found).chains) == expected
