"""Attempts on machines that have nothing of the project: trees travel there, and work and logs travel back."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.bucket import CREDENTIALS, running_bucket
from tests.adapters.repository import SILENCE, Repo
from tests.cli.conftest import Milepost
from tests.engines.away import MILEPOST, Away, can_hide
from tests.engines.conftest import Begin
from tests.engines.temporal_scene import DEADLINE, Server, read_until
from tests.engines.test_both_engines import GRAPH, of, plan_of

Make = Callable[..., Away]


@pytest.fixture
def away(tmp_path: Path, server: Server) -> Iterator[Make]:
    made: list[Away] = []

    def make(plan: str, **settings: str) -> Away:
        made.append(Away(tmp_path, server.address, plan, **settings))
        return made[-1]

    yield make
    for each in made:
        each.close()


def events(scene: Away, kind: str) -> list[dict[str, Any]]:
    found = json.loads(scene.milepost("log", "tasks.md", "--json"))
    return [event for event in found if event["event"] == kind]


LETTERS = plan_of(
    "1.1 pwd; echo a > a; test $MILEPOST_TIER = 2 || echo b > b",
    "1.2 pwd; cat a > c; test -f $MILEPOST_PLAN",
    "1.3 pwd; echo three >> d",
    "1.4 pwd; sleep 1; echo four >> d; test $MILEPOST_TIER = 3 && exit; git checkout -q d; cat $MILEPOST_BRIEF; "
    "git merge milepost/tasks.md-1/1.4/1 && exit 1; echo both > d; git commit -qam both",
    more=GRAPH.format("1.1 → 1.2\n1.1 → 1.3\n1.1 → 1.4"),
).replace("Task 1.1\n", "Task 1.1\n  - _Files: a_\n  - _Verify: test $(cat a) = a_\n")


def test_a_run_whose_workers_have_nothing_of_the_project(away: Make) -> None:
    scene = away(LETTERS)
    workers = [scene.worker("w1"), scene.worker("w2")]
    scene.ended(scene.run())
    # What worktrees on one machine give: bounds, verifications, merges in the order of the dependencies, and conflicts.
    failures = {event["task"]: event["reason"] for event in events(scene, "AttemptFailed")}
    conflict = "its work conflicts with 1.3 Task 1.3 in d"
    assert failures == {"1.1": "it changed what its task may not: b (it may: a)", "1.4": conflict}
    assert "### Conflict in d" in scene.milepost("log", "tasks.md", "1.4")
    assert scene.repo.show("main", "d") == "both\n"
    assert scene.repo.show("main", "a") == scene.repo.show("main", "c") == "a\n"
    assert scene.repo.status() == [" M tasks.md"]
    assert scene.repo.worktrees() == [str(scene.home)]
    completed = {event["task"]: event for event in events(scene, "TaskCompleted")}
    for event in completed.values():
        scene.repo.git("merge-base", "--is-ancestor", event["evidence"]["workspace"]["commit"], "main")
    assert "4/4 tasks complete" in (scene.home / "tasks.md").read_text()
    # Commands ran in worktrees below the workers' folders, and the logs are here although they were written there.
    for name, event in completed.items():
        place = scene.milepost("log", "tasks.md", name).splitlines()[0]
        assert Path(place).is_relative_to(scene.base / "w1") or Path(place).is_relative_to(scene.base / "w2")
        assert "capacity=8" in event["evidence"]["worker"]
    for worker in workers:
        worker.terminate()
        scene.ended(worker)
    scene.nothing_is_left_behind(*(name for name in ("w1", "w2") if (scene.base / name / ".milepost/trees").exists()))
    if can_hide():
        assert not (scene.home / ".milepost" / "trees").exists()


def test_a_project_in_a_folder_of_its_repository_and_a_log_in_two_parts(away: Make) -> None:
    plan = plan_of("1.1 cat ../up; for i in $(seq 2000); do echo line $i; done; echo made > here")
    scene = away(plan, run="log_limit_mb = 0.01", folder="sub")
    scene.repo.commit("up", up="up\n")
    scene.worker()
    scene.ended(scene.run())
    assert scene.repo.show("main", "sub/here") == "made\n"
    assert sum(path.stat().st_size == 5_000 for path in scene.base.glob("w1/.milepost/runs/**/output.log*")) == 1
    shown = scene.milepost("log", "tasks.md", "1.1").splitlines()
    assert shown[-1] == "line 2000"
    # Half of the limit is full and kept, a part of the other half is new; a line has 10 bytes.
    assert 500 < len(shown) <= 1000


def test_trees_logs_and_work_in_a_bucket(away: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with running_bucket() as address:
        store = f'[blobs]\nstore = "s3://blobs/of/tests"\nendpoint = "{address}"'
        scene = away(
            plan_of("1.1 echo one > one; echo said", "1.2 cat one > two", more=GRAPH.format("1.1 → 1.2")), store=store
        )
        scene.worker()
        scene.ended(scene.run())
        assert scene.repo.show("main", "two") == "one\n"
        assert scene.milepost("log", "tasks.md", "1.1") == "said\n"
        assert "s3://blobs/of/tests answers" in scene.milepost("doctor")
    assert "the blob store cannot be used: no answer" in scene.milepost("doctor", fails=True)


def test_worktrees_on_one_machine_with_either_engine(
    milepost: Milepost, begin: Begin, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker in the project's own folder needs neither a store nor a key."""
    for name, value in SILENCE.items():
        monkeypatch.setenv(name, value)
    begin(LETTERS, run='workspace = "worktree"')
    repo = Repo(project)
    repo.git("add", "milepost.toml", "tasks.md")
    repo.git("commit", "-qm", "Begin")
    ran = milepost("run", "tasks.md", "--trust", "--no-wait")
    failed = [(event["task"], event["attempt_no"], event["reason"]) for event in of(milepost, "AttemptFailed")]
    bounds = "it changed what its task may not: b (it may: a)"
    # Tier 3 tries twice; 1.4 escalates at once, for its conflict.
    assert failed == [("1.1", 1, bounds), ("1.1", 2, bounds), ("1.4", 1, "its work conflicts with 1.3 Task 1.3 in d")]
    assert ran.code == 0, ran.out + ran.err
    assert [repo.show("main", name) for name in "acd"] == ["a\n", "a\n", "both\n"]
    assert repo.worktrees() == [str(project)]
    assert milepost("log", "tasks.md", "1.2").out.startswith(str(project / ".milepost"))


