"""Plans that are renamed, moved, or replaced by others: the ledger never takes one for another, and says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

PLAN = """\
# Shed - Implementation Plan

### **Phase 1: Ground**

- [ ] **1.1** Level the ground
  - _Estimated: 1 hour_

- [ ] **1.2** Ask the neighbour
  - _Estimated: 1 hour_
"""
OTHER = PLAN.replace("Level the ground", "Buy a boat").replace("Ask the neighbour", "Paint the boat")


@pytest.fixture
def plan(project: Path) -> Path:
    path = project / "tasks.md"
    path.write_text(PLAN)
    return path


def test_a_renamed_plan_is_recognised_and_goes_on_once_that_is_said(milepost: Milepost, plan: Path) -> None:
    milepost("claim", "tasks.md", "1.1", "--by", "ann")
    plan.rename(plan.with_name("new shed.md"))
    for command in (["status"], ["next"], ["claim"], ["run"]):
        told = milepost(*command, "new shed.md", *(["1.1"] if command == ["claim"] else []))
        assert told.code == 1
        assert "it has no run, but tasks.md, which is gone, had: 2 of its 2 tasks are the same" in told.err
        assert "`milepost runs --relink tasks.md 'new shed.md'` if it was moved" in told.err
    relinked = milepost("runs", "--relink", "tasks.md", "new shed.md")
    assert relinked.out == "new shed.md goes on with the runs of tasks.md\n"
    status = milepost("status", "new shed.md", "--json").json
    assert (status["run"], status["task_list"][0]["worker"]) == ("tasks.md#1", "ann")
    assert milepost("done", "new shed.md", "1.1", "--by", "ann").code == 0
    assert "tasks.md#1  waiting  1/2 tasks" in milepost("runs", "new shed.md").out


def test_a_plan_moved_twice_and_back(milepost: Milepost, plan: Path) -> None:
    milepost("done", "tasks.md", "1.1")
    for old, new in (("tasks.md", "one.md"), ("one.md", "specs/two.md"), ("specs/two.md", "tasks.md")):
        Path(new).parent.mkdir(exist_ok=True)
        Path(old).rename(new)
        assert milepost("runs", "--relink", old, new).code == 0
        assert milepost("status", new, "--json").json["run"] == "tasks.md#1"


def test_a_moved_plan_may_begin_anew_instead(milepost: Milepost, plan: Path) -> None:
    milepost("claim", "tasks.md", "1.1")
    plan.rename(plan.with_name("shed.md"))
    assert milepost("run", "shed.md", "--new", "--no-wait").code == 1  # people are needed
    assert milepost("status", "shed.md", "--json").json["run"] == "shed.md#1"


def test_a_copy_is_a_plan_of_its_own(milepost: Milepost, plan: Path) -> None:
    milepost("claim", "tasks.md", "1.1")
    plan.with_name("copy.md").write_text(PLAN)
    assert milepost("claim", "copy.md", "1.1").code == 0
    assert milepost("status", "copy.md", "--json").json["run"] == "copy.md#1"
    refused = milepost("runs", "--relink", "tasks.md", "copy.md")
    assert (refused.code, "copy.md has runs of its own" in refused.err) == (1, True)


def test_another_plan_in_the_place_of_one_that_runs_is_refused(milepost: Milepost, plan: Path) -> None:
    assert milepost("claim", "tasks.md", "1.1").code == 0
    before = milepost("ledger", "export", ".").out
    plan.write_text(OTHER)
    for command in (["status"], ["sync"], ["done"], ["run"]):
        told = milepost(*command, "tasks.md", *(["1.1"] if command == ["done"] else []))
        assert told.code == 1
        assert "run tasks.md#1 is about another plan that stood here: no task of it is left" in told.err
    assert plan.read_text() == OTHER
    assert milepost("ledger", "export", ".").out == before
    milepost("run", "tasks.md", "--new", "--no-wait")
    status = milepost("status", "tasks.md", "--json").json
    assert (status["run"], status["tasks"]["pending"]) == ("tasks.md#2", 2)
    assert "tasks.md#1  cancelled" in milepost("runs", ".").out


def test_another_plan_in_the_place_of_one_that_is_finished_has_a_run_of_its_own(milepost: Milepost, plan: Path) -> None:
    milepost("done", "tasks.md", "1.1")
    milepost("done", "tasks.md", "1.2")
    plan.write_text(OTHER)
    assert milepost("status", "tasks.md", "--json").json["tasks"]["pending"] == 2
    assert milepost("done", "tasks.md", "1.1").code == 0
    assert milepost("status", "tasks.md", "--json").json["run"] == "tasks.md#2"


def test_two_plans_with_one_name_are_told_apart(milepost: Milepost, plan: Path) -> None:
    milepost("claim", "tasks.md", "1.1")
    plan.rename(plan.with_name("shed.md"))
    milepost("runs", "--relink", "tasks.md", "shed.md")
    plan.write_text(OTHER)
    told = milepost("status", "tasks.md")
    assert told.code == 1
    assert "the ledger knows shed.md as tasks.md since it was moved; this is another plan of that name" in told.err
    assert "milepost runs --relink shed.md tasks.md" in told.err


def test_an_unknown_name_cannot_be_relinked(milepost: Milepost, plan: Path) -> None:
    milepost("claim", "tasks.md", "1.1")
    told = milepost("runs", "--relink", "nothing.md", "tasks.md")
    assert (told.code, "the ledger has no run of nothing.md" in told.err) == (2, True)
    assert milepost("runs", "--relink", "tasks.md", "nothing.md").code == 3


def test_a_single_task_may_be_reworded(milepost: Milepost, plan: Path) -> None:
    plan.write_text(PLAN[: PLAN.index("- [ ] **1.2**")])
    milepost("claim", "tasks.md", "1.1")
    plan.write_text(plan.read_text().replace("Level the ground", "Level all the ground"))
    assert milepost("done", "tasks.md", "1.1").code == 0
