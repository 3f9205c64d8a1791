"""Every command that speaks of a plan says when part of it was not understood."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

PLAN = """\
# Implementation Plan

## Tasks

- [ ] 1. Saw
  - [ ] 1.1 Saw the boards
  - _Requirements: 1.1_
- [ ] 2. Sand
  - [ ] 2.1 Sand the boards
  - _Requirements: 1.2_

## Journal

### Yesterday

- [x] Bought the wood
"""


@pytest.mark.parametrize("command", ["schedule", "status", "next", "run", "sync", "forecast", "assign", "trust"])
def test_unread_lines_are_told_on_standard_error(milepost: Milepost, project: Path, command: str) -> None:
    (project / "tasks.md").write_text(PLAN)
    told = milepost(command, "tasks.md", *(["--no-wait"] if command == "run" else []))
    note = "note: 1 line looks like a task but was not read; `milepost check --coverage tasks.md` lists them"
    assert note in told.err.split("\n")
    assert note not in told.out


def test_nothing_is_said_of_a_plan_that_was_read_whole(milepost: Milepost, project: Path) -> None:
    (project / "tasks.md").write_text(PLAN.partition("## Journal")[0])
    assert milepost("status", "tasks.md").err == ""
