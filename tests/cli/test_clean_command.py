"""Branches that attempts left, deleted."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.adapters.repository import SILENCE, Repo
from tests.cli.conftest import Milepost

SETTINGS = '[run]\nworkspace = "worktree"\n\n[tiers.3]\ndriver = "command"\nattempts = 2\n'

PLAN = """\
# Letters - Implementation Plan

- [ ] **1.1** Write a
  - _Run: echo $MILEPOST_ATTEMPT > a; test $MILEPOST_ATTEMPT = 2_
"""
FAILED, MERGED = "milepost/tasks.md-1/1.1/1", "milepost/tasks.md-1/1.1/2"


@pytest.fixture
def repo(project: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    for name, value in SILENCE.items():
        monkeypatch.setenv(name, value)
    return Repo(project, **{"milepost.toml": SETTINGS, "tasks.md": PLAN})


def test_what_is_merged_goes_and_what_failed_stays(milepost: Milepost, repo: Repo) -> None:
    milepost("run", "tasks.md", "--trust")
    assert repo.branches() == ["main", FAILED, MERGED]
    shown = milepost("clean", "--dry-run")
    assert shown.out.splitlines()[:3] == [
        f"{MERGED}  merged",
        f"{FAILED}  stays: it was not merged",
        "1 branch would be deleted",
    ]
    assert repo.branches() == ["main", FAILED, MERGED]
    assert milepost("clean").code == 0
    assert repo.branches() == ["main", FAILED]
    assert milepost("clean").out.splitlines()[1] == "0 branches deleted"


def test_failed_work_is_deleted_only_when_that_is_meant(milepost: Milepost, repo: Repo) -> None:
    milepost("run", "tasks.md", "--trust")
    refused = milepost("clean", "--all")
    assert refused.code == 2
    assert "this deletes the work of 1 attempt that was never merged" in refused.err
    assert FAILED in repo.branches()
    result = milepost("clean", "--all", "--yes", "--json")
    assert result.json["branches"] == [{"branch": FAILED, "merged": False}, {"branch": MERGED, "merged": True}]
    assert result.json["runs"] == ["tasks.md-1"]
    assert repo.branches() == ["main"]
    assert repo.git("for-each-ref", "refs/milepost") == ""


def test_work_of_a_run_that_goes_on_stays(milepost: Milepost, repo: Repo) -> None:
    repo.commit("plan", **{"tasks.md": PLAN.replace("= 2", "= 3")})
    assert milepost("run", "tasks.md", "--trust", "--no-wait").code == 1
    result = milepost("clean", "--all", "--yes", "--json")
    assert result.json["kept"] == [
        {"branch": FAILED, "why": "its run goes on"},
        {"branch": MERGED, "why": "its run goes on"},
    ]
    assert milepost("unblock", "tasks.md", "1.1").code == 0
    assert milepost("run", "tasks.md").code == 0
    assert repo.show("main", "a") == "3\n"


def test_work_that_is_not_in_its_branch_yet_stays_reachable(milepost: Milepost, repo: Repo) -> None:
    repo.write(a="mine\n")
    milepost("run", "tasks.md", "--trust")
    assert milepost("clean", "--all", "--yes", "--json").json["runs"] == []
    assert repo.show("milepost/tasks.md-1/merged", "a") == "2\n"
    assert (repo.root / "a").read_text() == "mine\n"


def test_a_branch_that_somebody_looks_at_stays(milepost: Milepost, repo: Repo, tmp_path: Path) -> None:
    milepost("run", "tasks.md", "--trust")
    repo.git("worktree", "add", "-q", str(tmp_path / "look"), MERGED)
    assert {"branch": MERGED, "why": "it is checked out"} in milepost("clean", "--json").json["kept"]


def test_without_a_repository(milepost: Milepost, project: Path) -> None:
    result = milepost("clean")
    assert (result.code, "the project is in no git repository" in result.err) == (1, True)
