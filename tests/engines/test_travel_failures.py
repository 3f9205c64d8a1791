"""What goes wrong on the way between a run's home and its workers: it is said, nothing is lost, and nothing is broken."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.engines.away import RUN, Away
from tests.engines.temporal_scene import Server, read_until
from tests.engines.test_both_engines import GRAPH, plan_of
from tests.engines.test_travelling import Make, away, events

__all__ = ["away"]
ON_ITS_WAY = "sleep 0.1; until test -e {go}; do sleep 0.05; done; echo done > a"


def waiting(tmp_path: Path) -> str:
    """A plan whose only task waits for a file called `go`, and then leaves one."""
    return plan_of(f"1.1 {ON_ITS_WAY.format(go=tmp_path / 'go')}")


def test_a_store_that_is_away_when_work_is_handed_in(away: Make, tmp_path: Path) -> None:
    scene = away(waiting(tmp_path))
    worker, run = scene.worker(), scene.run()
    read_until(worker, "1.1#1 started")
    read_until(run, "1.1 started")
    scene.blobs.rename(tmp_path / "elsewhere")
    (tmp_path / "go").touch()
    said = read_until(worker, "1.1#1 waits")
    assert f"the blob store cannot be reached: there is no such folder ({scene.blobs.as_uri()})" in said
    assert "1.1#1 waits at " in read_until(run, "the blob store cannot be reached")  # the home hears it from the worker
    (tmp_path / "elsewhere").rename(scene.blobs)
    read_until(worker, "1.1#1 goes on")
    scene.ended(run)
    assert scene.repo.show("main", "a") == "done\n"
    assert [event["attempt_no"] for event in events(scene, "AttemptStarted")] == [1]


@pytest.fixture
def divided(away: Make, tmp_path: Path) -> Away:
    """A home that reaches the store by a link of its own."""
    (tmp_path / "link").symlink_to("blobs")
    return away(waiting(tmp_path), store=f'[blobs]\nstore = "{(tmp_path / "link").as_uri()}"')


@pytest.fixture
def handed_in(divided: Away, tmp_path: Path) -> Away:
    """A run whose home cannot take what its worker has handed in, and then dies."""
    settings = divided.settings.replace("/link", "/blobs")
    worker, run = divided.worker(settings=settings), divided.run()
    read_until(worker, "1.1#1 started")
    (tmp_path / "link").unlink()
    (tmp_path / "go").touch()
    read_until(worker, "1.1#1 complete")
    assert "it is tried again, and what needs it waits" in read_until(run, "the blob store cannot be reached")
    run.kill()
    run.wait()
    assert events(divided, "TaskCompleted") == []
    return divided


def test_a_verdict_waits_for_a_home_that_can_take_the_work(handed_in: Away, tmp_path: Path) -> None:
    said = handed_in.ended(handed_in.run(), code=1)
    assert "error[transport-unavailable]: the blob store cannot be reached: there is no such folder" in said
    (tmp_path / "link").symlink_to("blobs")
    handed_in.ended(handed_in.run())
    assert handed_in.repo.show("main", "a") == "done\n"
    assert [event["attempt_no"] for event in events(handed_in, "AttemptStarted")] == [1]  # the work was not done again


def test_work_that_is_damaged_on_its_way_is_refused(handed_in: Away, tmp_path: Path) -> None:
    bundles = [
        path for path in handed_in.blobs.rglob("*") if path.is_file() and b"refs/heads/milepost" in path.read_bytes()
    ]
    (work,) = bundles
    work.write_bytes(work.read_bytes()[:-1] + b"?")
    (tmp_path / "link").symlink_to("blobs")
    handed_in.ended(handed_in.run())
    (lost,) = events(handed_in, "AttemptLost")
    assert f"what its worker handed in cannot be taken: the blob {work.name} is damaged" in lost["reason"]
    assert handed_in.repo.show("main", "a") == "done\n"  # by a second attempt


def test_a_tree_that_is_damaged_on_its_way_is_refused(away: Make) -> None:
    scene = away(plan_of("1.1 echo done > a", "1.2 echo done > b"))
    run = scene.run()
    read_until(run, "nobody serves")  # so the tree has been packed
    (tree,) = (path for path in scene.blobs.rglob("*") if path.is_file() and b"git bundle" in path.read_bytes())
    tree.write_bytes(tree.read_bytes() + b"?")
    scene.worker()
    said = scene.ended(run, code=1)
    assert f"cannot get its tree: the blob {tree.name} is damaged" in said
    assert "delete it in the store" in said
    tree.unlink()
    scene.milepost("unblock", "tasks.md", "1.1")
    scene.ended(scene.run())
    assert scene.repo.show("main", "b") == "done\n"


def test_a_store_that_is_not_the_same_everywhere(away: Make, tmp_path: Path) -> None:
    scene = away(plan_of("1.1 echo done > a"))
    (tmp_path / "others").mkdir()
    scene.worker(settings=scene.settings.replace("/blobs", "/others"))
    said = scene.ended(scene.run(), code=1)
    assert "cannot get its tree: there is no blob" in said
    assert "is `store` in [blobs] the same on every machine?" in said


def test_a_tree_that_is_too_large(away: Make) -> None:
    scene = away(plan_of("1.1 true"), more="max_size_mb = 0.0001")
    said = scene.ended(scene.run(), code=1)
    assert "error[transport-refused]: the repository's files cannot travel: it has " in said
    assert "and a blob may have 0.1 kB" in said
    assert "`max_size_mb` in [blobs]" in said
    assert "`remote` in [run]" in said
    assert events(scene, "AttemptStarted") == []


def test_work_that_is_too_large(away: Make) -> None:
    plan = plan_of("1.1 test $MILEPOST_TIER = 2 || head -c 300000 /dev/urandom > big; echo small > small")
    scene = away(plan)
    scene.worker(settings=f"{scene.settings}\nmax_size_mb = 0.1")
    scene.ended(scene.run())
    (failed,) = events(scene, "AttemptFailed")
    assert failed["reason"].startswith(
        "its work cannot be handed in: it has 0.3 MB, and a blob may have 0.1 MB; raise "
    )
    assert "`max_size_mb` in [blobs]" in failed["reason"]
    assert scene.repo.show("main", "small") == "small\n"


def test_a_log_that_is_too_large_stays_where_it_is(away: Make) -> None:
    scene = away(plan_of("1.1 seq 30000; echo done > a"))
    scene.worker(settings=f"{scene.settings}\nmax_size_mb = 0.1")
    scene.ended(scene.run())
    assert scene.repo.show("main", "a") == "done\n"
    said = scene.milepost("log", "tasks.md", "1.1")
    assert "29999\n30000\n" in said
    assert "seen of it while it was written: it has 0.2 MB, and a blob may have 0.1 MB" in said  # 168,894 bytes


DIES_AFTER_HANDING_IN = """
import os, signal
from milepost.__main__ import main
from milepost.adapters.temporal_journeys import Journey

