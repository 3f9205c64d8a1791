"""Which branches of attempts can go: those whose work was merged, or, on request, all that nobody needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple


class WorkBranch(NamedTuple):
    """A branch on which an attempt worked. ``run`` is the run's name in branches; one in use is ``checked_out``."""

    name: str
    run: str
    merged: bool
    checked_out: bool


class Cleaning(NamedTuple):
    """Branches to delete, and those to keep with the reason."""

    deleted: tuple[WorkBranch, ...]
    kept: tuple[tuple[WorkBranch, str], ...]


def choose(branches: Iterable[WorkBranch], going: Collection[str], *, everything: bool) -> Cleaning:
    """Choose among branches; ``going`` are the names of runs that are not over, ``everything``: failed work, too."""
    deleted: list[WorkBranch] = []
    kept: list[tuple[WorkBranch, str]] = []
    for branch in branches:
        why = _reason_to_keep(branch, going, everything)
        if why:
            kept.append((branch, why))
        else:
            deleted.append(branch)
    return Cleaning(tuple(deleted), tuple(kept))


def _reason_to_keep(branch: WorkBranch, going: Collection[str], everything: bool) -> str:
    if branch.checked_out:
        return "it is checked out"
    if branch.merged:
        return ""
    if not everything:
        return "it was not merged"
    return "its run goes on" if branch.run in going else ""
