"""What runs leave in a repository: branches of attempts, and references to what was merged."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable
from pathlib import Path

from milepost.adapters.file_names import branch_name
from milepost.adapters.git import GitFailed
from milepost.adapters.git_beginning import find_repository
from milepost.app.cleaning import WorkBranch
from milepost.errors import WorkspaceUnavailable

_BRANCHES = "refs/heads/milepost/"


class GitCleaning:
    """The repository of the project at ``root``.

    Raises:
        WorkspaceUnavailable: there is none, or git is not there or too old.
    """

    def __init__(self, root: Path) -> None:
        self.repository = find_repository(root, "")
        self.git = self.repository.git

    def name_of(self, run: str) -> str:
        """The name of a run of the project in branches."""
        return branch_name(f"{self.repository.prefix}/{run}" if self.repository.prefix else run)

    def branches(self) -> list[WorkBranch]:
        """Every branch on which attempts worked, of all projects in the repository."""
        listed = self.git("for-each-ref", "--format=%(refname) %(objectname) %(worktreepath)", _BRANCHES)
        found = []
        for line in listed.splitlines():
            ref, tip, tree = line.split(" ", 2)
            run = ref.removeprefix(_BRANCHES).partition("/")[0]
            merged = self.git.commit(f"refs/milepost/{run}/merged") or self.git.commit("HEAD")
            is_merged = bool(merged) and self.git.contains(merged, tip)
            found.append(WorkBranch(ref.removeprefix("refs/heads/"), run, is_merged, bool(tree)))
        return found

    def delete(self, branches: Iterable[WorkBranch], going: Collection[str]) -> list[str]:
        """Delete branches, and the references of runs of which nothing is left to do; gives the names of those runs.

        Raises:
            WorkspaceUnavailable: git failed.
        """
        try:
            for branch in branches:
                self.git("branch", "--quiet", "-D", branch.name)
            self.git("worktree", "prune")
            return [run for run in self._runs() if run not in going and self._forget(run)]
        except GitFailed as error:
            raise WorkspaceUnavailable(f"git cannot do its part: {error}", place=str(self.git.folder)) from None

    def _runs(self) -> list[str]:
        listed = self.git("for-each-ref", "--format=%(refname)", "refs/milepost/").splitlines()
        return list(dict.fromkeys(ref.split("/")[2] for ref in listed))

    def _forget(self, run: str) -> bool:
        """Delete the references of a run, if all it merged is in its branch and none of its branches is left."""
        merged, target = (self.git.commit(f"refs/milepost/{run}/{name}") for name in ("merged", "target"))
        if self.git("for-each-ref", f"{_BRANCHES}{run}/") or not (target and self.git.contains(target, merged)):
            return False
        self.git("symbolic-ref", "--delete", f"refs/milepost/{run}/target")
        self.git("update-ref", "-d", f"refs/milepost/{run}/merged")
        with contextlib.suppress(OSError):
            (self.git.folder / self.repository.prefix / ".milepost" / "worktrees" / run).rmdir()
        return True