BRANCH = "milepost/tasks.md-1/1.1/1"
HALF_DONE = (
    "1.1 test $MILEPOST_ATTEMPT = 2 && echo all > all && exit; echo one > one; git add one; git commit -qm one; "
    "echo two > two; echo ready; sleep 600"
)


@pytest.fixture
def drain() -> list[str]:
    """What the worker is told of how to leave."""
    return []


@pytest.fixture
def half_done(away: Make, drain: list[str]) -> tuple[Away, subprocess.Popen[str], subprocess.Popen[str]]:
    """A run, and a worker whose attempt has committed one file, written another, and goes on."""
    scene = away(plan_of(HALF_DONE))
    worker, run = scene.worker("w1", *drain), scene.run()
    read_until(run, "1.1 started")
    read_until(scene.start([*MILEPOST, "log", "tasks.md", "-f", "1.1"], scene.home, scene.environment), "ready")
    return scene, worker, run


def left(scene: Away) -> list[str]:
    return scene.repo.git("diff", "--name-only", f"main...{BRANCH}").split()


def test_what_an_attempt_had_written_when_the_run_is_stopped(
    half_done: tuple[Away, subprocess.Popen[str], subprocess.Popen[str]],
) -> None:
    scene, worker, run = half_done
    run.send_signal(signal.SIGINT)
    scene.ended(run, code=130)
    assert [event["reason"] for event in events(scene, "AttemptLost")] == ["the run was stopped"]
    assert left(scene) == ["one", "two"]
    assert scene.repo.worktrees() == [str(scene.home)]
    scene.ended(scene.run())
    assert scene.repo.git("ls-tree", "--name-only", "main").split() == ["all", "milepost.toml", "tasks.md"]
    worker.terminate()
    scene.ended(worker)
    scene.nothing_is_left_behind("w1")


@pytest.mark.parametrize("drain", [[], ["--drain", "0.5"]])
def test_what_an_attempt_had_written_when_its_worker_is_stopped(
    half_done: tuple[Away, subprocess.Popen[str], subprocess.Popen[str]], drain: list[str]
) -> None:
    """A second signal stops it, or the end of its patience."""
    scene, worker, run = half_done
    worker.terminate()
    read_until(worker, "1 attempt is seen through")
    if not drain:
        worker.terminate()
    scene.ended(worker)
    scene.nothing_is_left_behind("w1")
    scene.worker("w2")
    scene.ended(run)
    assert [event["reason"] for event in events(scene, "AttemptLost")] == ["its worker was stopped"]
    assert left(scene) == ["one", "two"]
    assert scene.repo.git("ls-tree", "--name-only", "main").split() == ["all", "milepost.toml", "tasks.md"]


def test_what_an_attempt_had_written_when_the_run_is_given_up(
    half_done: tuple[Away, subprocess.Popen[str], subprocess.Popen[str]],
) -> None:
    """The task is not its any more when it is stopped; what it had written is there to be looked at."""
    scene, _, run = half_done
    scene.milepost("cancel", "tasks.md", "no more money")
    run.wait()
    assert left(scene) == ["one", "two"]


def test_a_stopped_attempt_does_not_wait_for_a_store(
    half_done: tuple[Away, subprocess.Popen[str], subprocess.Popen[str]], tmp_path: Path
) -> None:
    scene, worker, run = half_done
    scene.blobs.rename(tmp_path / "elsewhere")
    run.send_signal(signal.SIGINT)
    assert "what it had written is dropped: the blob store cannot be reached" in read_until(worker, "dropped")
    scene.ended(run, code=130)
    (tmp_path / "elsewhere").rename(scene.blobs)
    scene.ended(scene.run())
    assert BRANCH not in scene.repo.branches()


def test_what_a_stopped_attempt_had_written_is_on_its_branch_with_either_engine(
    milepost: Milepost, begin: Begin, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SILENCE.items():
        monkeypatch.setenv(name, value)
    begin(plan_of(HALF_DONE), run='workspace = "worktree"')
    repo = Repo(project)
    repo.git("add", "milepost.toml", "tasks.md")
    repo.git("commit", "-qm", "Begin")
    run = subprocess.Popen([*MILEPOST, "run", "tasks.md", "--trust"], stdout=subprocess.PIPE, text=True)
    read_until(run, "1.1 started")
    looking = subprocess.Popen([*MILEPOST, "log", "tasks.md", "1.1", "-f"], stdout=subprocess.PIPE, text=True)
    read_until(looking, "ready")
    run.send_signal(signal.SIGINT)
    for process in (run, looking):
        process.communicate(timeout=DEADLINE)
    assert [event["reason"] for event in of(milepost, "AttemptLost")] == ["the run was stopped"]
    assert repo.git("diff", "--name-only", f"main...{BRANCH}").split() == ["one", "two"]
    assert repo.worktrees() == [str(project)]
