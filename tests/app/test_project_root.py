"""Which folder a plan belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from milepost.app.documents import plan_identity, project_root


@pytest.mark.parametrize(
    ("plan", "root"),
    [
        ("app/specs/search/tasks.md", "app"),
        ("app/.kiro/specs/search/tasks.md", "app"),  # `specs` in `.kiro`: what holds both
        ("app/openspec/changes/search/tasks.md", "app"),
        ("app/.taskmaster/tasks/tasks.json", "app"),
        ("specs/old/app/tasks.md", ""),
        ("app/tasks.md", "app"),
        ("specs/tasks.md", "specs"),  # a folder that only happens to have that name
    ],
)
def test_an_unmarked_project_holds_the_folders_of_plans(tmp_path: Path, plan: str, root: str) -> None:
    assert project_root(str(tmp_path / plan)) == tmp_path / root


def test_a_mark_nearer_to_the_plan_wins(tmp_path: Path) -> None:
    plan = tmp_path / "specs" / "search" / "tasks.md"
    (plan.parent / ".milepost").mkdir(parents=True)
    assert project_root(str(plan)) == plan.parent
    assert plan_identity(str(plan)) == "tasks.md"
