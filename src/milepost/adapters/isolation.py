"""Where an attempt works: in the project's folder, or in a workspace of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milepost.app.bounds import out_of_bounds
from milepost.app.ports import Workspace
from milepost.execution.records import Attempt, TaskRecord

_LISTED = 200


@dataclass(frozen=True)
class Isolation:
    """The workspace in which attempts of some tiers (by rank) work; ``criteria`` look there at what is merged."""

    workspace: Workspace
    tiers: Collection[int] = ()
    criteria: bool = False


class Bench:
    """Where an attempt works: the project's ``folder``, of which nothing is kept."""

    note = ""
    """What its worker is told of it."""
    own = False
    """Whether no other attempt works in the same folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def enter(self) -> Path:
        """The project's folder as the attempt sees it."""
        return self.folder

    async def keep(self, evidence: dict[str, Any]) -> str:
        """Keep what the attempt did, and add to its evidence what that is; gives what speaks against it."""
        return ""

    async def merge(self, evidence: dict[str, Any]) -> str:
        """Bring together what the attempt did with what others did; gives what conflicts."""
        return ""

    async def leave(self) -> None:
        """Be done with it."""


class OwnBench(Bench):
    """A workspace of an attempt's own."""

    own = True

    def __init__(self, workspace: Workspace, record: TaskRecord, attempt: Attempt) -> None:
        self.workspace = workspace
        self.spec = record.spec
        self.task = (record.spec.id, attempt.no)
        who = f"Attempt {attempt.no} on tier {attempt.tier}, by {attempt.worker}."
        self.message = f"{record.spec.id} {record.spec.title}\n\n{who}\n"

    @property
    def note(self) -> str:  # type: ignore[override]
        """What its worker is told of it."""
        only = f" Only these files may change: {', '.join(self.spec.files)}." if self.spec.files else ""
        return (
            "\n## Where you work\n\n"
            "In a git worktree of your own, on a branch of your own. What you leave in it is committed for you, and "
            f"merged when it is verified; what git ignores and changes to the plan are dropped.{only}\n"
        )

    async def enter(self) -> Path:
        """A worktree made of everything merged so far."""
        return await asyncio.to_thread(self.workspace.enter, *self.task)

    async def keep(self, evidence: dict[str, Any]) -> str:
        """Commit, and look whether everything lies within the task's bounds."""
        left = await asyncio.to_thread(self.workspace.keep, *self.task, self.message)
        evidence["workspace"] = {"branch": left.branch, "commit": left.commit, "files": list(left.files[:_LISTED])}
        outside = out_of_bounds(left.files, self.spec.files)
        if outside:
            evidence["outside"] = outside[:_LISTED]
        if left.complaint or not outside:
            return left.complaint
        listed = ", ".join(outside[:5]) + (f" and {len(outside) - 5} more" if len(outside) > 5 else "")
        return f"it changed what its task may not: {listed} (it may: {', '.join(self.spec.files)})"

    async def merge(self, evidence: dict[str, Any]) -> str:
        """Merge; where that conflicts, add both sides to the evidence."""
        conflict = await asyncio.to_thread(self.workspace.merge, *self.task, f"Merge {self.message}")
        if conflict is None:
            return ""
        evidence["conflict"] = {
            "files": list(conflict.files[:_LISTED]),
            "others": list(conflict.others),
            "ours": conflict.ours,
            "theirs": conflict.theirs,
        }
        others = f" with {'; '.join(conflict.others[:3])}" if conflict.others else ""
        return f"its work conflicts{others} in {', '.join(conflict.files[:5])}"

    async def leave(self) -> None:
        """Give up the worktree; the branch stays."""
        await asyncio.to_thread(self.workspace.leave, *self.task)
