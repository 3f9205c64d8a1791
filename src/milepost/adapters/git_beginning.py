"""Whether a project's repository allows worktrees for its runs, and where a run's merge begins."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from milepost.adapters.file_names import branch_name
from milepost.adapters.git import IN_PLACE, Git, GitFailed, require_git
from milepost.errors import WorkspaceUnavailable

_SHOWN = 5
_AS_FILES = "make them part of the repository (`git subtree add`)"
OWN_FILES = (":(glob)**/.milepost/**", ":(glob)**/.aider.tags.cache*/**")
"""What is Milepost's own, and caches that agents leave without asking."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository as one run uses it.

    ``git`` works at its top, ``prefix`` leads from there to the project's folder. ``name`` is the run's in branches.
    ``not_merged`` are the patterns of what is never taken from a worktree.
    """

    git: Git
    prefix: str
    name: str
    not_merged: tuple[str, ...]

    @property
    def all_else(self) -> tuple[str, ...]:
        """Patterns of everything that is taken from a worktree."""
        return (".", *(f":(exclude,{pattern[2:]}" for pattern in self.not_merged))

    @property
    def merged(self) -> str:
        """The reference to everything merged so far."""
        return f"refs/milepost/{self.name}/merged"

    @property
    def target(self) -> str:
        """The reference that names the branch to which it is handed over."""
        return f"refs/milepost/{self.name}/target"


def find_repository(root: Path, run: str, plan: Path | None = None) -> Repository:
    """The repository of a project, as a run of it uses it.

    Raises:
        WorkspaceUnavailable: there is none, or git is not there or too old.
    """
    git = Git(root)
    require_git(git)
    try:
        inside = git("rev-parse", "--is-inside-work-tree").strip() == "true"
        top = Path(git("rev-parse", "--show-toplevel").rstrip("\n")) if inside else root
    except GitFailed as error:
        said = "" if "not a git repository" in str(error) else f": {error}"
        raise _refusal(root, f"the project is in no git repository{said}", "`git init` and commit") from None
    if not inside:
        raise _refusal(root, "the project lies in a repository without files of its own", "use a clone with files")
    git = Git(top)
    git.name_ourselves()
    prefix = root.relative_to(top).as_posix() if root != top else ""
    patterns = (
        *OWN_FILES,
        *([f":(literal){plan.relative_to(top).as_posix()}"] if plan and plan.is_relative_to(top) else ()),
    )
    return Repository(git, prefix, branch_name(f"{prefix}/{run}" if prefix else run), patterns)


def begin(root: Path, run: str, plan: Path | None) -> tuple[Repository, list[str]]:
    """Find a repository and the run's merge in it, or begin one where HEAD is; gives what people should know.

    Raises:
        WorkspaceUnavailable: the repository is in no state in which a run can begin.
    """
    repository = find_repository(root, run, plan)
    from milepost.adapters.git_forward import Forward  # which knows what a repository is from here

    git = repository.git
    Forward(repository).recover()
    if git.commit(repository.merged):
        _remove_locks(repository)
        return repository, []
    if not git.commit("HEAD"):
        raise _refusal(root, "the repository has no commits", "commit the project's files first")
    branch = git("symbolic-ref", "--quiet", "HEAD", ok=(0, 1)).strip()
    if not branch:
        raise _refusal(root, "no branch is checked out, to which work could go", "`git switch` to a branch")
    if repository.prefix and not git.holds("rev-parse", "--verify", "--quiet", f"HEAD:{repository.prefix}"):
        raise _refusal(root, "the project's folder has never been committed", "commit its files first")
    if git.commit("refs/heads/milepost"):
        raise _refusal(root, "a branch called milepost leaves no room for milepost/…", "`git branch -m` renames it")
    links = [line.partition("\t")[2] for line in git("ls-files", "-s", "-z").split("\0") if line.startswith("160000")]
    if links:
        raise _refusal(root, f"the repository has submodules, which worktrees do not share: {_few(links)}", _AS_FILES)
    new = _require_committed(repository, root)
    git("symbolic-ref", repository.target, branch)
    git("update-ref", repository.merged, git.commit("HEAD"), "")
    seen = f"files that are not committed are not seen by workers in worktrees: {_few(new)}"
    return repository, [seen] if new else []


def _require_committed(repository: Repository, root: Path) -> list[str]:
    """Check that nothing git knows is changed, and give the files that git does not know."""
    listed = repository.git("status", "--porcelain", "-z", "--no-renames", "--", *repository.all_else).split("\0")
    changed = [line[3:] for line in listed if line and not line.startswith("??")]
    if changed:
        raise _refusal(
            root,
            f"there are changes that are not committed, which workers in worktrees would not see: {_few(changed)}",
            "commit or stash them",
        )
    return [line[3:] for line in listed if line]


def _remove_locks(repository: Repository) -> None:
    """Remove what git leaves beside our own references when it is killed; no other supervisor of the run is there."""
    common = repository.git.folder / repository.git("rev-parse", "--git-common-dir").strip()
    for folder in ("refs/heads/milepost", "refs/milepost"):
        for lock in (common / folder / repository.name).glob("**/*.lock"):
            lock.unlink(missing_ok=True)


def _few(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _refusal(root: Path, message: str, remedy: str) -> WorkspaceUnavailable:
    return WorkspaceUnavailable(message, place=str(root), remedy=", ".join(filter(None, (remedy, IN_PLACE))))
