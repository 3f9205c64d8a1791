"""Tasks that a plan has and its runs have not, and runs that are not there to be cancelled."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

PLAN = """\
# Barn - Implementation Plan

### **Phase 1: Roof**

- [ ] **1.1** Beams
  - _Estimated: 1 hour_
- [ ]* **1.2** Paint
  - _Estimated: 1 hour_
- [ ] **1.3** Tiles
  - [ ] **1.3.1** South
    - _Estimated: 1 hour_
  - [ ] **1.3.2** North
    - _Estimated: 1 hour_
- [ ] ~~**1.4** Weathercock~~
"""


@pytest.fixture
def plan(project: Path) -> Path:
    path = project / "tasks.md"
    path.write_text(PLAN)
    return path


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("1.2", "task 1.2 is optional and takes no part in runs"),
        ("1.3", "name one of them: 1.3.1, 1.3.2"),
        ("1.4", "task 1.4 is struck out"),
    ],
)
@pytest.mark.parametrize("command", ["claim", "done", "block"])
def test_a_task_outside_of_runs_is_explained(
    milepost: Milepost, plan: Path, command: str, task: str, said: str
) -> None:
    told = milepost(command, "tasks.md", task, *(["because"] if command == "block" else []))
    assert told.code == 1
    assert said in told.err
    assert not (plan.parent / ".milepost").exists()  # no run was begun


def test_only_a_run_that_goes_on_can_be_cancelled(milepost: Milepost, plan: Path) -> None:
    told = milepost("cancel", "tasks.md")
    assert (told.code, "has not been run yet" in told.err) == (1, True)
    milepost("claim", "tasks.md", "1.1")
    assert milepost("cancel", "tasks.md").code == 0
    told = milepost("cancel", "tasks.md")
    assert (told.code, "run tasks.md#1 is over" in told.err) == (1, True)
    assert len(milepost("runs", "--json").json) == 1  # none was begun to be cancelled


def test_a_task_that_nobody_could_have_meant_is_told_which_there_are(milepost: Milepost, plan: Path) -> None:
    told = milepost("claim", "tasks.md", "nine")
    assert (told.code, "the run has no task nine" in told.err) == (2, True)
    assert "it has 1.1, 1.3.1, 1.3.2\n" in told.err


def test_who_claims_under_another_name_is_told_to_finish_under_it(
    milepost: Milepost, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MILEPOST_WORKER", "ann")
    claimed = milepost("claim", "tasks.md", "1.1", "--by", "bob b")
    assert "`milepost done tasks.md 1.1 --by 'bob b'`" in claimed.out
    assert "REASON --escalate --by 'bob b'`" in claimed.out
    assert "--by" not in milepost("claim", "tasks.md", "1.3.1").out


def test_a_plan_whose_title_says_only_that_it_is_one_is_called_by_its_folder(milepost: Milepost, project: Path) -> None:
    path = project / ".kiro" / "specs" / "shop" / "tasks.md"
    path.parent.mkdir(parents=True)
    for title, name in (("Implementation Plan", "shop"), ("Tasks", "shop"), ("Till - Implementation Plan", "Till")):
        path.write_text(f"# {title}\n\n- [ ] 1. Sell\n  - _Requirements: 1.1_\n")
        assert milepost("status", str(path)).out.startswith(f"{name}: 0/1 tasks done")
    path.write_text("# Implementation Plan\n\n- [ ] 1. Sell\n")
    assert milepost("schedule", str(path)).out.startswith("Implementation Plan\n")


@pytest.mark.parametrize("command", ["approve", "recheck", "reject"])
def test_a_plan_without_checkpoints_is_said_to_have_none(milepost: Milepost, plan: Path, command: str) -> None:
    told = milepost(command, "tasks.md", "1", *(["because"] if command == "reject" else []))
    assert (told.code, "it has no checkpoint at all" in told.err) == (2, True)


@pytest.mark.parametrize(
    "words",
    [
        *("claim 7", "done 7", "heartbeat 7", "fail 7 no", "block 7 no", "unblock 7", "skip 7 no", "reopen 7 no"),
        *("approve 7", "recheck 7", "reject 7 no"),
    ],
)
def test_a_mistyped_name_begins_no_run(milepost: Milepost, plan: Path, words: str) -> None:
    command, name, *rest = words.split()
    assert milepost(command, "tasks.md", name, *rest).code == 2
    assert milepost("runs").out == "There has been no run yet.\n"
    milepost("claim", "tasks.md", "1.1")
    milepost("cancel", "tasks.md")
    assert milepost(command, "tasks.md", name, *rest).code == 2
    assert len(milepost("runs", "--json").json) == 1
