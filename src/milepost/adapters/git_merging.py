"""What passed, merged; and handed over to the branch a run began on."""

from __future__ import annotations

from milepost.adapters.git import GitFailed
from milepost.adapters.git_beginning import Repository
from milepost.adapters.git_forward import Forward
from milepost.app.ports import Conflict

_LONGEST_DIFF = 6000
_TRIES = 5


class Merging:
    """Moves the merge of a run forward. Calls must not overlap."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.git = repository.git
        self.forward = Forward(repository)

    def merge(self, tip: str, message: str) -> Conflict | None:
        """Merge a commit; one that is merged already changes nothing."""
        for _ in range(_TRIES):
            self.absorb_target()
            merged = self.git.commit(self.repository.merged)
            if self.git.contains(merged, tip):
                return None
            new, conflicting = self._merged(merged, tip, message)
            if conflicting:
                return self._conflict(merged, tip, conflicting)
            if self._moved(merged, new):
                return None
        raise GitFailed(f"{self.repository.merged} is moved by somebody else all the time")

    def absorb_target(self) -> str:
        """Merge what others committed on the target branch; gives why not, if it conflicts."""
        target = self.git.commit(self.repository.target)
        merged = self.git.commit(self.repository.merged)
        if not target or self.git.contains(merged, target):
            return ""
        new, conflicting = self._merged(merged, target, f"Merge {self.branch}")
        if conflicting:
            return f"it changed {', '.join(conflicting[:5])} as well"
        self._moved(merged, new)
        return ""

    def hand_over(self) -> str:
        """Move the target branch forward to what is merged; gives why that is left to people, if it is."""
        self.forward.recover()
        self.absorb_target()
        merged, target = self.git.commit(self.repository.merged), self.git.commit(self.repository.target)
        if target and self.git.contains(target, merged):
            return ""
        try:
            if not target:
                raise GitFailed("there is no such branch any more")
            if not self.git.contains(merged, target):
                raise GitFailed(self.absorb_target())
            self._fast_forward()
        except GitFailed as error:
            why = " ".join(str(error).split())[:300]
            name = self.repository.merged.removeprefix("refs/")
            return f"what was merged is not in {self.branch} yet: {why}; `git merge {name}` brings it there"
        return ""

    @property
    def branch(self) -> str:
        """The name of the target branch."""
        full = self.git("symbolic-ref", "--quiet", self.repository.target, ok=(0, 1)).strip()
        return full.removeprefix("refs/heads/") or "the branch"

    def changes(self, tip: str) -> dict[str, str]:
        """Files (from the repository's top) that a branch changed since it left what is merged, with their modes."""
        base = self.git("merge-base", self.repository.merged, tip, ok=(0, 1)).strip() or self.repository.merged
        raw = self.git("diff", "--raw", "--no-renames", "--no-ext-diff", "-z", base, tip).split("\0")
        return {path: head.split()[1] for head, path in zip(raw[:-1:2], raw[1::2], strict=True)}

    def _merged(self, ours: str, theirs: str, message: str) -> tuple[str, list[str]]:
        """A commit that holds both, or the files that conflict."""
        if self.git.contains(theirs, ours):
            return theirs, []
        code, told = self.git.call("merge-tree", "--write-tree", "--name-only", "-z", ours, theirs, ok=(0, 1))
        tree, *rest = told.split("\0")
        if code:
            files = rest[: rest.index("")] if "" in rest else rest
            return "", files or ["files of both"]
        return self.git.new_commit(tree, (ours, theirs), message), []

    def _moved(self, old: str, new: str) -> bool:
        """Move what is merged, unless somebody else has."""
        try:
            self.git("update-ref", self.repository.merged, new, old)
        except GitFailed:
            if self.git.commit(self.repository.merged) == old:
                raise
            return False
        return True

    def _fast_forward(self) -> None:
        checked_out = self.git("symbolic-ref", "--quiet", "HEAD", ok=(0, 1)).strip()
        if checked_out == f"refs/heads/{self.branch}":
            self.forward.move(self.repository.merged)
        else:  # refused where another worktree has it checked out
            self.git("fetch", "--quiet", ".", f"{self.repository.merged}:refs/heads/{self.branch}")

    def _conflict(self, merged: str, tip: str, files: list[str]) -> Conflict:
        base = self.git("merge-base", merged, tip, ok=(0, 1)).strip() or merged
        subjects = self.git("log", "--format=%s", "--no-merges", f"{base}..{merged}", "--", *files).splitlines()
        ours, theirs = (self._diff(base, side, files) for side in (tip, merged))
        return Conflict(tuple(files), ours, theirs, tuple(subjects[:10]))

    def _diff(self, base: str, side: str, files: list[str]) -> str:
        text = self.git("--literal-pathspecs", "diff", "--no-ext-diff", "--no-color", base, side, "--", *files)
        if len(text) <= _LONGEST_DIFF:
            return text
        return f"{text[:_LONGEST_DIFF]}\n[…] `git diff {base[:12]} {side[:12]}` shows all of it\n"
