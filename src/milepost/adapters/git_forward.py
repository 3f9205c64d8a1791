"""The user's own files moved forward to what is merged; a move that was killed half-way is put right by the next one.

Git holds the lock ``index.lock`` while it moves files, and leaves it there when it is killed. Nobody but us can know
that nobody is behind it any more: we write down which git began which move, beside the index that it locks. Where
that git has vanished, and no other one is at work on these files, its locks are removed and its move is finished; a
file that is neither as it was before nor on its way to what it was to become is somebody's, and stays as it is.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from milepost.adapters import shim
from milepost.adapters.git import GitFailed, GitKilled
from milepost.adapters.git_beginning import Repository

_RECORD = "milepost-moving-"
_LOCKS = ("index.lock", "HEAD.lock", "ORIG_HEAD.lock")
_CAREFUL = ("--ff-only", "--no-autostash", "--no-overwrite-ignore", "--no-verify-signatures")
_WORKTREES = f"{os.sep}.milepost{os.sep}worktrees{os.sep}"
_PATIENCE, _PAUSE = 5.0, 0.05
_FILES = ("100644", "100755")
_NOTHING = "000000"
_GRAIN = 2.0
"""Seconds by which the time of a file may be too early."""


class Forward:
    """Moves the branch that is checked out forward, with its files."""

    def __init__(self, repository: Repository) -> None:
        self.git = repository.git
        self.folder = self.git.folder / self.git("rev-parse", "--git-dir").strip()
        self.record = self.folder / f"{_RECORD}{repository.name}"

    def move(self, new: str) -> None:
        """Fast-forward to a commit, or a reference to one.

        Raises:
            GitFailed: git refuses, because that would overwrite what is not committed.
        """
        branch = self.git("symbolic-ref", "HEAD").strip()
        others = [_identity(lock) for lock in self._locks(branch)]
        about = {"from": self.git.commit("HEAD"), "to": self.git.commit(new), "branch": branch, "others": others}
        known = self.record.exists()  # of a move before this one, whose locks have to stay for now

        def begun(pid: int) -> None:
            if not known:
                self.record.write_text(json.dumps({**about, "git": shim.identity(pid) or ""}))

        if not known:
            self.record.write_text(json.dumps({**about, "git": ""}))
        try:
            self.git("merge", "--quiet", *_CAREFUL, new, begun=begun)
        except GitKilled:
            self.recover()
            raise
        except GitFailed:
            if not known:
                self.record.unlink(missing_ok=True)  # git refused before it touched anything
            raise
        self.record.unlink(missing_ok=True)

    def recover(self) -> None:
        """Finish or forget moves that somebody began and did not see the end of."""
        for record in self.folder.glob(f"{_RECORD}*"):
            with contextlib.suppress(OSError, ValueError, KeyError, GitFailed):
                self._recover(record)

    def _recover(self, record: Path) -> None:
        began = record.stat().st_mtime - _GRAIN
        about = json.loads(record.read_text())
        branch = about["branch"]
        if self._locks(branch) and not self._left_alone(about["git"]):
            return
        for lock in self._locks(branch):
            if _identity(lock) not in about["others"] and lock.stat().st_mtime >= began:
                lock.unlink()
        here = self.git("symbolic-ref", "--quiet", "HEAD", ok=(0, 1)).strip(), self.git.commit("HEAD")
        if here == (branch, about["from"]):
            self._finish(about["from"], about["to"])
        record.unlink(missing_ok=True)

    def _locks(self, branch: str) -> list[Path]:
        """The locks that are there of those that a move takes."""
        common = self.git.folder / self.git("rev-parse", "--git-common-dir").strip()
        locks = [*(self.folder / name for name in _LOCKS), common / f"{branch}.lock"]
        return [lock for lock in locks if lock.exists()]

    def _left_alone(self, git: str) -> bool:
        """Whether the git of a record has ended, and no other one is at work on these files; waits for both a while."""
        until = time.monotonic() + _PATIENCE
        while (git and shim.identity(int(git.partition(":")[0])) == git) or self._somebody_works():
            if time.monotonic() > until:
                return False
            time.sleep(_PAUSE)
        return True

    def _somebody_works(self) -> bool:
        """Whether a git runs in these files, but for those in worktrees of attempts, which have locks of their own."""
        top = os.path.realpath(self.git.folder)
        return any(
            (place == top or place.startswith(top + os.sep)) and _WORKTREES not in place + os.sep for place in _gits()
        )

    def _finish(self, old: str, new: str) -> None:
        """Bring files that were under way to where they were going, so that the move can be made again.

        Nothing is done where one of the files is neither as it was nor on its way: that is somebody's work.
        """
        listed = self.git("diff", "--raw", "--no-renames", "--no-abbrev", "-z", old, new).split("\0")
        under_way: list[tuple[str, str, str]] = []
        changed = set(self.git("diff-files", "--name-only", "-z").split("\0"))
        unknown = set(self.git("ls-files", "--others", "-z").split("\0"))
        for head, path in zip(listed[:-1:2], listed[1::2], strict=True):
            old_mode, mode, _, blob, _ = head[1:].split()
            if path not in (changed if old_mode != _NOTHING else unknown):
                continue
            if mode not in (*_FILES, _NOTHING) or not self._on_its_way(path, new, mode):
                return
            under_way.append((mode, blob, path))
        for mode, blob, path in under_way:
            if mode == _NOTHING:
                self.git("update-index", "--force-remove", "--", path)
            else:
                self.git("update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}")
                self.git("checkout-index", "--force", "--index", "--", path)

    def _on_its_way(self, path: str, new: str, mode: str) -> bool:
        """Whether a file is gone, or begins what it was to become: git writes files from their beginning."""
        place = self.git.folder / path
        if not os.path.lexists(place):
            return True
        if mode == _NOTHING or place.is_symlink() or not place.is_file():
            return False
        wanted = self.git("cat-file", "--filters", f"{new}:{path}").encode("utf-8", "surrogateescape")
        return wanted.startswith(place.read_bytes())


def _identity(lock: Path) -> list[int]:
    """What tells a lock from others of its name."""
    found = lock.stat()
    return [found.st_ino, found.st_mtime_ns]


def _gits() -> Iterator[str]:
    """Where processes of git run on this machine, as far as we may know."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "comm").read_text().startswith("git"):
                yield os.readlink(process / "cwd")
