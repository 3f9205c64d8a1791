"""Worktrees, branches and merges of attempts, with a real git."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.adapters.repository import MERGED, SILENCE, Repo, done, workspace


@pytest.fixture(autouse=True)
def _silence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SILENCE.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "project", a="one\ntwo\nthree\n", src__b="b\n", **{"plan.md": "# Plan\n"})


# What an attempt goes through


def test_an_attempt_works_on_a_branch_of_its_own_and_comes_back_to_the_branch_checked_out(repo: Repo) -> None:
    space = workspace(repo)
    folder = space.enter("2.1", 1)
    assert folder == repo.root / ".milepost/worktrees/plan.md-1/2.1/1"
    assert (folder / "a").read_text() == "one\ntwo\nthree\n"
    (folder / "a").write_text("changed\n")
    (folder / "new").write_text("new\n")
    assert (repo.root / "a").read_text() == "one\ntwo\nthree\n"
    left = space.keep("2.1", 1, "2.1 Do it")
    assert (left.branch, left.files, left.complaint) == ("milepost/plan.md-1/2.1/1", ("a", "new"), "")
    assert repo.git("log", "-1", "--format=%s by %an", left.branch) == "2.1 Do it by Ada\n"
    assert space.merge("2.1", 1, "Merge 2.1") is None
    space.leave("2.1", 1)
    assert (repo.root / "a").read_text() == "changed\n"
    assert repo.git("rev-parse", "main") == repo.git("rev-parse", MERGED) == repo.git("rev-parse", left.branch)
    assert repo.status() == []
    assert repo.worktrees() == [str(repo.root)]
    assert repo.branches() == ["main", "milepost/plan.md-1/2.1/1"]


def test_attempts_side_by_side_are_merged_and_the_next_one_sees_both(repo: Repo) -> None:
    space = workspace(repo)
    one, other = space.enter("1", 1), space.enter("2", 1)
    (one / "a").write_text("ONE\ntwo\nthree\n")
    (other / "a").write_text("one\ntwo\nTHREE\n")
    for task in ("1", "2"):
        space.keep(task, 1, task)
        assert space.merge(task, 1, f"Merge {task}") is None
    assert (space.enter("3", 1) / "a").read_text() == "ONE\ntwo\nTHREE\n"
    assert repo.git("log", "--format=%s", "main").splitlines()[0] == "Merge 2"


def test_a_worker_that_does_nothing_leaves_nothing(repo: Repo) -> None:
    space = workspace(repo)
    before = repo.git("rev-parse", "main")
    assert done(space, "1") is None
    assert repo.git("rev-parse", "main") == before


def test_what_a_worker_committed_itself_counts(repo: Repo) -> None:
    space = workspace(repo)
    folder = space.enter("1", 1)
    subprocess.run("echo x > x && git add x && git commit -qm own && echo y > y", cwd=folder, shell=True, check=True)
    assert space.keep("1", 1, "the rest").files == ("x", "y")
    assert repo.git("log", "--format=%s", "main..milepost/plan.md-1/1/1").splitlines() == ["the rest", "own"]


@pytest.mark.parametrize("move", ["git switch -qc elsewhere", "git checkout -q --detach", "git checkout -q HEAD~1"])
def test_wherever_a_worker_went_in_its_worktree_all_it_did_is_on_its_branch(repo: Repo, move: str) -> None:
    space = workspace(repo)
    folder = space.enter("1", 1)
    script = f"echo x > x && git add x && git commit -qm own && {move} && echo y > y && git add y && git commit -qm y"
    subprocess.run(script, cwd=folder, shell=True, check=True)
    left = space.keep("1", 1, "1")
    assert {"own", "y"} <= set(repo.git("log", "--format=%s", left.branch).splitlines())
    assert repo.show(left.branch, "y") == "y\n"


def test_the_plan_and_what_is_mileposts_own_are_never_merged(repo: Repo) -> None:
    space = workspace(repo)
    folder = space.enter("1", 1)
    (folder / "plan.md").write_text("# Ticked\n")
    (folder / ".milepost").mkdir()
    (folder / ".milepost" / "ledger.db").write_text("x")
    subprocess.run("git add -f . && git commit -qm all && echo '# Twice' > plan.md", cwd=folder, shell=True, check=True)
    (repo.root / "plan.md").write_text("# Written by the supervisor meanwhile\n")
    assert space.keep("1", 1, "1").files == ()
    assert space.merge("1", 1, "Merge 1") is None
    assert repo.show("main", "plan.md") == "# Plan\n"
    assert (repo.root / "plan.md").read_text() == "# Written by the supervisor meanwhile\n"


def test_a_project_below_the_top_of_its_repository(repo: Repo) -> None:
    root = repo.root / "src"
    repo.commit("plan", **{"src__plan.md": "# Plan\n"})
    space = workspace(repo, root)
    folder = space.enter("1", 1)
    assert folder.relative_to(root).as_posix() == ".milepost/worktrees/src+plan.md-1/1/1/src"
    (folder / "b").write_text("B\n")
    (folder / "plan.md").write_text("# Ticked\n")
    (folder.parent / "a").write_text("A\n")
    assert space.keep("1", 1, "1").files == ("../a", "b")
    space.merge("1", 1, "Merge 1")
    assert (root / "b").read_text() == "B\n"
    assert (root / "plan.md").read_text() == "# Plan\n"


def test_without_a_name_git_knows_commits_are_mileposts(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.git("config", "--unset", "user.name")
    repo.git("config", "--unset", "user.email")
    space = workspace(repo)
    done(space, "1", a="x\n")
    assert repo.git("log", "-1", "--format=%an %ae", "main") == "Milepost milepost@localhost\n"


def test_hooks_are_not_run(repo: Repo) -> None:
    for name in ("pre-commit", "post-checkout", "post-merge", "reference-transaction"):
        hook = repo.root / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\necho called >> $GIT_DIR/called\nexit 1\n")
        hook.chmod(0o755)
    space = workspace(repo)
    assert done(space, "1", a="x\n") is None
    assert (repo.root / "a").read_text() == "x\n"


def test_filters_such_as_those_of_large_files_work(repo: Repo) -> None:
    """What is stored is in lower case, what lies in a folder in upper case."""
    repo.git("config", "filter.case.clean", "tr A-Z a-z")
    repo.git("config", "filter.case.smudge", "tr a-z A-Z")
    repo.commit("filter", **{".gitattributes": "*.big filter=case\n", "x.big": "HELLO\n"})
    space = workspace(repo)
    assert (space.enter("1", 1) / "x.big").read_text() == "HELLO\n"
    assert done(space, "1", 1, **{"x.big": "WORLD\n"}) is None
    assert repo.show("main", "x.big") == "world\n"
    assert (repo.root / "x.big").read_text() == "WORLD\n"


# What does not go well


def test_a_conflict_shows_both_sides_and_merges_nothing(repo: Repo) -> None:
    space = workspace(repo)
    one, other = space.enter("1", 1), space.enter("2", 1)
    (one / "a").write_text("one\nfrom 1\nthree\n")
    (other / "a").write_text("one\nfrom 2\nthree\n")
    space.keep("1", 1, "1 The first")
    space.keep("2", 1, "2 The second")
    assert space.merge("1", 1, "Merge 1") is None
    before = repo.git("rev-parse", MERGED)
    conflict = space.merge("2", 1, "Merge 2")
    assert conflict is not None
    assert (conflict.files, conflict.others) == (("a",), ("1 The first",))
    assert "+from 2" in conflict.ours
    assert "+from 1" in conflict.theirs
    assert repo.git("rev-parse", MERGED) == before
    assert (repo.root / "a").read_text() == "one\nfrom 1\nthree\n"


def test_a_diff_of_a_conflict_is_cut_where_it_is_long(repo: Repo) -> None:
    space = workspace(repo)
    space.enter("1", 1)
    space.enter("2", 1)
    done(space, "1", a="x\n" * 10_000)
    conflict = done(space, "2", a="y\n" * 10_000)
    assert conflict is not None
    assert len(conflict.ours) < 6200  # the limit of 6000 and the line that says so
    assert "shows all of it" in conflict.ours


def test_an_unfinished_merge_and_a_repository_in_the_worktree_are_complaints(repo: Repo) -> None:
    space = workspace(repo)
    repo.git("switch", "-qc", "side")
    repo.commit("side", a="side\n")
    repo.git("switch", "-q", "main")
    folder = space.enter("1", 1)
    script = "echo x > a && git commit -qam x && git merge -q side; git init -q sub && cd sub && $commit"
    commit = "git -c user.name=x -c user.email=x commit -q --allow-empty -m x"
    subprocess.run(script.replace("$commit", commit), cwd=folder, shell=True, check=True, capture_output=True)
    left = space.keep("1", 1, "1")
    assert left.complaint == "it left a git repository of its own in sub"
    space.leave("1", 1)
    folder = space.enter("1", 2)
    subprocess.run("echo x > a && git commit -qam x && ! git merge -q side", cwd=folder, shell=True, check=True)
    assert space.keep("1", 2, "1").complaint == "it left a merge unfinished"


def test_a_worker_that_removes_its_worktree_loses_its_work_and_no_more(repo: Repo) -> None:
    space = workspace(repo)
    shutil.rmtree(space.enter("1", 1))
    assert space.keep("1", 1, "1").complaint == "its worktree is gone"
    space.leave("1", 1)
    assert done(space, "1", 2, a="x\n") is None


def test_a_worker_killed_in_the_middle_of_a_git_command_holds_nothing_up(repo: Repo) -> None:
    space = workspace(repo)
    folder = space.enter("1", 1)
    gitdir = Path((folder / ".git").read_text().removeprefix("gitdir: ").strip())
    (gitdir / "index.lock").touch()
    (folder / "a").write_text("x\n")
    assert space.keep("1", 1, "1").files == ("a",)


# The tree of the user


def test_uncommitted_changes_are_never_overwritten_and_work_waits_beside_them(repo: Repo) -> None:
    space = workspace(repo)
    folder = space.enter("1", 1)
    (folder / "a").write_text("by the worker\n")
    space.keep("1", 1, "1")
    repo.write(a="by the user\n")
    assert space.merge("1", 1, "Merge 1") is None
    space.leave("1", 1)
    assert (repo.root / "a").read_text() == "by the user\n"
    assert repo.show(MERGED, "a") == "by the worker\n"
    (notice,) = space.tidy(())
    assert "is not in main yet" in notice
    assert f"git merge {MERGED}" in notice
    repo.git("checkout", "a")
    assert space.tidy(()) == []
    assert (repo.root / "a").read_text() == "by the worker\n"


def test_changes_to_other_files_stay_while_work_arrives(repo: Repo) -> None:
    space = workspace(repo)
    repo.write(src__b="by the user\n", c="new\n")
    repo.git("add", "c")
    done(space, "1", a="x\n")
    assert (repo.root / "a").read_text() == "x\n"
    assert repo.status() == ["A  c", " M src/b"]


@pytest.mark.parametrize("ignored", [False, True])
def test_a_file_of_the_user_that_git_does_not_know_is_never_overwritten(repo: Repo, ignored: bool) -> None:
    space = workspace(repo)
    if ignored:
        (repo.root / ".git" / "info").mkdir(exist_ok=True)
        (repo.root / ".git" / "info" / "exclude").write_text("new\n")
    repo.write(new="by the user\n")
    folder = space.enter("1", 1)
    (folder / "new").write_text("by the worker\n")
    subprocess.run(["git", "add", "-f", "new"], cwd=folder, check=True)
    space.keep("1", 1, "1")
    space.merge("1", 1, "Merge 1")
    assert (repo.root / "new").read_text() == "by the user\n"
    assert len(space.tidy([("1", 1)])) == 1


def test_what_the_user_commits_meanwhile_is_merged_too(repo: Repo) -> None:
    space = workspace(repo)
    space.enter("1", 1)
    repo.commit("By hand", src__b="by the user\n")
    done(space, "1", a="by the worker\n")
    assert (repo.show("main", "a"), repo.show("main", "src/b")) == ("by the worker\n", "by the user\n")
    assert (space.enter("2", 1) / "src/b").read_text() == "by the user\n"


def test_a_commit_of_the_user_that_conflicts_with_what_is_merged_is_left_to_people(repo: Repo) -> None:
    space = workspace(repo)
    folder = space.enter("1", 1)
    (folder / "a").write_text("by the worker\n")
    space.keep("1", 1, "1")
    repo.write(a="not yet committed\n")
    space.merge("1", 1, "Merge 1")
    repo.commit("By hand", a="by the user\n")
    (notice,) = space.tidy([("1", 1)])
    assert "it changed a as well" in notice
    assert repo.show("main", "a") == "by the user\n"
    assert repo.show(MERGED, "a") == "by the worker\n"


def test_the_branch_moves_also_when_another_one_is_checked_out_by_then(repo: Repo) -> None:
    space = workspace(repo)
    repo.git("switch", "-qc", "other")
    done(space, "1", a="x\n")
    assert repo.show("main", "a") == "x\n"
    assert (repo.root / "a").read_text() == "one\ntwo\nthree\n"


def test_a_branch_that_is_checked_out_elsewhere_is_left_alone(repo: Repo, tmp_path: Path) -> None:
    space = workspace(repo)
    repo.git("switch", "-qc", "other")
    repo.git("worktree", "add", "-q", str(tmp_path / "elsewhere"), "main")
    done(space, "1", a="x\n")
    assert "is not in main yet" in space.tidy(())[0]
    assert (tmp_path / "elsewhere" / "a").read_text() == "one\ntwo\nthree\n"
