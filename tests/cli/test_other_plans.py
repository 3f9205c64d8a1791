"""Ids that a plan does not have, but a plan beside it."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Milepost

WOOD = "# Wood - Implementation Plan\n\n- [ ] **7.1** Fell the tree\n"
HOUSE = "# House - Implementation Plan\n\n- [ ] **1.1** Saw\n  - _Depends: 7.1_\n"


def specs(project: Path, **plans: str) -> None:
    for name, text in plans.items():
        folder = project / "specs" / name
        folder.mkdir(parents=True)
        (folder / "tasks.md").write_text(text)


def test_the_plan_that_has_such_a_task_is_named(milepost: Milepost, project: Path) -> None:
    specs(project, house=HOUSE, wood=WOOD)
    found = milepost("check", "specs/house/tasks.md")
    assert found.code == 1
    assert "(../wood/tasks.md has such a task, but a plan waits for and assigns its own tasks only)" in found.out


def test_where_several_have_one_none_is_named(milepost: Milepost, project: Path) -> None:
    specs(project, house=HOUSE, wood=WOOD, timber=WOOD)
    found = milepost("check", "specs/house/tasks.md")
    assert "`7.1`, which task 1.1 names, is not in the plan\n" in found.out


def test_a_task_of_another_plan_is_not_taken_for_its_own(milepost: Milepost, project: Path) -> None:
    """1.2 waits for the 1.1 of another plan, so of this one for nothing."""
    text = (
        "# House - Implementation Plan\n\n- [ ] **1.1** Saw\n- [ ] **1.2** Sand\n  - _Depends: specs/wood task 1.1_\n"
    )
    specs(project, house=text + "- [ ] **1.3** Paint\n  - _Depends: 1.2_\n")
    rows = milepost("schedule", "specs/house/tasks.md", "--json").json["rows"]
    assert {row["id"]: row["drivers"] for row in rows} == {"1.1": [], "1.2": [], "1.3": ["1.2"]}
