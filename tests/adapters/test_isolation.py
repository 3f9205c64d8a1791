"""Runs whose attempts work in git worktrees: what is merged, what is refused, what the next worker is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.adapters.repository import SILENCE, Repo
from tests.adapters.stage import RUN, Stage, task

from milepost.adapters.git_workspace import GitWorkspace
from milepost.adapters.isolation import Isolation
from milepost.adapters.local_engine import Ended, LocalEngine
from milepost.errors import WorkspaceUnavailable
from milepost.execution import events as ev
from milepost.execution.commands import Unblock
from milepost.execution.policy import CheckpointSpec, CriterionSpec, TierPolicy
from milepost.execution.queries import Outcome
from milepost.execution.records import TaskStatus

BRANCH = "milepost/plan-1"


@pytest.fixture(autouse=True)
def _silence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SILENCE.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path, a="one\ntwo\nthree\n", **{"plan.md": "# Plan\n", ".gitignore": ".milepost/\nignored\n"})


def engine(stage: Stage, repo: Repo, *tiers: int, criteria: bool = True, wait: bool = False) -> LocalEngine:
    made = stage.engine(wait=wait)
    workspace = GitWorkspace(stage.root, RUN, stage.root / "plan.md")
    made.isolation = Isolation(workspace, frozenset(tiers or (1, 2, 3)), criteria)
    return made


def test_tasks_build_on_each_other_and_end_on_the_branch(stage: Stage, repo: Repo) -> None:
    stage.begin(
        task("1", "echo 1 >> log; pwd > ignored"),
        task("2", "echo 2 >> log; test ! -e ignored", "1", verify=("grep 1 log", "echo x > left-by-verify")),
    )
    assert engine(stage, repo).run() == Ended(Outcome.FINISHED)
    assert repo.show("main", "log") == "1\n2\n"
    assert stage.lines("log") == ["1", "2"]
    assert repo.status() == []
    assert repo.worktrees() == [str(stage.root)]
    evidence = stage.events(ev.TaskCompleted)[1].evidence
    assert evidence["workspace"]["files"] == ["log"]
    assert evidence["workspace"]["branch"] == f"{BRANCH}/2/1"
    assert evidence["workspace"]["commit"] == repo.git("rev-parse", f"{BRANCH}/2/1").strip()


def test_tasks_at_the_same_time_do_not_see_each_other(stage: Stage, repo: Repo) -> None:
    """Each waits for the other's sign outside of the repository, so they do run at the same time."""
    meet = "touch $MILEPOST_ATTEMPT_DIR/../../../met-{0}; until test -e $MILEPOST_ATTEMPT_DIR/../../../met-{1}; do sleep 0.01; done"
    stage.begin(
        task("1", f"echo 1 > new; {meet.format(1, 2)}; test $(cat new) = 1 && mv new one"),
        task("2", f"echo 2 > new; {meet.format(2, 1)}; test $(cat new) = 2 && mv new two"),
    )
    assert engine(stage, repo).run() == Ended(Outcome.FINISHED)
    assert (repo.show("main", "one"), repo.show("main", "two")) == ("1\n", "2\n")


def test_tiers_without_isolation_work_in_the_projects_folder(stage: Stage, repo: Repo) -> None:
    stage.begin(task("1", "pwd > where", tier=1), task("2", "pwd > there", "1", tier=2))
    assert engine(stage, repo, 2).run() == Ended(Outcome.FINISHED)
    assert stage.lines("where") == [str(stage.root)]
    assert stage.lines("there") == [f"{stage.root}/.milepost/worktrees/plan-1/2/1"]


def test_a_failed_attempt_keeps_its_branch_and_the_next_begins_afresh(stage: Stage, repo: Repo) -> None:
    command = "test ! -e half || exit 2; if test $MILEPOST_ATTEMPT = 1; then echo x > half; exit 1; fi; cp $MILEPOST_BRIEF brief"
    stage.begin(task("1", command))
    assert engine(stage, repo).run() == Ended(Outcome.FINISHED)
    assert repo.show(f"{BRANCH}/1/1", "half") == "x\n"
    assert "half" not in repo.git("ls-tree", "--name-only", "main").split()
    brief = repo.show("main", "brief")
    assert f"- attempt 1 left its work on branch `{BRANCH}/1/1`: half" in brief
    assert "In a git worktree of your own" in brief


def test_changes_outside_of_its_files_fail_an_attempt(stage: Stage, repo: Repo) -> None:
    command = "mkdir -p src && echo x > src/a && if test $MILEPOST_ATTEMPT = 1; then echo x > b; git rm -q a; fi"
    stage.begin(task("1", command, files=("src/",)))
    assert engine(stage, repo).run() == Ended(Outcome.FINISHED)
    (failed,) = stage.events(ev.AttemptFailed)
    assert failed.reason == "it changed what its task may not: a, b (it may: src/)"
    assert failed.evidence["outside"] == ["a", "b"]
    assert sorted(repo.git("ls-tree", "-r", "--name-only", "main").split()) == [".gitignore", "a", "plan.md", "src/a"]


def test_a_failing_verification_merges_nothing(stage: Stage, repo: Repo) -> None:
    stage.begin(task("1", "echo bad > b", tier=1, verify=("! grep -q bad b",)))
    assert engine(stage, repo).run() == Ended(Outcome.STUCK)
    assert repo.git("log", "--format=%s", "main") == "Begin\n"
    assert repo.show(f"{BRANCH}/1/1", "b") == "bad\n"


