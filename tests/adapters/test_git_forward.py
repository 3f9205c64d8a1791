"""Git killed while it moves the user's own files forward; a filter that waits stops it in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.adapters.repository import SILENCE, Repo, workspace

from milepost.adapters import git_forward

ROOT = Path(__file__).parents[2]
HAND_OVER = """
import sys
from pathlib import Path
from tests.adapters.repository import Repo, workspace
repo = object.__new__(Repo)
repo.root = Path(sys.argv[1])
space = workspace(repo)
assert space.merge("1", 1, "Merge 1") is None
"""


@pytest.fixture(autouse=True)
def _silence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SILENCE.items():
        monkeypatch.setenv(name, value)


class Scene:
    """A repository whose file ``m.slow`` is not written before somebody allows it, as long as ``hold`` is there."""

    def __init__(self, folder: Path) -> None:
        self.hold, self.started, self.gate = folder / "hold", folder / "started", folder / "gate"
        for pipe in (self.started, self.gate):
            os.mkfifo(pipe)
        smudge = folder / "smudge"
        smudge.write_text(
            f'#!/bin/sh\nif [ -e "{self.hold}" ]; then echo > "{self.started}"; cat "{self.gate}"; fi\ncat\n'
        )
        smudge.chmod(0o755)
        self.repo = Repo(
            folder / "project",
            a="one\n",
            gone="old\n",
            z="one\n",
            **{"m.slow": "one\n", "plan.md": "# Plan\n", ".gitattributes": "*.slow filter=slow\n"},
        )
        self.repo.git("config", "filter.slow.smudge", str(smudge))
        self.repo.git("config", "filter.slow.clean", "cat")
        self.git_folder = self.repo.root / ".git"
        self.lock = self.git_folder / "index.lock"

    @property
    def records(self) -> list[Path]:
        return list(self.git_folder.glob("milepost-moving-*"))

    def kill_half_way(self) -> None:
        """Have an attempt's work handed over by a process of its own, and kill it and its git in the middle."""
        space = workspace(self.repo)
        folder = space.enter("1", 1)
        for name in ("a", "m.slow", "z"):
            (folder / name).write_text("two, which is longer\n")
        (folder / "new").write_text("new\n")
        (folder / "gone").unlink()
        assert space.keep("1", 1, "1 by a test").complaint == ""
        space.leave("1", 1)
        self.hold.touch()
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
        supervisor = subprocess.Popen([sys.executable, "-c", HAND_OVER, str(self.repo.root)], env=environment)
        self.started.read_text()  # waits for the filter
        (record,) = self.records
        git = int(json.loads(record.read_text())["git"].partition(":")[0])
        supervisor.kill()
        os.killpg(git, signal.SIGKILL)  # with its filter
        supervisor.wait()
        self.hold.unlink()
        assert self.lock.exists()
        assert (self.repo.root / "a").read_text() == "two, which is longer\n"  # it was on its way
        assert (self.repo.root / "z").read_text() == "one\n"
        assert self.repo.show("main", "a") == "one\n"

    def is_moved(self) -> bool:
        assert not self.lock.exists()
        assert self.records == []
        assert self.repo.status() == []
        return {name: (self.repo.root / name).read_text() for name in ("a", "m.slow", "z", "new")} == {
            **dict.fromkeys(("a", "m.slow", "z"), "two, which is longer\n"),
            "new": "new\n",
        } and not (self.repo.root / "gone").exists()


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_move_that_was_killed_is_finished_by_the_next_process(scene: Scene) -> None:
    scene.kill_half_way()
    assert workspace(scene.repo).tidy([]) == []
    assert scene.is_moved()


def test_what_somebody_did_to_the_files_meanwhile_stays(scene: Scene) -> None:
    scene.kill_half_way()
    (scene.repo.root / "z").write_text("mine\n")
    (told,) = workspace(scene.repo).tidy([])
    assert "what was merged is not in main yet" in told
    assert (scene.repo.root / "z").read_text() == "mine\n"
    assert not scene.lock.exists()  # so that git can be used
    scene.repo.git("checkout", "--", "a", "m.slow", "z", "gone")
    assert workspace(scene.repo).tidy([]) == []
    assert scene.is_moved()


def test_a_lock_is_left_to_a_git_that_is_at_work(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.kill_half_way()
    monkeypatch.setattr(git_forward, "_PATIENCE", 0.0)
    with subprocess.Popen(
        ["git", "cat-file", "--batch"], cwd=scene.repo.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as somebody:
        assert somebody.stdin is not None
        assert somebody.stdout is not None
        somebody.stdin.write(b"HEAD\n")
        somebody.stdin.flush()
        somebody.stdout.readline()  # it runs
        (told,) = workspace(scene.repo).tidy([])
        assert "index.lock" in told
        assert scene.lock.exists()
        somebody.stdin.close()
        somebody.stdout.read()
    assert workspace(scene.repo).tidy([]) == []
    assert scene.is_moved()


def test_what_is_refused_is_not_taken_for_killed(scene: Scene) -> None:
    space = workspace(scene.repo)
    (space.enter("1", 1) / "a").write_text("one\ntwo\n")
    space.keep("1", 1, "1 by a test")
    (scene.repo.root / "a").write_text("")  # somebody empties a file, and may mean it
    assert space.merge("1", 1, "Merge 1") is None
    (told,) = workspace(scene.repo).tidy([])
    assert "local changes" in told
    assert (scene.repo.root / "a").read_text() == ""
    assert scene.records == []


def test_a_git_that_is_killed_alone_is_recovered_from_at_once(scene: Scene) -> None:
    space = workspace(scene.repo)
    (space.enter("1", 1) / "m.slow").write_text("two\n")
    space.keep("1", 1, "1 by a test")
    space.leave("1", 1)
    scene.hold.touch()

    def kill() -> None:
        scene.started.read_text()
        (record,) = scene.records
        scene.hold.unlink()
        os.killpg(int(json.loads(record.read_text())["git"].partition(":")[0]), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    assert space.merge("1", 1, "Merge 1") is None
    killer.join()
    assert not scene.lock.exists()
    assert workspace(scene.repo).tidy([]) == []
    assert (scene.repo.root / "m.slow").read_text() == "two\n"
    assert scene.repo.status() == []


def test_a_lock_of_somebody_else_is_never_touched(scene: Scene) -> None:
    scene.lock.touch()
    space = workspace(scene.repo)
    folder = space.enter("1", 1)
    (folder / "a").write_text("two\n")
    space.keep("1", 1, "1 by a test")
    assert space.merge("1", 1, "Merge 1") is None
    assert scene.lock.exists()
    scene.lock.unlink()
    assert workspace(scene.repo).tidy([]) == []
    assert scene.repo.show("main", "a") == "two\n"
    assert scene.records == []


def test_a_lock_that_was_there_before_is_not_of_our_making(scene: Scene) -> None:
    scene.kill_half_way()
    os.utime(scene.lock, (1_000_000_000, 1_000_000_000))
    (told,) = workspace(scene.repo).tidy([])
    assert "index.lock" in told
    assert scene.lock.exists()