async def die(self, verdict):
    os.kill(os.getpid(), signal.SIGKILL)

Journey._with_logs = die
main()
"""


def test_a_worker_that_is_killed_between_handing_in_and_saying_so(away: Make) -> None:
    scene = away(plan_of("1.1 echo $MILEPOST_ATTEMPT > a"))
    victim, run = scene.worker(program=[sys.executable, "-c", DIES_AFTER_HANDING_IN]), scene.run()
    victim.wait()
    worker = scene.worker()  # in the same folder: what the other one left is cleared away
    scene.ended(run)
    assert [event["reason"] for event in events(scene, "AttemptLost")] == ["its worker was silent for 2s"]
    assert scene.repo.show("main", "a") == "2\n"
    worker.terminate()
    scene.ended(worker)
    scene.nothing_is_left_behind("w1")


def test_workers_that_are_killed_again_and_again(away: Make, server: Server) -> None:
    """Wherever in their work the kills fall, each task's work is on the branch once, by the attempt that completed it."""
    tasks = [f"{n}.{m}" for n in (1, 2) for m in (1, 2, 3)]
    edges = "\n".join(f"1.{a} → 2.{b}" for a in (1, 2, 3) for b in (1, 2, 3))
    scene = away(
        plan_of(*(f"{name} sleep 0.2; echo $MILEPOST_ATTEMPT > {name}" for name in tasks), more=GRAPH.format(edges))
    )
    run = scene.run()
    for words in ("started", "complete", "complete"):
        victim = scene.worker()
        read_until(victim, words)
        victim.kill()
        victim.wait()
    worker = scene.worker()
    scene.ended(run)
    for event in events(scene, "TaskCompleted"):
        assert scene.repo.show("main", event["task"]) == f"{event['attempt_no']}\n"
    assert scene.repo.worktrees() == [str(scene.home)]
    worker.terminate()
    scene.ended(worker)
    scene.nothing_is_left_behind("w1")
    assert RUN in scene.milepost("runs")
