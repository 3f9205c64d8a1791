"""Workers that have nothing of the project but a settings file, in folders and homes of their own, out of its sight."""

from __future__ import annotations

import functools
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.adapters.repository import SILENCE, Repo
from tests.engines.temporal_scene import DEADLINE, read_until

KEY = "a-key-for-tests"
RUN = "tasks.md#1"
SETTINGS = """\
[run]
engine = "temporal"
workspace = "worktree"
grace_seconds = 0.2
{run}

[tiers.2]
driver = "command"
capacity = 4
attempts = 1

[tiers.3]
driver = "command"
capacity = 4
attempts = 1

[temporal]
address = "{address}"
project = "{project}"
signing_key = "env:AWAY_KEY"
heartbeat_seconds = 2

{more}
"""
MILEPOST = [sys.executable, "-m", "milepost"]


@functools.cache
def can_hide() -> bool:
    """Whether a process here can have folders of its own in place of those that everybody sees."""
    test = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /mnt"]
    try:
        return subprocess.run(test, capture_output=True).returncode == 0
    except OSError:
        return False


class Away:
    """A project in a repository, or in a ``folder`` of it, a blob store, and workers elsewhere."""

    def __init__(
        self, base: Path, address: str, plan: str, *, run: str = "", store: str = "", more: str = "", folder: str = ""
    ) -> None:
        self.base = base
        self.home = base / "home" / folder
        self.blobs = base / "blobs"
        self.blobs.mkdir()
        self.environment = {**os.environ, **SILENCE, "AWAY_KEY": KEY, "XDG_STATE_HOME": str(base / "state")}
        self.processes: list[subprocess.Popen[str]] = []
        store = store or f'[blobs]\nstore = "{self.blobs.as_uri()}"'
        self.settings = SETTINGS.format(address=address, project=base.name, run=run, more=f"{store}\n{more}")
        prefix = f"{folder}__" if folder else ""
        self.repo = Repo(base / "home", **{f"{prefix}milepost.toml": self.settings, f"{prefix}tasks.md": plan})

    def worker(
        self,
        name: str = "w1",
        *more: str,
        settings: str = "",
        program: list[str] | None = None,
        **variables: str,
    ) -> subprocess.Popen[str]:
        """A worker in a folder of its own that sees nothing of the project's, ready for work."""
        folder = self.base / name
        folder.mkdir(exist_ok=True)
        (folder / "milepost.toml").write_text(settings or self.settings)
        command = [*(program or MILEPOST), "worker", "--tier", "2", "--tier", "3", *more]
        if can_hide():
            hidden = f"mount -t tmpfs none {shlex.quote(str(self.repo.root))} && exec {shlex.join(command)}"
            command = ["unshare", "--mount", "sh", "-c", hidden]
        environment = {**self.environment, "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state"), **variables}
        process = self.start(command, folder, environment)
        read_until(process, " serves ")
        return process

    def run(self, *args: str) -> subprocess.Popen[str]:
        """A run of the plan, in the project's folder."""
        return self.start([*MILEPOST, "run", "tasks.md", "--trust", *args], self.home, self.environment)

    def start(self, command: list[str], folder: Path, environment: Mapping[str, str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.processes.append(process)
        return process

    def milepost(self, *args: str, fails: bool = False) -> str:
        """What a command in the project's folder prints."""
        done = subprocess.run(
            [*MILEPOST, *args], cwd=self.home, env=self.environment, capture_output=True, text=True, timeout=DEADLINE
        )
        assert fails or done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def ended(self, process: subprocess.Popen[str], code: int = 0) -> str:
        """What a process still said, which then ends with an exit code."""
        said, _ = process.communicate(timeout=DEADLINE)
        assert process.returncode == code, said
        return said

    def close(self) -> None:
        """End all that is left."""
        for process in self.processes:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def nothing_is_left_behind(self, *names: str) -> None:
        """Workers keep a cache that is in order, and neither worktrees nor branches of attempts."""
        for name in names:
            trees = self.base / name / ".milepost" / "trees"
            left = [path for path in trees.rglob("*") if not path.is_relative_to(trees / "cache.git")]
            assert {path.name for path in left if path.is_file()} <= {".lock", ".used"}
            git = ["git", "--git-dir", str(trees / "cache.git")]
            subprocess.run([*git, "fsck", "--strict", "--no-dangling"], check=True, capture_output=True)
            refs = subprocess.run([*git, "for-each-ref", "--format=%(refname)", "refs/heads"], capture_output=True)
            assert refs.stdout == b""


def told(process: subprocess.Popen[str], *words: str) -> Iterator[str]:
    """The lines of a process that hold some words, each waited for in turn."""
    for each in words:
        yield read_until(process, each)
