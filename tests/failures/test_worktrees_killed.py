"""SIGKILL while attempts work in git worktrees: of the supervisor, of workers, of everything with git in the middle.

Whatever happened, in the end every task's work is on the branch once, and nothing is left behind but branches.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.adapters.repository import SILENCE, Repo
from tests.failures.scene import SETTINGS, Scene, kill

from milepost.execution import events as ev

WIDTH, LAYERS = 4, 4
TASKS = WIDTH * LAYERS
FAULTS = 5


def plan_text() -> str:
    """Four phases of four tasks; each task counts the marks of the phase before, and leaves its own."""
    lines = ["# Marks - Implementation Plan", ""]
    for layer in range(1, LAYERS + 1):
        lines += [f"### **Phase {layer}: Layer {layer}**", ""]
        for place in range(1, WIDTH + 1):
            before = f"test $(ls marks | grep -c ^{layer - 1}) = {WIDTH}; " if layer > 1 else ""
            lines.append(f"- [ ] **{layer}.{place}** Leave a mark")
            if layer > 1:
                lines.append(f"  - _Depends: {', '.join(f'{layer - 1}.{other}' for other in range(1, WIDTH + 1))}_")
            mark = f"echo $MILEPOST_ATTEMPT >> marks/{layer}.{place}"
            lines.append(f"  - _Run: set -e; mkdir -p marks; {before}sleep 0.0{place}; {mark}_")
            lines.append(f"  - _Files: marks/{layer}.{place}_")
            lines.append(f"  - _Verify: test -s marks/{layer}.{place}_")
        lines.append("")
    return "\n".join([*lines, f"**Progress:** 0/{TASKS} tasks complete", ""])


class GitScene(Scene):
    """A scene in a repository, with a smaller plan."""

    def __init__(self, root: Path, seed: int, record: Callable[[str, object], None]) -> None:
        super().__init__(root, seed, record)
        self.environment |= SILENCE
        settings = SETTINGS.replace("[run]\n", '[run]\nworkspace = "worktree"\n')
        self.repo = Repo(root, **{"milepost.toml": settings, "tasks.md": plan_text()})
        self.milepost("trust", "tasks.md")

    def git_processes(self) -> list[int]:
        """Git, wherever it works in the project, also where it moves the user's own files forward."""
        found = []
        for name in filter(str.isdecimal, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                place = os.readlink(f"/proc/{name}/cwd")
                is_git = Path(f"/proc/{name}/comm").read_text() == "git\n"
                if is_git and Path(place).is_relative_to(self.root):
                    found.append(int(name))
        return found

    def nothing_is_left_behind(self) -> None:
        marks = self.repo.git("ls-tree", "--name-only", "main:marks").split()
        assert marks == [f"{layer}.{place}" for layer in range(1, LAYERS + 1) for place in range(1, WIDTH + 1)]
        for event in self.events():
            if isinstance(event, ev.TaskCompleted):
                assert self.repo.show("main", f"marks/{event.task}") == f"{event.attempt_no}\n"
                commit = event.evidence["workspace"]["commit"]
                self.repo.git("merge-base", "--is-ancestor", commit, "main")
        assert self.repo.worktrees() == [str(self.root)]
        assert not [
            path
            for path in (self.root / ".milepost/worktrees").rglob("*")
            if path.is_file() and path.name != ".gitignore"
        ]
        changed = [line for line in self.repo.status() if not line.endswith(".tmp")]
        assert changed == [" M tasks.md"]
        self.repo.git("fsck", "--strict", "--no-dangling")


def supervisor_dies(scene: GitScene, supervisor: subprocess.Popen[str]) -> None:
    supervisor.kill()
    scene.end(supervisor)


def worker_dies(scene: GitScene, supervisor: subprocess.Popen[str]) -> None:
    kill(*scene.commands()[:1], group=True)


def everything_dies(scene: GitScene, supervisor: subprocess.Popen[str]) -> None:
    supervisor.kill()
    kill(*scene.git_processes())
    scene.end(supervisor)
    kill(*scene.git_processes())
    kill(*scene.shims())
    kill(*scene.commands(), group=True)


KILLS = {"supervisor": supervisor_dies, "worker": worker_dies, "everything, git too": everything_dies}


@pytest.mark.parametrize("victim", KILLS)
def test_whoever_is_killed_no_work_is_lost(
    victim: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    scene = GitScene(tmp_path / "project", 7, record_property)
    try:
        supervisor = scene.supervisor()
        for _ in range(FAULTS):
            if not scene.after_events(scene.draw.randint(2, 6), supervisor):
                break
            KILLS[victim](scene, supervisor)
            scene.injected(f"{victim}, in worktrees")
            if supervisor.poll() is not None:
                scene.end(supervisor)
                supervisor = scene.supervisor()
        scene.end(supervisor)
        scene.finish()
        scene.keeps_its_promises(lost=victim != "supervisor", total=TASKS)
        scene.nothing_is_left_behind()
    finally:
        kill(*scene.shims())
        kill(*scene.commands(), group=True)
