"""A git worktree and a branch for every attempt of a run, and a merge of what passed.

What passed is merged into ``refs/milepost/RUN/merged``, without touching any files: git computes the merge, and the
reference moves in one step, so that a merge has happened or has not, whoever is killed. From there it is handed over
to the branch that was checked out when the run began (``refs/milepost/RUN/target`` names it), as a fast-forward, which
git refuses where it would overwrite what is not committed. Attempts work on branches ``milepost/RUN/TASK/NUMBER``.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import threading
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from milepost.adapters.file_names import branch_name
from milepost.adapters.git import Git, GitFailed
from milepost.adapters.git_beginning import Repository, begin
from milepost.adapters.git_merging import Merging
from milepost.app.ports import Conflict, Left
from milepost.errors import TransportRefused, WorkspaceUnavailable

_READY = ".ready"
_KEPT = ".kept"
_TO_LOOK = "@merged"
_GITLINK = "160000"
_COMMIT = re.compile(r"[0-9a-f]{40,64}")


class GitWorkspace:
    """The worktrees of one run of the project at ``root``, below its ``.milepost``; ``plan`` is its document."""

    def __init__(self, root: Path, run: str, plan: Path | None = None) -> None:
        self.root = root
        self.run = run
        self.plan = plan
        self._lock = threading.RLock()
        self._repository: Repository | None = None

    @property
    def repository(self) -> Repository:
        """The repository, once :meth:`begin` has found it."""
        assert self._repository is not None
        return self._repository

    @property
    def folder(self) -> Path:
        """Where the worktrees of the run lie."""
        return self.root / ".milepost" / "worktrees" / self.repository.name

    def begin(self) -> list[str]:
        """Look whether git can do what is needed, and begin the run's merge where it has none."""
        with self._step():
            self._repository, notices = begin(self.root, self.run, self.plan)
            self.merging = Merging(self.repository)
            self.folder.mkdir(parents=True, exist_ok=True)
            ignore = self.folder.parent / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n")
            return notices

    def enter(self, task: str, attempt_no: int) -> Path:
        """The project's folder in the worktree of an attempt; a branch that is there already is gone on with."""
        with self._step():
            tree, branch = self._tree(task, attempt_no), self.branch(task, attempt_no)
            if not _beside(tree, _READY).exists():
                self._discard(tree)
                self.merging.absorb_target()
                git = self.repository.git
                known = git.commit(f"refs/heads/{branch}")
                new = () if known else ("--no-track", "-b", branch)
                git("worktree", "add", "--quiet", *new, str(tree), branch if known else self.repository.merged)
                _beside(tree, _READY).touch()
            return tree / self.repository.prefix

    def keep(self, task: str, attempt_no: int, message: str) -> Left:
        """Commit everything an attempt left on its branch, but for the plan and what is Milepost's own."""
        with self._step():
            return self._keep(self._tree(task, attempt_no), self.branch(task, attempt_no), message)

    def receive(self, task: str, attempt_no: int, commit: str, collect: Callable[[Git, str], None]) -> None:
        """Take what an attempt left that was made on another machine, as if it had been kept here.

        ``collect`` brings a branch into the repository; ``commit`` is what it has to be.

        Raises:
            TransportRefused: it is something else.
        """
        with self._step():
            git, branch, tree = self.repository.git, self.branch(task, attempt_no), self._tree(task, attempt_no)
            collect(git, branch)
            if not _COMMIT.fullmatch(commit) or git.commit(commit) != commit:
                raise TransportRefused(f"it does not hold the commit {commit}")
            git("update-ref", f"refs/heads/{branch}", commit)
            base = git("merge-base", commit, self.repository.merged, ok=(0, 1)).strip() or self.repository.merged
            ours = git("diff", "--name-only", "-z", base, commit, "--", *self.repository.not_merged).split("\0")[:-1]
            tree.parent.mkdir(parents=True, exist_ok=True)
            _beside(tree, _KEPT).write_text(f"it changed what is not its own: {', '.join(ours[:5])}" if ours else "")

    def merge(self, task: str, attempt_no: int, message: str) -> Conflict | None:
        """Merge the branch of an attempt, and hand over what is merged."""
        with self._step():
            tip = self.repository.git.commit(f"refs/heads/{self.branch(task, attempt_no)}")
            conflict = self.merging.merge(tip, message) if tip else None
            if conflict is None:
                self.merging.hand_over()
            return conflict

    def leave(self, task: str, attempt_no: int) -> None:
        """Remove the worktree of an attempt; its branch stays."""
        with self._step():
            self._discard(self._tree(task, attempt_no))

    def look(self, name: str) -> Path:
        """A worktree without a branch at what is merged."""
        with self._step():
            tree = self.folder / _TO_LOOK / branch_name(name)
            self._discard(tree)
            self.merging.absorb_target()
            self.repository.git("worktree", "add", "--quiet", "--detach", str(tree), self.repository.merged)
            return tree / self.repository.prefix

    def forget(self, name: str) -> None:
        """Remove a worktree that was made to look at what is merged."""
        with self._step():
            self._discard(self.folder / _TO_LOOK / branch_name(name))

    def absorb(self) -> None:
        """Merge what others committed meanwhile."""
        with self._step():
            self.merging.absorb_target()

    def tidy(self, running: Collection[tuple[str, int]]) -> list[str]:
        """Commit and remove what attempts left that run no more, as after a crash, and hand over what is merged."""
        with self._step():
            live = {self._tree(task, number) for task, number in running}
            notices = []
            for tree in sorted(path for path in self.folder.glob("*/*") if path.is_dir() and path not in live):
                if tree.parent.name != _TO_LOOK and _beside(tree, _READY).exists():
                    branch = f"milepost/{self.repository.name}/{tree.parent.name}/{tree.name}"
                    try:
                        self._keep(tree, branch, f"{tree.parent.name}: what attempt {tree.name} left")
                    except GitFailed as error:
                        notices.append(f"what an attempt left in {tree} could not be kept, and stays there: {error}")
                        continue
                self._discard(tree)
            self.repository.git("worktree", "prune")
            told = self.merging.hand_over()
            return [*notices, told] if told else notices

    def branch(self, task: str, attempt_no: int) -> str:
        """The branch of an attempt."""
        return f"milepost/{self.repository.name}/{branch_name(task)}/{attempt_no}"

    def _tree(self, task: str, attempt_no: int) -> Path:
        return self.folder / branch_name(task) / str(attempt_no)

    def _keep(self, tree: Path, branch: str, message: str) -> Left:
        tip = self.repository.git.commit(f"refs/heads/{branch}")
        kept = _beside(tree, _KEPT)
        if not kept.exists():
            if not (tree / ".git").exists():
                return Left(branch, tip, (), "its worktree is gone")
            git = Git(tree)
            git.name_ourselves()
            _unlock(git, tree)
            self.merging.absorb_target()
            unfinished = "it left a merge unfinished" if git("ls-files", "--unmerged", "-z") else ""
            tip = self._commit(git, branch, tip, message)
            kept.write_text(unfinished)
        complaint = kept.read_text()
        changed = self.merging.changes(tip)
        links = [path for path, mode in changed.items() if mode == _GITLINK]
        if links:
            complaint = f"it left a git repository of its own in {', '.join(links[:5])}"
        files = tuple(os.path.relpath(path, self.repository.prefix or ".") for path in changed)
        return Left(branch, tip, files, complaint)

    def _commit(self, git: Git, branch: str, tip: str, message: str) -> str:
        """Put all that a worktree holds on its branch, wherever its worker went; nothing it committed is lost."""
        git("add", "--all", "--", *self.repository.all_else)
        head = git.commit("HEAD")
        base = git("merge-base", head, self.repository.merged, ok=(0, 1)).strip() or self.repository.merged
        # What a worker committed of these nevertheless is as it was before.
        git("reset", "--quiet", base, "--", *self.repository.not_merged)
        tree = git("write-tree").strip()
        parents = [head] if not tip or git.contains(head, tip) else [tip, head]
        if parents[1:] and git.contains(tip, head):
            parents = [tip]
        if parents[1:] or git("rev-parse", f"{head}^{{tree}}").strip() != tree:
            head = git.new_commit(tree, parents, message)
        git("update-ref", f"refs/heads/{branch}", head, tip)
        git("symbolic-ref", "HEAD", f"refs/heads/{branch}")
        return head

    def _discard(self, tree: Path) -> None:
        """Remove a worktree, also one that was never finished or that somebody deleted half."""
        git = self.repository.git
        if tree.is_dir():
            git("worktree", "remove", "--force", "--force", str(tree), ok=range(256))
            shutil.rmtree(tree, ignore_errors=True)
        for mark in (_READY, _KEPT):
            _beside(tree, mark).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            tree.parent.rmdir()

    @contextlib.contextmanager
    def _step(self) -> Iterator[None]:
        """One step at a time; a failure of git is told as one of the place."""
        with self._lock:
            try:
                yield
            except (GitFailed, OSError) as error:
                raise WorkspaceUnavailable(
                    f"git cannot do its part: {error}",
                    place=str(self.root),
                    remedy="put that right and run again: it goes on from here, nothing is lost",
                ) from None


def _beside(tree: Path, mark: str) -> Path:
    return tree.with_name(tree.name + mark)


def _unlock(git: Git, tree: Path) -> None:
    """Remove the locks of a worktree whose worker was killed in the middle of a git command."""
    folder = tree / git("rev-parse", "--git-dir").strip()
    for name in ("index.lock", "HEAD.lock"):
        (folder / name).unlink(missing_ok=True)
