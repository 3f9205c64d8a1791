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
