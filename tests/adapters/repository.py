"""A git repository for tests."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from milepost.adapters.git_workspace import GitWorkspace
from milepost.app.ports import Conflict

RUN = "plan.md#1"
MERGED = "milepost/plan.md-1/merged"

# Whatever the machine's own configuration of git says, and whoever called the tests.
SILENCE = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "LC_ALL": "C"}


class Repo:
    """A repository at a folder, on a branch ``main``, with one commit of the files it is given."""

    def __init__(self, root: Path, **files: str) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "Ada")
        self.git("config", "user.email", "ada@example.com")
        if files:
            self.commit("Begin", **files)

    def git(self, *arguments: str, fails: bool = False) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, env={**environment, **SILENCE}, capture_output=True, text=True
        )
        assert fails or done.returncode == 0, done.stderr
        return done.stdout

    def write(self, **files: str) -> None:
        """Write files; ``__`` in a name stands for a slash."""
        for name, content in files.items():
            path = self.root / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    def commit(self, message: str, **files: str) -> str:
        self.write(**files)
        self.git("add", "--all", "--", *(name.replace("__", "/") for name in files))
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD").strip()

    def branches(self) -> list[str]:
        return self.git("branch", "--format=%(refname:short)").split()

    def worktrees(self) -> list[str]:
        lines = self.git("worktree", "list", "--porcelain").splitlines()
        return [line.removeprefix("worktree ") for line in lines if line.startswith("worktree ")]

    def show(self, revision: str, path: str) -> str:
        return self.git("show", f"{revision}:{path}")

    def status(self) -> list[str]:
        return self.git("status", "--porcelain").splitlines()


def workspace(repo: Repo, root: Path | None = None) -> GitWorkspace:
    """A workspace as another process would make it, knowing nothing."""
    made = GitWorkspace(root or repo.root, RUN, (root or repo.root) / "plan.md")
    made.begin()
    return made


def done(space: GitWorkspace, task: str, attempt_no: int = 1, **files: str) -> Conflict | None:
    """An attempt that writes files, from its beginning to its merge."""
    folder = space.enter(task, attempt_no)
    for name, content in files.items():
        (folder / name).write_text(content)
    assert space.keep(task, attempt_no, f"{task} by a test").complaint == ""
    conflict = space.merge(task, attempt_no, f"Merge {task}")
    space.leave(task, attempt_no)
    return conflict
