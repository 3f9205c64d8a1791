"""Repositories in which a run with worktrees cannot begin, and what it is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.adapters.repository import SILENCE, Repo

from milepost.adapters.git_workspace import GitWorkspace
from milepost.errors import WorkspaceUnavailable

RUN = "plan.md#1"


@pytest.fixture(autouse=True)
def _silence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SILENCE.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "project", a="one\n", **{"plan.md": "# Plan\n"})


def refused(root: Path) -> str:
    with pytest.raises(WorkspaceUnavailable) as refusal:
        GitWorkspace(root, RUN, root / "plan.md").begin()
    assert 'workspace = "in-place"' in refusal.value.remedy
    return str(refusal.value)


def test_no_repository(tmp_path: Path) -> None:
    assert refused(tmp_path) == "the project is in no git repository"


def test_no_git(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    assert refused(repo.root) == "git is not installed"


def test_git_too_old(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "bin" / "git"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho git version 2.34.1\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")
    assert refused(repo.root) == "git 2.34.1 is too old: it cannot merge outside of a folder"


def test_no_commits(tmp_path: Path) -> None:
    assert refused(Repo(tmp_path / "empty").root) == "the repository has no commits"


def test_no_branch(repo: Repo) -> None:
    repo.git("checkout", "-q", "--detach")
    assert refused(repo.root) == "no branch is checked out, to which work could go"


def test_a_bare_repository(tmp_path: Path, repo: Repo) -> None:
    bare = tmp_path / "bare"
    repo.git("clone", "-q", "--bare", ".", str(bare))
    assert refused(bare) == "the project lies in a repository without files of its own"


def test_a_project_that_was_never_committed(repo: Repo) -> None:
    (repo.root / "new").mkdir()
    assert refused(repo.root / "new") == "the project's folder has never been committed"


def test_a_branch_in_the_way(repo: Repo) -> None:
    repo.git("branch", "milepost")
    assert refused(repo.root) == "a branch called milepost leaves no room for milepost/…"


def test_submodules(repo: Repo, tmp_path: Path) -> None:
    Repo(tmp_path / "other", x="x")
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(tmp_path / "other"), "lib")
    repo.git("commit", "-qm", "lib")
    assert refused(repo.root) == "the repository has submodules, which worktrees do not share: lib"


@pytest.mark.parametrize("staged", [False, True])
def test_changes_that_are_not_committed(repo: Repo, staged: bool) -> None:
    repo.write(a="x\n")
    if staged:
        repo.git("add", "a")
    assert refused(repo.root) == (
        "there are changes that are not committed, which workers in worktrees would not see: a"
    )


def test_changes_to_the_plan_and_unknown_files_keep_no_run_from_beginning(repo: Repo) -> None:
    repo.write(**{"plan.md": "# Edited\n", "notes": "x", ".milepost__x": "x"})
    notices = GitWorkspace(repo.root, RUN, repo.root / "plan.md").begin()
    assert notices == ["files that are not committed are not seen by workers in worktrees: notes"]
