"""Boxes of tasks that are made of parts: ticked with the last part, as `check` wants them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

PLAN = """\
# Fence - Implementation Plan

### **Phase 1: Posts**

- [ ] **1.1** Posts
  - [ ] **1.1.1** Holes
    - _Estimated: 1 hour_
  - [ ] **1.1.2** Concrete
    - _Estimated: 1 hour_
  - [ ]* **1.1.3** Caps
    - _Estimated: 1 hour_
- [ ] **1.2** Boards
  - _Estimated: 1 hour_
"""


@pytest.fixture
def plan(project: Path) -> Path:
    path = project / "tasks.md"
    path.write_text(PLAN)
    return path


def test_the_whole_is_ticked_with_its_last_required_part(milepost: Milepost, plan: Path) -> None:
    milepost("done", "tasks.md", "1.1.1")
    assert "- [ ] **1.1** Posts" in plan.read_text()
    milepost("done", "tasks.md", "1.1.2")
    assert "- [x] **1.1** Posts" in plan.read_text()
    assert "- [ ]* **1.1.3** Caps" in plan.read_text()
    assert milepost("check", "tasks.md").code == 0
    assert milepost("sync", "tasks.md").out == "tasks.md: true already\n"


def test_the_whole_is_open_again_with_a_part_that_is_done_again(milepost: Milepost, plan: Path) -> None:
    milepost("done", "tasks.md", "1.1.1")
    milepost("done", "tasks.md", "1.1.2")
    milepost("reopen", "tasks.md", "1.1.2", "crooked")
    assert "- [ ] **1.1** Posts" in plan.read_text()
    milepost("done", "tasks.md", "1.1.2")
    assert "- [x] **1.1** Posts" in plan.read_text()


def test_a_whole_that_was_unticked_by_hand_stays_so(milepost: Milepost, plan: Path) -> None:
    milepost("done", "tasks.md", "1.1.1")
    milepost("done", "tasks.md", "1.1.2")
    plan.write_text(plan.read_text().replace("[x] **1.1**", "[ ] **1.1**"))
    told = milepost("sync", "tasks.md")
    assert (told.code, "1.1 is done in the ledger, but its box was unticked by hand" in told.err) == (1, True)
    assert "- [ ] **1.1** Posts" in plan.read_text()


def test_a_plan_that_was_never_run_keeps_its_boxes(milepost: Milepost, plan: Path) -> None:
    plan.write_text(PLAN.replace("[ ] **1.1.", "[x] **1.1."))
    assert milepost("sync", "tasks.md").out == "tasks.md: true already\n"
