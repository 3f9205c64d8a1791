"""Git, called as a program: without hooks, prompts or translations, and out of reach of the terminal's signals."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Collection
from pathlib import Path

from milepost.errors import WorkspaceUnavailable

OLDEST = (2, 38)
"""The first version that merges without touching any files."""

IN_PLACE = 'or have attempts work in the project\'s own folder: workspace = "in-place"'

_QUIET = ("-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", "-c", "maintenance.auto=false")
_LOCAL = re.compile(
    r"GIT_(?:DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|PREFIX|NAMESPACE)"
)
_NOBODY = {"NAME": "Milepost", "EMAIL": "milepost@localhost"}


class GitFailed(Exception):
    """Git gave an exit code that was not expected; the message is what it said last."""


class GitKilled(GitFailed):
    """Git was ended by a signal, in the middle of whatever it did."""


class Git:
    """Git in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._identity: dict[str, str] | None = None

    def __call__(
        self, *arguments: str, ok: Collection[int] = (0,), text: str = "", begun: Callable[[int], None] | None = None
    ) -> str:
        """Call git, with ``text`` on its standard input, and give what it prints; ``begun`` is told its number.

        Raises:
            GitFailed: its exit code is none of ``ok``.
            GitKilled: a signal ended it.
            WorkspaceUnavailable: it is not installed.
        """
        return self.call(*arguments, ok=ok, text=text, begun=begun)[1]

    def call(
        self, *arguments: str, ok: Collection[int] = (0,), text: str = "", begun: Callable[[int], None] | None = None
    ) -> tuple[int, str]:
        """Call git as above; gives the exit code too."""
        pipe = subprocess.PIPE
        try:
            with subprocess.Popen(
                ["git", *_QUIET, *arguments],
                cwd=self.folder,
                env=self._environment(),
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                start_new_session=True,
            ) as process:
                if begun is not None:
                    begun(process.pid)
                told, complaints = process.communicate(text.encode("utf-8", "surrogateescape"))
        except (FileNotFoundError, NotADirectoryError) as error:
            if not self.folder.is_dir():
                raise GitFailed(f"there is no folder {self.folder}") from None
            raise WorkspaceUnavailable(
                "git is not installed", remedy=f"install git {_shown(OLDEST)} or newer, {IN_PLACE}"
            ) from error
        except OSError as error:
            raise GitFailed(f"git cannot be run: {error.strerror}") from None
        if process.returncode not in ok:
            said = complaints.decode("utf-8", "replace").strip() or f"git {arguments[0]} gave {process.returncode}"
            failure = GitKilled if process.returncode < 0 else GitFailed
            raise failure(re.sub(r"^(?:fatal|error): ", "", said))
        return process.returncode, told.decode("utf-8", "surrogateescape")

    def holds(self, *arguments: str) -> bool:
        """Whether git answers a question with yes (exit code 0) or no (1, or 128 where a name is unknown)."""
        return self.call(*arguments, ok=(0, 1, 128))[0] == 0

    def commit(self, revision: str) -> str:
        """The hash of the commit that a name stands for; empty when it stands for none."""
        return self("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", ok=(0, 1, 128)).strip()

    def contains(self, whole: str, part: str) -> bool:
        """Whether one commit is another one, or descends from it."""
        return self.holds("merge-base", "--is-ancestor", part, whole)

    def new_commit(self, tree: str, parents: Collection[str], message: str) -> str:
        """Write a commit and give its hash."""
        above = [word for parent in parents for word in ("-p", parent)]
        return self("commit-tree", tree, *above, "-F", "-", text=message).strip()

    def version(self) -> tuple[int, ...]:
        """The version of git, such as (2, 39, 5)."""
        return tuple(map(int, re.findall(r"\d+", self("version"))[:3]))

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not _LOCAL.fullmatch(name)}
        return {**kept, **(self._identity or {}), "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}

    def introduce_ourselves(self) -> None:
        """Have whoever commits in this repository do so under Milepost's name, where git knows none."""
        if not self._knows_a_name():
            for what, value in _NOBODY.items():
                self("config", f"user.{what.lower()}", value)

    def name_ourselves(self) -> None:
        """Commit under the user's name, or under Milepost's own where git knows none."""
        nobody = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in _NOBODY.items()}
        self._identity = {} if self._knows_a_name() else nobody

    def _knows_a_name(self) -> bool:
        return self.holds("-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT")


def require_git(git: Git) -> None:
    """Check that git is there and new enough.

    Raises:
        WorkspaceUnavailable: it is not.
    """
    version = git.version()
    if version < OLDEST:
        raise WorkspaceUnavailable(
            f"git {_shown(version)} is too old: it cannot merge outside of a folder",
            remedy=f"install git {_shown(OLDEST)} or newer, {IN_PLACE}",
        )


def _shown(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
