"""Budgets of runs and tiers from the settings to the end: a warning, a stop that asks, an extension, tasks sent on."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

PLAN = """\
# Pump - Implementation Plan

### **Phase 1: Parts**

- [ ] **1.1** Buy a pump
  - _Run: echo '{"cost": 4, "tokens": 400}' > $MILEPOST_RESULT_
- [ ] **1.2** Buy a hose
  - _Run: echo '{"cost": 4, "tokens": 400}' > $MILEPOST_RESULT_
- [ ] **1.3** Buy a tap
  - _Run: echo '{"cost": 4, "tokens": 400}' > $MILEPOST_RESULT_
"""


@pytest.fixture
def plan(project: Path) -> Path:
    path = project / "tasks.md"
    path.write_text(PLAN)
    return path


def settle(project: Path, run: str = "", tier: str = "") -> None:
    text = f'[run]\n{run}\n[tiers.2]\ndriver = "command"\n[tiers.3]\ndriver = "command"\ncapacity = 1\n{tier}\n'
    (project / "milepost.toml").write_text(text)


@pytest.mark.parametrize(("measure", "limit", "more"), [("money", "5", "100"), ("tokens", "500", "10000")])
def test_a_run_stops_at_its_budget_asks_and_goes_on_with_more(
    milepost: Milepost, plan: Path, project: Path, measure: str, limit: str, more: str
) -> None:
    settle(project, run=f"budget = {{ {measure} = {limit}, soft = 0.5 }}")
    stopped = milepost("run", "tasks.md", "--trust", "--no-wait")
    assert stopped.code == 1
    spent = "4 of 5" if measure == "money" else "400 of 500"  # what the first task cost, more than half
    assert f"budget: the run has spent {spent} {measure}" in stopped.out
    assert f"budget: the {measure} budget of the run is spent" in stopped.out
    assert f"allow more with: milepost budget tasks.md --scope run --{measure} LIMIT" in stopped.out
    assert "2/3 tasks" in milepost("runs", "tasks.md").out
    assert f"the {measure} budget of the run is spent" in milepost("status", "tasks.md").out

    assert milepost("budget", "tasks.md", f"--{measure}", more, "--by", "ann").code == 0
    assert milepost("run", "tasks.md", "--no-wait").code == 0
    assert f"budget: ann allows the run {more} {measure}" in milepost("log", "tasks.md").out


def test_a_tier_stops_at_its_own_budget(milepost: Milepost, plan: Path, project: Path) -> None:
    settle(project, tier="budget = { money = 5 }")
    stopped = milepost("run", "tasks.md", "--trust", "--no-wait")
    assert "allow more with: milepost budget tasks.md --scope 'tier 3' --money LIMIT" in stopped.out
    assert milepost("budget", "tasks.md", "--scope", "tier 3", "--money", "50").code == 0
    assert milepost("run", "tasks.md", "--no-wait").code == 0


def test_hours_are_the_time_that_attempts_take(milepost: Milepost, plan: Path, project: Path) -> None:
    settle(project, run="budget = { hours = 1e-9 }")
    stopped = milepost("run", "tasks.md", "--trust", "--no-wait")
    assert "budget: the hours budget of the run is spent" in stopped.out
    assert "1/3 tasks" in milepost("runs", "tasks.md").out


def test_a_tier_may_send_its_tasks_on_when_its_budget_is_spent(milepost: Milepost, plan: Path, project: Path) -> None:
    settle(project, tier="budget = { money = 5, escalate = true }")
    ran = milepost("run", "tasks.md", "--trust", "--no-wait")
    assert ran.code == 0
    assert "1.3 escalated from tier 3 to tier 2: the money budget of Tier 3 is spent" in ran.out
    assert "1.3 started on tier 2" in ran.out


def test_only_a_tier_can_send_tasks_on(milepost: Milepost, plan: Path, project: Path) -> None:
    settle(project, run="budget = { money = 5, escalate = true }")
    told = milepost("status", "tasks.md")
    assert (told.code, "[run.budget] has no setting `escalate`" in told.err) == (3, True)
