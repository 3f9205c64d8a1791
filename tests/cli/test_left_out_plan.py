"""Where a command takes a plan, a folder stands for the only plan in it, and this folder where none is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

PLAN = "# Nests - Implementation Plan\n\n- [ ] **1.1** Gather twigs\n  - _Estimated: 1 hour_\n"


@pytest.fixture
def plan(project: Path) -> Path:
    """The only plan of the project, two folders below it."""
    path = project / "specs" / "nests" / "tasks.md"
    path.parent.mkdir(parents=True)
    path.write_text(PLAN, encoding="utf-8")
    return path


@pytest.mark.usefixtures("plan")
@pytest.mark.parametrize("command", ["schedule", "status", "next", "forecast"])
def test_the_only_plan_below_this_folder_needs_no_name(milepost: Milepost, command: str) -> None:
    named = milepost(command, "specs/nests/tasks.md")
    assert named.out
    assert milepost(command) == milepost(command, "specs") == named


@pytest.mark.usefixtures("plan")
def test_a_folder_stands_for_its_plan_before_a_task(milepost: Milepost) -> None:
    assert milepost("claim", ".", "1.1").code == 0


@pytest.mark.usefixtures("plan")
def test_several_plans_are_listed(milepost: Milepost, project: Path) -> None:
    (project / "tasks.md").write_text(PLAN, encoding="utf-8")
    done = milepost("status")
    assert done.code == 2
    assert "this folder has 2 plans" in done.err
    assert "name one of them: tasks.md, specs/nests/tasks.md" in done.err


def test_a_folder_without_plans_says_what_was_looked_for(milepost: Milepost) -> None:
    done = milepost("next")
    assert done.code == 3
    assert "it was searched for tasks.md" in done.err
