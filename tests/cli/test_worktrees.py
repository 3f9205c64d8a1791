"""Plans whose tasks are done in git worktrees, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.adapters.repository import SILENCE, Repo
from tests.cli.conftest import Milepost

SETTINGS = """\
[run]
workspace = "worktree"

[tiers.2]
driver = "command"
attempts = 1

[tiers.3]
driver = "command"
attempts = 1
"""

PLAN = """\
# Letters - Implementation Plan

**Status:** Not Started

### **Phase 1: Letters**

- [ ] **1.1** Write a
  - _Files: a_
  - _Run: echo a > a; echo $MILEPOST_TIER >> $MILEPOST_ATTEMPT_DIR/../tiers; test $MILEPOST_TIER = 2 || echo b > b_
- [ ] **1.2** Write c
  - _Depends: 1.1_
  - _Run: cat a > c; sed -i 's/\\[ \\]/[x]/' tasks.md_
  - _Verify: grep a c_

## Checkpoints

### **Checkpoint 1: After Phase 1**

- [ ] Both are there `cat a c`

**Progress:** 0/2 tasks complete
"""


@pytest.fixture
def repo(project: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    for name, value in SILENCE.items():
        monkeypatch.setenv(name, value)
    return Repo(project, **{"milepost.toml": SETTINGS, "tasks.md": PLAN})


def test_a_plan_is_run_in_worktrees_and_its_document_ticked(milepost: Milepost, repo: Repo) -> None:
    result = milepost("run", "tasks.md", "--trust")
    assert result.code == 0, result.out + result.err
    assert (
        "1.1 escalated from tier 3 to tier 2: it failed once: it changed what its task may not: b (it may: a)"
        in result.out
    )
    assert (repo.show("main", "a"), repo.show("main", "c")) == ("a\n", "a\n")
    assert repo.status() == [" M tasks.md"]  # ticked by the supervisor, and by nobody else
    text = (repo.root / "tasks.md").read_text()
    assert "**Progress:** 2/2 tasks complete" in text
    assert repo.show("main", "tasks.md") == PLAN


def test_in_place_is_the_default_and_touches_nothing_of_git(milepost: Milepost, repo: Repo) -> None:
    (repo.root / "milepost.toml").write_text("")
    before = repo.git("for-each-ref"), repo.git("rev-parse", "HEAD")
    assert milepost("run", "tasks.md", "--trust").code == 0
    assert (repo.git("for-each-ref"), repo.git("rev-parse", "HEAD")) == before
    assert (repo.root / "b").exists()


def test_changes_that_are_not_committed_are_told_before_anything_runs(milepost: Milepost, repo: Repo) -> None:
    repo.commit("a", a="a\n")
    repo.write(a="mine\n")
    result = milepost("run", "tasks.md", "--trust")
    assert result.code == 1
    assert "error[workspace-unavailable]: there are changes that are not committed" in result.err
    assert (
        'help: commit or stash them, or have attempts work in the project\'s own folder: workspace = "in-place"'
        in result.err
    )
    assert (repo.root / "a").read_text() == "mine\n"
    repo.git("checkout", "a")
    assert milepost("run", "tasks.md").code == 0


def test_no_repository(milepost: Milepost, project: Path) -> None:
    (project / "milepost.toml").write_text(SETTINGS)
    (project / "tasks.md").write_text(PLAN)
    result = milepost("run", "tasks.md", "--trust", "--json")
    assert (result.code, result.json["error"]["code"]) == (1, "workspace-unavailable")
    assert "the project is in no git repository" in result.err


@pytest.mark.parametrize(
    ("section", "line", "message"),
    [
        ("run", 'workspace = "cloud"', "there is no workspace `cloud`"),
        ("tiers.3", 'driver = "manual"\nworkspace = "worktree"', "who claims a task by hand works wherever they like"),
        ("tiers.3", 'driver = "command"\ncwd = "attempt"\nworkspace = "worktree"', "are two different folders"),
    ],
)
def test_settings_that_make_no_sense(milepost: Milepost, repo: Repo, section: str, line: str, message: str) -> None:
    (repo.root / "milepost.toml").write_text(f"[{section}]\n{line}\n")
    result = milepost("run", "tasks.md")
    assert (result.code, message in result.err) == (3, True)
    assert f"milepost.toml:{line.count(chr(10)) + 2}" in result.err


def test_tiers_of_people_and_of_folders_of_their_own_have_no_worktrees(milepost: Milepost, repo: Repo) -> None:
    settings = SETTINGS.replace('[tiers.3]\ndriver = "command"', '[tiers.3]\ndriver = "command"\ncwd = "attempt"')
    repo.commit("settings", **{"milepost.toml": settings})
    result = milepost("run", "tasks.md", "--trust", "--no-wait")
    assert result.code == 1  # 1.2 finds no `a` in a folder of its own, but 1.1 has left no branch either
    assert not any("/1.1/" in name for name in repo.branches())
