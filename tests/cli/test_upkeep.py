"""What a supervisor keeps for the commands that look at its run: nothing has to be read or folded again."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

from milepost.bootstrap import open_project
from milepost.execution.snapshots import snapshot

SETTINGS = '[tiers.3]\nname = "Shell"\ndriver = "command"\ncapacity = 2\n'
TASKS = "".join(f"- [ ] **1.{number}** Do part {number}\n  - _Run: {{}}_\n\n" for number in range(1, 5))
PLAN = f"# Parts\n\n## Task Breakdown\n\n### **Phase 1: Parts**\n\n{TASKS}"


@pytest.fixture
def plan(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plan of four tasks, whose run is worth keeping."""
    monkeypatch.setattr("milepost.bootstrap.upkeep.WORTH", 4)
    (project / "milepost.toml").write_text(SETTINGS)
    path = project / "tasks.md"
    path.write_text(PLAN.replace("{}", "true"))
    return path


def test_after_a_run_nothing_is_read_or_folded_again(milepost: Milepost, plan: Path) -> None:
    assert milepost("run", "tasks.md", "--trust").code == 0
    found = open_project(str(plan))
    assert "plan" not in found.__dict__  # it is the plan with all boxes ticked, and known as such
    assert len(found.extract.ticks.done) == 4
    assert found.folds is not None
    (stream,) = found.ledger.streams()
    state = found.folds.get(stream.name)
    assert state is not None
    assert state.version == stream.version
    assert snapshot(state)["finished_at"] is not None


def test_a_plan_that_was_edited_meanwhile_is_known_as_it_is_now(milepost: Milepost, plan: Path) -> None:
    """The first task adds another one to the plan, which the supervisor reads, runs and ticks."""
    (plan.parent / "more.md").write_text("- [ ] **1.5** Do part 5\n  - _Run: true_\n")
    plan.write_text(PLAN.replace("{}", "cat more.md >> tasks.md", 1).replace("{}", "true"))
    assert milepost("run", "tasks.md", "--trust").code == 0
    assert plan.read_text().count("- [x]") == 5
    found = open_project(str(plan))
    assert "plan" not in found.__dict__
    assert len(found.extract.ticks.done) == 5
    assert found.folds is not None
    assert found.folds.get(found.ledger.streams()[-1].name) is not None
