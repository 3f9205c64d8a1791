"""The world around a run fails: the disk is full, the clock jumps, the document is edited, taken away, replaced."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.failures.conftest import MakeScene
from tests.failures.scene import Scene, until

FAULTS = 5


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB; skipped where none can be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", disk], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def fill(path: Path) -> None:
    """Take all the space that is left."""
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(65536))
        except OSError:
            pass
        try:
            while True:
                file.write(b"\0")
        except OSError:
            pass


def ended(supervisor: subprocess.Popen[str]) -> bool:
    return supervisor.poll() is not None


@pytest.mark.parametrize("seed", [1, 2])
def test_a_full_disk_stops_the_run_and_costs_nothing(make_scene: MakeScene, small_disk: Path, seed: int) -> None:
    """Ledger, logs, exit records and document are all on the disk that is full; each time, it is freed again."""
    scene = make_scene(seed, root=small_disk / "project")
    supervisor = scene.supervisor()
    for _ in range(3):
        if not scene.after_events(scene.some(), supervisor):
            break
        fill(small_disk / "ballast")
        scene.injected("disk full")
        # Either the ledger refused first, which ends the stay, or an exit record is waiting for space.
        until(lambda: ended(supervisor) or list(small_disk.rglob("exit.json.tmp")))  # noqa: B023
        (small_disk / "ballast").unlink()
        if ended(supervisor):
            assert "Traceback" not in scene.end(supervisor)
            supervisor = scene.supervisor()
    assert "Traceback" not in scene.end(supervisor)
    scene.finish()
    scene.keeps_its_promises()


def test_a_limit_on_the_size_of_files_stops_the_run_and_costs_nothing(make_scene: MakeScene) -> None:
    """No file may grow beyond 200 KB: the ledger's log of writes is the first that wants to."""
    scene = make_scene(3)
    limited = ["/bin/sh", "-c", 'ulimit -f 400; exec "$@"', "sh", *scene.command("run", "tasks.md", "--no-wait")]
    first = subprocess.run(limited, cwd=scene.root, env=scene.environment, capture_output=True, text=True)
    scene.injected("file size limit")
    assert "Traceback" not in first.stderr
    scene.finish()
    scene.keeps_its_promises()


SUPERVISOR = """
import sys, time
from milepost.bootstrap import open_project

hours = [float(text) for text in sys.argv[1:]]
project = open_project("tasks.md")
session = project.open_run("tester")
engine = project.engine(session)
looks = iter(range(10**9))
engine.now = lambda: time.time() + 3600 * hours[next(looks) % len(hours)]
engine.after_change = lambda: (project.sync(session), None)[1]
sys.exit(0 if engine.run().outcome == "finished" else 1)
"""


@pytest.mark.parametrize("hours", [["1", "-1", "0"], ["-1", "1"]])
def test_a_clock_that_jumps_by_an_hour_changes_nothing(make_scene: MakeScene, hours: list[str]) -> None:
    """Every supervisor lives in another hour, and so does whoever claims and finishes tasks beside it."""
    scene = make_scene(4)
    for turn in range(FAULTS):
        now = [*hours[turn % len(hours) :], *hours[: turn % len(hours)]]
        command = [sys.executable, "-c", SUPERVISOR, *now]
        supervisor = subprocess.Popen(command, cwd=scene.root, env=scene.environment, stderr=subprocess.PIPE, text=True)
        going_on = scene.after_events(scene.some(), supervisor)
        if going_on:
            scene.injected("clock jump")
            supervisor.kill()
        assert not scene.end(supervisor)
        if not going_on:
            break
    scene.finish()
    scene.keeps_its_promises(lost=False)


@contextlib.contextmanager
def locked(scene: Scene) -> Iterator[None]:
    """Keep a sync from falling between two steps of what is done to the document."""
    folder = os.open(scene.root, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def edited(scene: Scene) -> None:
    text = scene.plan.read_text()
    scene.plan.write_text(text.replace("## Checkpoints", "Somebody wrote this meanwhile.\n\n## Checkpoints"))


def taken_away(scene: Scene) -> None:
    scene.plan.rename(scene.root / "away.md")


def replaced(scene: Scene) -> None:
    taken_away(scene)
    scene.plan.mkdir()


Damage = Callable[[Scene], None]
DAMAGES: dict[Damage, str] = {edited: "edited", taken_away: "taken away", replaced: "replaced by a folder"}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("what", DAMAGES)
def test_whatever_happens_to_the_document_the_run_goes_on(make_scene: MakeScene, what: Damage, seed: int) -> None:
    """When the document is back, older than what happened since, it is brought up to date."""
    scene = make_scene(seed)
    supervisor = scene.supervisor()
    for _ in range(FAULTS):
        if not scene.after_events(scene.some(), supervisor):
            break
        with locked(scene):
            what(scene)
        scene.injected(f"document {DAMAGES[what]}")
        scene.after_events(scene.some(), supervisor)
        if scene.plan.is_dir():
            scene.plan.rmdir()
        if not scene.plan.exists():
            (scene.root / "away.md").rename(scene.plan)
    err = scene.end(supervisor)
    assert supervisor.returncode == 0, err
    scene.keeps_its_promises(lost=False)
    assert ("Somebody wrote this" in scene.plan.read_text()) == (what is edited)
