"""Numbered headings: when they are tasks."""

from __future__ import annotations

from tests.plan.dialect_checks import read

from milepost.plan import edits
from milepost.plan.model import TaskState
from milepost.source import apply


def test_a_heading_that_is_a_number_has_its_title_below() -> None:
    plan = read("# P\n\n### Task 0.1\nSew the **sails**.\n\nMore\n\n### Task 0.2\n**Status:** Done\n")
    assert [(task.id, task.title) for task in plan.tasks] == [("0.1", "Sew the sails."), ("0.2", "")]


def test_numbered_headings_with_states_are_tasks_and_so_are_those_like_them() -> None:
    text = (
        "# Roadmap\n\n## 1. Sails\n\n### 1.1 Sew ✅ DONE\n\nAll three.\n\n### 1.2 Dye\n\nRed.\n\n"
        "## 2. Hull\n\n### 2.1 Caulk ✅ DONE\n\nTwice.\n\n#### 2.1.1 With what\n\nTar.\n\n### Why\n\nIt leaks.\n"
    )
    plan = read(text)
    assert plan.dialect == "headings"
    assert [(task.id, task.title, task.state.value) for task in plan.tasks] == [
        ("1.1", "Sew", "done"),
        ("1.2", "Dye", "not started"),
        ("2.1", "Caulk", "done"),
    ]
    ticked = apply(plan.source, edits.tick(plan, "1.2", TaskState.DONE)).text
    assert ticked == text.replace("1.2 Dye\n", "1.2 Dye\n\n**Status:** ✅ DONE\n")


def test_numbered_headings_of_prose_are_no_tasks() -> None:
    assert read("# Design\n\n## 1. Sails\n\n### 1.1 Shape\n\nWide.\n\n### 1.2 Colour\n\nRed.\n").tasks == ()
    groups = read(
        "# P\n\n### 1.1 Sails ✅\n\n- [x] Sew\n- [x] Dye\n\n### 1.2 Hull ✅\n\n- [x] Caulk\n- [ ] Tar\n- [ ] Dry\n"
    )
    assert [task.title for task in groups.tasks] == ["Sew", "Dye", "Caulk", "Tar", "Dry"]


def test_headings_numbered_as_tasks_are_stand_beside_them() -> None:
    fields = "\n\n**Effort:** 1 day\n**Owner:** Ann\n\n"
    plan = read(f"# P\n\n### 1.1 Sew{fields}### 1.2 Dye{fields}### 1.3 Hoist\n\nUp.\n\n### 1.4 Later\n\n- [ ] x\n")
    assert [task.id for task in plan.tasks] == ["1.1", "1.2", "1.3"]
