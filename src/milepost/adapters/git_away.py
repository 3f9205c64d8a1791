"""A git worktree for an attempt on a machine that has nothing of the project but what travels there.

All repositories' commits that a worker ever saw lie in one bare repository, its cache, below its folder's
``.milepost/trees``; beside it are the worktrees of the attempts that are being made.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from milepost.adapters.git import Git, GitFailed, require_git
from milepost.adapters.git_beginning import OWN_FILES, Repository
from milepost.adapters.git_large import large_files_complaint, out_of_place, take_as_they_are
from milepost.adapters.git_merging import Merging
from milepost.adapters.git_workspace import GitWorkspace
from milepost.adapters.own_folder import make_own_folder
from milepost.app.ports import Conflict, Left
from milepost.errors import TransportRefused, WorkspaceUnavailable

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
_BRANCH = re.compile(rf"milepost(?:/{_NAME.pattern})+")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SPARING = ("-c", "gc.auto=6700", "-c", "gc.autoDetach=false", "gc", "--auto", "--quiet")


class Route(Protocol):
    """How commits get from a run's home to workers and back.

    ``run`` is the run's name in branches. All methods raise :class:`~milepost.errors.TransportUnavailable` when the way
    is barred, and :class:`~milepost.errors.TransportRefused` when trying again will not help.
    """

    def publish(self, git: Git, run: str, base: str, branches: Mapping[str, str]) -> dict[str, Any]:
        """Make a base, and branches (name → commit), available to workers; gives what they have to know."""

    def collect(self, git: Git, run: str, branch: str, parcel: Mapping[str, Any]) -> None:
        """Bring what a worker handed in into the repository."""

    def bring(self, git: Git, tree: Mapping[str, Any]) -> None:
        """Bring an order's base and branches into a worker's cache."""

    def hand_in(self, git: Git, run: str, branch: str, base: str) -> dict[str, Any]:
        """Make a branch that grew out of a base available to the home; gives what that has to know."""


@dataclass(frozen=True, slots=True)
class Borrowed(Repository):
    """A worker's cache as one attempt uses it: what was merged so far is the order's base."""

    base: str = ""

    @property
    def merged(self) -> str:
        """The commit that the attempt starts from."""
        return self.base


class AwayWorkspace(GitWorkspace):
    """The worktree of one attempt below a worker's folder ``root``, made of the ``tree`` that its order tells of.

    ``plan`` is the path of the plan below the project's folder.

    Raises:
        TransportRefused: the tree has names that would lead elsewhere.
    """

    def __init__(self, root: Path, run: str, tree: Mapping[str, Any], route: Route, plan: str) -> None:
        super().__init__(root, run)
        _require_sound(tree)
        self.tree = tree
        self.route = route
        self.plan_path = plan
        self._held: list[int] = []

    @property
    def folder(self) -> Path:
        """Where the worktrees of the run lie."""
        return trees(self.root) / str(self.tree["name"])

    def place(self, task: str, attempt_no: int) -> Path:
        """Where the project's folder is to an attempt."""
        return Path(self._tree(task, attempt_no), str(self.tree["prefix"]))

    def begin(self) -> list[str]:
        """Bring the tree here, unless it is here already."""
        with self._step():
            git = _cache(self.root, self.tree["base"])
            git.name_ourselves()
            prefix: str = self.tree["prefix"]
            plan = os.path.normpath(os.path.join(prefix, self.plan_path))
            patterns = (*OWN_FILES, f":(literal){plan}") if self.plan_path else OWN_FILES
            self._repository = Borrowed(git, prefix, self.tree["name"], patterns, self.tree["base"])
            self.merging = Merging(self.repository)
            try:
                self.route.bring(git, self.tree)
            except GitFailed:  # the cache may be damaged: what was fetched is fetched again
                for ref in git("for-each-ref", "--format=%(refname)", "refs/trunk/").splitlines():
                    git("update-ref", "-d", ref)
                self.route.bring(git, self.tree)
            for name, tip in self.tree["branches"].items():
                git("update-ref", f"refs/heads/{name}", tip)
        return []

    def enter(self, task: str, attempt_no: int) -> Path:
        """The project's folder in the worktree of the attempt, which nobody else on this machine makes."""
        self._hold(task, attempt_no)
        return super().enter(task, attempt_no)

    def keep(self, task: str, attempt_no: int, message: str) -> Left:
        """Commit what an attempt left, as far as it can travel."""
        left = super().keep(task, attempt_no, message)
        with self._step():
            large = out_of_place(self.place(task, attempt_no), left.files) if not left.complaint else []
        return left._replace(complaint=left.complaint or large_files_complaint(large))

    def merge(self, task: str, attempt_no: int, message: str) -> Conflict | None:
        """Leave that to the home."""
        return None

    def hand_in(self, task: str, attempt_no: int) -> dict[str, Any]:
        """Hand in what was kept of the attempt; gives what the home has to know to take it."""
        branch = self.branch(task, attempt_no)
        with self._step():
            return self.route.hand_in(self.repository.git, self.tree["name"], branch, self.tree["base"])

    def end(self, task: str, attempt_no: int) -> None:
        """Be done with the attempt: its worktree and its branches are not needed here any more."""
        with contextlib.suppress(WorkspaceUnavailable):
            if self._repository is not None:
                self.leave(task, attempt_no)
                with self._step():
                    for name in (self.branch(task, attempt_no), *self.tree["branches"]):
                        self.repository.git("update-ref", "-d", f"refs/heads/{name}")
                    self.repository.git(*_SPARING)
        for descriptor in self._held:
            lock = _lock_of(self._tree(task, attempt_no))
            lock.unlink(missing_ok=True)
            os.close(descriptor)
            with contextlib.suppress(OSError):
                lock.parent.rmdir()
        self._held.clear()

    def _hold(self, task: str, attempt_no: int) -> None:
        lock = _lock_of(self._tree(task, attempt_no))
        lock.parent.mkdir(parents=True, exist_ok=True)
        self._held.append(os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644))
        try:
            fcntl.flock(self._held[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorkspaceUnavailable("another worker on this machine makes this attempt", place=str(lock)) from None

    @contextlib.contextmanager
    def _step(self) -> Iterator[None]:
        """One step at a time in the cache, whichever worker on this machine takes it."""
        with super()._step(), _locked(self.root):
            yield


def _require_sound(tree: Mapping[str, Any]) -> None:
    """Check that nothing in an order leads out of the worker's folder, whoever gave it."""
    steps = str(tree["prefix"]).split("/") if tree["prefix"] else []
    sound = (
        _NAME.fullmatch(tree["name"])
        and not any(step in ("", ".", "..") for step in steps)
        and all(_BRANCH.fullmatch(name) for name in tree["branches"])
        and all(_COMMIT.fullmatch(commit) for commit in (tree["base"], *tree["branches"].values()))
    )
    if not sound:
        raise TransportRefused("its order has names in it that would lead out of the worker's folder")


def trees(root: Path) -> Path:
    """Where a worker keeps the trees that travelled to its folder."""
    return root / ".milepost" / "trees"


def clear_away(root: Path, before: float, *, dry_run: bool = False) -> int:
    """Remove worktrees that nobody works in, and a cache not used since a moment (seconds since 1970).

    Gives how many bytes that frees.
    """
    home = trees(root)
    if not home.is_dir():
        return 0
    freed = 0
    cache = home / "cache.git"
    with _locked(root):
        for lock in home.glob("*/*/*.lock"):
            tree = lock.with_suffix("")
            descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            else:
                freed += _removed([tree, *tree.parent.glob(f"{tree.name}.*")], dry_run)
                if cache.is_dir() and not dry_run:
                    branch = "/".join(tree.parts[-3:])
                    Git(cache)("update-ref", "-d", f"refs/heads/milepost/{branch}", ok=range(256))
            finally:
                os.close(descriptor)
        if cache.is_dir() and (home / ".used").stat().st_mtime < before and not any(home.glob("*/*/*.lock")):
            freed += _removed([cache], dry_run)
        elif cache.is_dir() and not dry_run:
            Git(cache)("worktree", "prune")
    return freed


def _removed(paths: list[Path], dry_run: bool) -> int:
    """Remove files and folders, and give how many bytes they take."""
    size = 0
    for path in paths:
        files = [path] if path.is_file() else path.rglob("*")
        size += sum(file.lstat().st_size for file in files if not file.is_dir())
        if not dry_run:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return size


def _cache(root: Path, base: str) -> Git:
    """The cache of a worker's folder, made if there is none; ``base`` shows which digests its commits have."""
    folder = trees(root) / "cache.git"
    git = Git(folder)
    if not (folder / "HEAD").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        require_git(git)
        kind = "sha256" if len(base) == 64 else "sha1"
        git("init", "--quiet", "--bare", f"--object-format={kind}", "--initial-branch=none", ".")
        git.introduce_ourselves()
        take_as_they_are(git)
    for lock in (*(folder / "refs" / "trunk").glob("*.lock"), folder / "packed-refs.lock"):
        lock.unlink(missing_ok=True)  # of a git that was killed: we alone are here
    (folder.parent / ".used").touch()
    return git


@contextlib.contextmanager
def _locked(root: Path) -> Iterator[None]:
    home = trees(root)
    make_own_folder(root / ".milepost")
    home.mkdir(exist_ok=True)
    descriptor = os.open(home / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _lock_of(tree: Path) -> Path:
    return tree.with_name(f"{tree.name}.lock")
