"""Worktrees after a crash: another process goes on from what is on disk, and whatever git was in the middle of."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from tests.adapters.repository import MERGED, SILENCE, Repo, done, workspace

from milepost.errors import WorkspaceUnavailable


@pytest.fixture(autouse=True)
def _silence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SILENCE.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "project", a="one\ntwo\nthree\n", src__b="b\n", **{"plan.md": "# Plan\n"})


def test_everything_can_be_done_twice(repo: Repo) -> None:
    folder = workspace(repo).enter("1", 1)
    assert workspace(repo).enter("1", 1) == folder
    (folder / "a").write_text("x\n")
    left = workspace(repo).keep("1", 1, "1")
    (folder / "a").write_text("left by a verification\n")
    assert workspace(repo).keep("1", 1, "1") == left
    assert workspace(repo).merge("1", 1, "Merge 1") is None
    merged = repo.git("rev-parse", MERGED)
    workspace(repo).leave("1", 1)
    # Killed before anybody heard of it: the attempt is gone through once more.
    again = workspace(repo)
    again.enter("1", 1)
    assert again.keep("1", 1, "1")[:2] == left[:2]
    assert again.merge("1", 1, "Merge 1") is None
    again.leave("1", 1)
    assert repo.git("rev-parse", MERGED) == merged
    assert repo.show("main", "a") == "x\n"


def test_a_worktree_that_was_never_finished_is_made_anew(repo: Repo) -> None:
    space = workspace(repo)
    folder = space.enter("1", 1)
    folder.with_name("1.ready").unlink()
    (folder / "a").unlink()
    gitdir = Path((folder / ".git").read_text().removeprefix("gitdir: ").strip())
    (gitdir / "locked").write_text("initializing\n")
    assert (workspace(repo).enter("1", 1) / "a").exists()
    assert len(repo.worktrees()) == 2


def test_what_attempts_left_that_run_no_more_is_kept_and_their_worktrees_go(repo: Repo) -> None:
    space = workspace(repo)
    for task in ("1", "2", "3"):
        (space.enter(task, 1) / "a").write_text(f"left by {task}\n")
    shutil.rmtree(space.enter("3", 1))
    space.look("checkpoint-1/1")
    assert workspace(repo).tidy([("2", 1)]) == []
    assert repo.show("milepost/plan.md-1/1/1", "a") == "left by 1\n"
    assert repo.worktrees() == [str(repo.root), str(space.enter("2", 1))]
    assert repo.show("main", "a") == "one\ntwo\nthree\n"


def test_locks_of_a_killed_git_beside_our_own_references_are_removed(repo: Repo) -> None:
    done(workspace(repo), "1", a="x\n")
    for name in ("refs/milepost/plan.md-1/merged.lock", "refs/heads/milepost/plan.md-1/2/1.lock"):
        lock = repo.root / ".git" / name
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()
    assert done(workspace(repo), "2", a="y\n") is None


def test_to_look_at_what_is_merged(repo: Repo) -> None:
    space = workspace(repo)
    done(space, "1", a="x\n")
    folder = space.look("Checkpoint 1/1")
    assert (folder / "a").read_text() == "x\n"
    space.forget("Checkpoint 1/1")
    assert not folder.exists()
    assert repo.worktrees() == [str(repo.root)]


def test_a_run_that_has_begun_goes_on_whatever_the_tree_is_like(repo: Repo) -> None:
    done(workspace(repo), "1", a="x\n")
    repo.git("checkout", "-q", "--detach")
    repo.write(src__b="changed\n")
    assert done(workspace(repo), "2", a="y\n") is None
    assert repo.show("main", "a") == "y\n"


def test_a_full_disk_is_told_and_what_failed_can_be_done_again(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit on the size of files stands in for the disk."""
    space = workspace(repo)
    folder = space.enter("1", 1)
    (folder / "big").write_bytes(os.urandom(200_000))
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(WorkspaceUnavailable) as refusal:
            space.keep("1", 1, "1")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "nothing is lost" in refusal.value.remedy
    assert space.keep("1", 1, "1").files == ("big",)
