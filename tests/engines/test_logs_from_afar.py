"""What attempts on other machines write, seen at home while they write it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.engines.away import MILEPOST, Away
from tests.engines.temporal_scene import read_until
from tests.engines.test_both_engines import plan_of
from tests.engines.test_travel_by_remote import bare
from tests.engines.test_travelling import Make, away, events

from milepost.adapters.live_logs import is_copy
from milepost.adapters.run_folder import RunFolder

__all__ = ["away"]
SECRET = '[tiers.3.secret_env]\nTOKEN = "env:AWAY_TOKEN"'


def log(scene: Away, attempt_no: int = 1) -> Path:
    return RunFolder(scene.home, "tasks.md#1").attempt_log("1.1", attempt_no)


def follow(scene: Away) -> subprocess.Popen[str]:
    return scene.start([*MILEPOST, "log", "tasks.md", "1.1", "--follow"], scene.home, scene.environment)


def waits_for(go: Path) -> str:
    return f"until test -e {go}; do sleep 0.05; done"


def test_output_is_seen_while_it_is_written(away: Make, tmp_path: Path) -> None:
    """Whoever looks sees it before the command goes on, secrets masked; in the end it is what the ledger has."""
    go = tmp_path / "go"
    scene = away(plan_of(f"1.1 echo a $TOKEN b; {waits_for(go)}; seq 3; echo done > a"), more=SECRET)
    scene.environment["AWAY_TOKEN"] = "hush"
    scene.worker()
    run = scene.run()
    read_until(run, "1.1 started")
    looking = follow(scene)
    assert read_until(looking, "b") == "a *** b\n"
    assert scene.milepost("log", "tasks.md", "1.1") == "a *** b\n"
    assert is_copy(log(scene))
    scene.blobs.rename(tmp_path / "elsewhere")  # what is seen needs no store
    go.touch()
    read_until(run, "the blob store cannot be reached")
    (tmp_path / "elsewhere").rename(scene.blobs)
    scene.ended(run)
    assert scene.ended(looking) == "1\n2\n3\n"
    assert scene.milepost("log", "tasks.md", "1.1") == "a *** b\n1\n2\n3\n"
    assert not is_copy(log(scene))


def test_what_was_written_too_fast_comes_from_the_store(away: Make, tmp_path: Path) -> None:
    """99,000 lines are 582,890 bytes, of which no sign of life tells more than 16,384."""
    go = tmp_path / "go"
    scene = away(plan_of(f"1.1 seq 99000; {waits_for(go)}; echo last"))
    scene.worker()
    run = scene.run()
    read_until(run, "1.1 started")
    looking = follow(scene)
    assert "bytes more than could be shown at once" in read_until(looking, "more than")
    read_until(looking, "99000")
    go.touch()
    scene.ended(run)
    assert scene.ended(looking) == "last\n"
    assert scene.milepost("log", "tasks.md", "1.1").split() == [*map(str, range(1, 99001)), "last"]
    assert not is_copy(log(scene))


def test_logs_without_a_store(away: Make, tmp_path: Path) -> None:
    """What fits into a sign of life comes whole; of more the end, and it is said."""
    hub = bare(tmp_path / "hub.git")
    scene = away(plan_of("1.1 echo one", "1.2 seq 99000"), run=f'remote = "{hub.root}"', store="# none")
    scene.worker()
    scene.ended(scene.run())
    assert scene.milepost("log", "tasks.md", "1.1") == "one\n"
    shown = scene.milepost("log", "tasks.md", "1.2").splitlines()
    assert shown[-2] == "99000"
    assert "seen of it while it was written: with a `store` in [blobs], here and where workers are" in shown[-1]
    assert len(shown) < 5_000


def test_what_a_worker_wrote_that_died_stays_as_it_was_seen(away: Make, tmp_path: Path) -> None:
    scene = away(plan_of("1.1 echo begun by $MILEPOST_ATTEMPT; test $MILEPOST_ATTEMPT = 2 || sleep 600"))
    victim, run = scene.worker(), scene.run()
    read_until(run, "1.1 started")
    read_until(follow(scene), "begun by 1")
    victim.kill()
    victim.wait()
    scene.worker("w2")
    scene.ended(run)
    assert [event["attempt_no"] for event in events(scene, "AttemptLost")] == [1]
    said = scene.milepost("log", "tasks.md", "1.1", "--attempt", "1")
    assert "begun by 1\n" in said
    assert "what there may be besides went with its worker" in said
    assert scene.milepost("log", "tasks.md", "1.1") == "begun by 2\n"
