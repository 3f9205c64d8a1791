"""A sync that somebody or something gets in the way of: what it did not write is no hand edit to the next one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

from milepost.app import documents, projection, sheets, sync_memory
from milepost.errors import DocumentUnwritable

PLAN = """\
# Pond - Implementation Plan

### **Phase 1: Water**

- [ ] **1.1** Dig
  - _Estimated: 1 hour_
- [ ] **1.2** Fill
  - _Estimated: 1 hour_
"""
CONFLICT = """\
<<<<<<< HEAD
**Progress:** 1/2 tasks complete
=======
**Progress:** 0/2 tasks complete
>>>>>>> pond
"""


@pytest.fixture
def plan(project: Path) -> Path:
    path = project / "tasks.md"
    path.write_text(PLAN)
    return path


def test_a_tick_that_could_not_be_written_is_written_later(
    milepost: Milepost, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise DocumentUnwritable("it cannot be written: No space left on device", place="tasks.md")

    with monkeypatch.context() as disk:
        disk.setattr(documents, "replace_file", full)
        told = milepost("done", "tasks.md", "1.1")
    assert told.code == 0  # it is done, whatever became of the document
    assert "1.1 Dig: done" in told.out
    assert "the document is not up to date: it cannot be written: No space left on device" in told.err
    assert "milepost sync tasks.md" in told.err
    assert plan.read_text() == PLAN
    told = milepost("sync", "tasks.md")
    assert (told.code, told.err) == (0, "")
    assert "[x] **1.1**" in plan.read_text()


@pytest.mark.parametrize("known", [True, False], ids=["first on the plan's sheet", "first by reading"])
def test_a_tick_decided_before_somebody_else_wrote_is_decided_again(
    milepost: Milepost, plan: Path, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    right, on_sheet = projection.project, sheets.write_on
    calls: list[str] = []

    def write_and_edit(*args: object) -> object:
        return project_and_edit_by(on_sheet, *args) if known else None

    def project_and_edit(*args: object, **more: object) -> object:
        return project_and_edit_by(right, *args, **more)

    def project_and_edit_by(write: Callable[..., object], *args: object, **more: object) -> object:
        if not calls:  # an editor saves the plan between reading and writing
            plan.write_text(plan.read_text() + "\nMeanwhile.\n")
        calls.append("")
        return write(*args, **more)

    monkeypatch.setattr("milepost.app.syncs.project", project_and_edit)
    monkeypatch.setattr("milepost.app.syncs.write_on", write_and_edit)
    assert milepost("done", "tasks.md", "1.1").code == 0
    assert len(calls) == 2
    assert "[x] **1.1**" in plan.read_text()
    assert plan.read_text().endswith("Meanwhile.\n")
    assert milepost("sync", "tasks.md").code == 0


def test_a_memory_that_cannot_be_written_costs_nothing_else(
    milepost: Milepost, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise DocumentUnwritable("it cannot be written: No space left on device", place="x")

    monkeypatch.setattr(sync_memory, "replace_file", full)
    assert milepost("done", "tasks.md", "1.1").code == 0
    assert "[x] **1.1**" in plan.read_text()


def test_conflict_markers_are_left_to_repair(milepost: Milepost, plan: Path) -> None:
    torn = PLAN + "\n" + CONFLICT
    plan.write_text(torn)
    told = milepost("sync", "tasks.md")
    assert told.code == 1
    assert "git's conflict markers" in told.err
    assert "--> tasks.md:10" in told.err  # PLAN has 8 lines, then a blank one
    assert "milepost sync tasks.md --repair" in told.err
    assert plan.read_text() == torn
    assert milepost("sync", "tasks.md", "--repair").code == 0
    assert plan.read_text() == PLAN + "\n**Progress:** 0/2 tasks complete\n"


def test_conflicts_that_repair_leaves_are_pointed_at(milepost: Milepost, plan: Path) -> None:
    plan.write_text(PLAN + "<<<<<<< HEAD\nDeep\n=======\nFlat\n>>>>>>> pond\n")
    told = milepost("sync", "tasks.md", "--repair")
    assert told.code == 1
    assert "--> tasks.md:9" in told.err  # right below the 8 lines of PLAN


def test_a_dry_repair_writes_nothing_and_shows_what_it_would_write(milepost: Milepost, plan: Path) -> None:
    torn = PLAN + "\n" + CONFLICT
    plan.write_text(torn)
    told = milepost("sync", "tasks.md", "--repair", "--dry-run")
    assert (told.code, told.err) == (0, "")
    assert "-<<<<<<< HEAD" in told.out
    assert plan.read_text() == torn