def conflicting(stage: Stage) -> None:
    """Two tasks begin at the same time and change the same line; the second one ends when the first is merged."""
    sign = "$MILEPOST_ATTEMPT_DIR/../../../begun"
    first = f"until test -e {sign}; do sleep 0.01; done; sed -i s/two/first/ a"
    second = (
        f"cp $MILEPOST_BRIEF $MILEPOST_ATTEMPT_DIR/../brief; touch {sign}; if test $MILEPOST_TIER = 3; then "
        f"until git show main:a | grep -q first; do sleep 0.01; done; sed -i s/two/second/ a; "
        f"else sed -i s/first/both/ a; fi"
    )
    stage.begin(task("1", first, tier=2), task("2", second, tier=3))


def test_a_conflict_escalates_with_both_sides_in_the_brief(stage: Stage, repo: Repo) -> None:
    conflicting(stage)
    assert engine(stage, repo).run() == Ended(Outcome.FINISHED)
    assert repo.show("main", "a") == "one\nboth\nthree\n"
    (escalated,) = stage.events(ev.TaskEscalated)
    assert escalated.reason == "its work conflicts with 1 Task 1 in a"
    (brief,) = stage.root.glob(".milepost/runs/*/tasks/2/brief")
    told = brief.read_text()
    assert "### Conflict in a" in told
    assert "+first" in told
    assert "+second" in told
    assert f"`git merge {BRANCH}/2/1`" in told


def test_a_conflict_on_the_strongest_tier_waits_for_a_human(stage: Stage, repo: Repo) -> None:
    sign = "$MILEPOST_ATTEMPT_DIR/../../../begun"
    first = f"until test -e {sign}; do sleep 0.01; done; echo 1 > a"
    second = f"touch {sign}; if test $MILEPOST_ATTEMPT = 1; then until git show main:a | grep -q 1; do sleep 0.01; done; echo 2 > a; else echo 3 > a; fi"
    stage.begin(task("1", first, tier=1), task("2", second, tier=1), tiers=(TierPolicy(1, "Only", 2, 2),))
    assert engine(stage, repo).run() == Ended(Outcome.STUCK)
    assert stage.state.tasks["2"].reason == "its work conflicts with 1 Task 1 in a; no tier is stronger than Only"
    stage.session().execute(Unblock(0.0, "2", "ann"))
    assert engine(stage, repo).run() == Ended(Outcome.FINISHED)
    assert repo.show("main", "a") == "3\n"


def test_criteria_look_at_what_is_merged_whatever_the_users_files_are_like(stage: Stage, repo: Repo) -> None:
    gate = CheckpointSpec("c1", "Checkpoint 1", ("1",), criteria=(CriterionSpec("fine", "pwd; grep worker a"),))
    stage.begin(task("1", "test -e ready || (touch $MILEPOST_ATTEMPT_DIR/../x); echo worker > a"), checkpoints=(gate,))
    made = engine(stage, repo)
    notices: list[str] = []
    made.on_notice = notices.append

    def edit(event: ev.Event, state: object) -> None:
        if isinstance(event, ev.AttemptStarted):
            repo.write(a="user\n")

    made.on_event = edit
    assert made.run() == Ended(Outcome.FINISHED)
    assert stage.lines("a") == ["user"]
    assert "is not in main yet" in notices[-1]
    assert repo.worktrees() == [str(stage.root)]


def test_a_task_that_overran_leaves_its_work_on_its_branch(stage: Stage, repo: Repo) -> None:
    command = "if test $MILEPOST_TIER = 3; then echo x > half; sleep 1000; fi"
    # five seconds, so that the worker has written its file by then however busy the machine is
    stage.begin(task("1", command, effort=5), factor=1.0)
    assert engine(stage, repo).run() == Ended(Outcome.FINISHED)
    assert repo.show(f"{BRANCH}/1/1", "half") == "x\n"
    assert stage.events(ev.AttemptOverran)[0].evidence["workspace"]["files"] == ["half"]


def test_the_worker_finds_the_plan_of_the_project(stage: Stage, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(stage.root)
    stage.begin(task("1", "test $MILEPOST_PLAN -ef " + str(stage.root / "plan.md")))
    assert engine(stage, repo).run() == Ended(Outcome.FINISHED)


def test_where_worktrees_cannot_be_made_nothing_begins(stage: Stage) -> None:
    stage.begin(task("1", "echo x > x"))
    made = stage.engine()
    made.isolation = Isolation(GitWorkspace(stage.root, RUN), frozenset((1, 2, 3)))
    with pytest.raises(WorkspaceUnavailable, match="in no git repository"):
        made.run()
    assert stage.kinds("1") == []
    assert not (stage.root / "x").exists()


def test_a_run_that_was_interrupted_keeps_what_its_workers_had_done(stage: Stage, repo: Repo) -> None:
    stage.begin(
        task("1", "if test $MILEPOST_ATTEMPT = 1; then echo x > half; kill -INT $SUPERVISOR; sleep 1000; fi", tier=1)
    )
    made = engine(stage, repo)
    made.common = type(made.common)({**made.common.env, "SUPERVISOR": str(os.getpid())})
    assert made.run() == Ended(Outcome.ACTIVE, "SIGINT")
    assert repo.show(f"{BRANCH}/1/1", "half") == "x\n"
    assert repo.worktrees() == [str(stage.root)]
    assert engine(stage, repo).run() == Ended(Outcome.FINISHED)
    assert stage.state.tasks["1"].status is TaskStatus.DONE
