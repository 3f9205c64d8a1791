"""Branches of a plan merged by git with Milepost's driver, and conflicts repaired without it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

PLAN = """\
# Garden - Implementation Plan

**Total Tasks:** 3
**Status:** Not Started

### **Phase 1: Beds**

- [ ] **1.1** Dig
- [ ] **1.2** Sow
- [ ] **1.3** Water

## Task Assignment

| Task | Assigned To | Status | Notes |
|------|-------------|--------|-------|
| 1.1-1.3 | Tier 3 | Not Started | Outside |

**Last Updated:** 2026-01-01
**Progress:** 0/3 tasks complete
"""


def git(*args: str, check: bool = True) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "init.defaultBranch=main", *args],
        capture_output=True,
        text=True,
        check=False,
    )
    assert not check or done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def plan(project: Path) -> Path:
    """A plan in a repository whose only commit holds it."""
    path = project / "specs" / "garden" / "tasks.md"
    path.parent.mkdir(parents=True)
    path.write_text(PLAN)
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "plan")
    return path


def tick(milepost: Milepost, plan: Path, *tasks: str) -> None:
    for task in tasks:
        plan.write_text(plan.read_text().replace(f"[ ] **{task}**", f"[x] **{task}**"))
    milepost("sync", str(plan))
    git("commit", "-qam", f"tick {tasks}")


def branches(milepost: Milepost, plan: Path, ours: list[str], theirs: list[str]) -> None:
    git("checkout", "-qb", "theirs")
    tick(milepost, plan, *theirs)
    git("checkout", "-q", "main")
    tick(milepost, plan, *ours)


def use_driver(milepost: Milepost, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    assert milepost("git", "install").code == 0


def test_ticks_of_two_branches_merge_and_what_follows_is_computed_anew(
    milepost: Milepost, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_driver(milepost, monkeypatch)
    assert "specs/**/tasks.md merge=milepost" in Path(".gitattributes").read_text()
    branches(milepost, plan, ["1.1"], ["1.2"])
    git("merge", "-q", "theirs", "-m", "merge")
    text = plan.read_text()
    assert "<<<<" not in text
    assert [line[3:4] for line in text.split("\n") if line.startswith("- [")] == ["x", "x", " "]
    assert "**Status:** 66% Complete" in text  # 2 of 3
    assert "**Progress:** 2/3 tasks complete" in text
    assert "| In Progress" in text


def test_words_that_both_sides_changed_stay_a_conflict(
    milepost: Milepost, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_driver(milepost, monkeypatch)
    git("checkout", "-qb", "theirs")
    plan.write_text(plan.read_text().replace("Sow", "Sow beans"))
    tick(milepost, plan, "1.1")
    git("checkout", "-q", "main")
    plan.write_text(plan.read_text().replace("Sow", "Sow peas"))
    tick(milepost, plan, "1.3")
    git("merge", "-q", "theirs", "-m", "merge", check=False)
    text = plan.read_text()
    assert "<<<<<<< ours" in text
    assert "Sow beans" in text
    assert "Sow peas" in text
    assert "[x] **1.1**" in text
    assert "[x] **1.3**" in text


def test_without_the_driver_repair_resolves_what_is_computed(milepost: Milepost, plan: Path) -> None:
    branches(milepost, plan, ["1.1"], ["1.2", "1.3"])
    git("merge", "-q", "theirs", "-m", "merge", check=False)
    assert "<<<<<<<" in plan.read_text()
    assert milepost("sync", str(plan), "--repair").code == 0
    text = plan.read_text()
    assert "<<<<" not in text
    assert text.count("[x]") == 3
    assert "**Status:** Complete" in text
    assert "**Progress:** 3/3 tasks complete" in text


def test_repair_leaves_peoples_words_to_people(milepost: Milepost, plan: Path) -> None:
    text = PLAN.replace(
        "- [ ] **1.1** Dig\n",
        "<<<<<<< HEAD\n- [x] **1.1** Dig deep\n=======\n- [ ] **1.1** Dig\n>>>>>>> theirs\n",
    ).replace(
        "**Progress:** 0/3 tasks complete\n",
        "<<<<<<< HEAD\n**Progress:** 1/3 tasks complete\n=======\n**Progress:** 0/3 tasks complete\n>>>>>>> theirs\n",
    )
    plan.write_text(text)
    told = milepost("sync", str(plan), "--repair")
    assert told.code == 1
    assert "1 conflict is left" in told.err
    assert plan.read_text().count("<<<<<<<") == 1


def test_git_install_says_what_is_missing(milepost: Milepost, project: Path) -> None:
    told = milepost("git", "install")
    assert told.code == 2
    assert "inside a git repository" in told.err
