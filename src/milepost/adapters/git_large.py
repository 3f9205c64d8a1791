"""Files whose contents git does not have: those that git-lfs keeps, of which there is a pointer, and submodules."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from milepost.adapters.git import Git

_POINTER = b"version https://git-lfs.github.com/spec/"
_SHOWN = 5
_GITLINK = "160000 "


def left_at_home(git: Git, base: str) -> list[str]:
    """What workers elsewhere will miss of a commit, each with what to do, in the repository at whose top git works."""
    found = []
    large = git("ls-files", "-z", "--", ":(attr:filter=lfs)").split("\0")[:-1]
    if large:
        found.append(
            f"files that git-lfs keeps do not travel: workers find pointers in place of {_few(large)}; have tasks that "
            'need them run where the files are: with --engine local, or on a tier with workspace = "in-place"'
        )
    if git.holds("cat-file", "-e", f"{base}:.gitmodules"):
        tree = git("ls-tree", "-r", "-z", base).split("\0")
        links = [line.partition("\t")[2] for line in tree if line.startswith(_GITLINK)]
        if links:
            found.append(
                f"submodules do not travel: workers find empty folders in place of {_few(links)}; have tasks that need "
                'them run with --engine local, or on a tier with workspace = "in-place"'
            )
    return found


def take_as_they_are(git: Git) -> None:
    """Have git take pointers for the files themselves, whatever the machine's configuration says of git-lfs."""
    for key in ("process", "smudge", "clean"):
        git("config", f"filter.lfs.{key}", "")
    git("config", "filter.lfs.required", "false")


def out_of_place(tree: Path, files: Collection[str]) -> list[str]:
    """Which files below a folder of a worktree git-lfs would keep, and hold something else than a pointer."""
    if not files:
        return []
    told = Git(tree)("check-attr", "-z", "--stdin", "filter", text="\0".join(files)).split("\0")
    large = [path for path, value in zip(told[:-1:3], told[2::3], strict=True) if value == "lfs"]
    return [path for path in large if (tree / path).is_file() and not _is_pointer(tree / path)]


def large_files_complaint(files: list[str]) -> str:
    """Why work that changes such files cannot be handed in."""
    return f"it changed files that git-lfs keeps, which do not travel: {_few(files)}" if files else ""


def _is_pointer(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_POINTER)) == _POINTER


def _few(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
