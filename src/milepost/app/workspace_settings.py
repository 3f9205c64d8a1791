"""Where the attempts of a tier work: in the project's folder, or each in a git worktree of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from milepost.app.settings import Settings
    from milepost.app.settings_tables import TableReader

IN_PLACE, WORKTREE = WORKSPACES = ("in-place", "worktree")


def require_workspace(reader: TableReader, where: str, values: Mapping[str, Any]) -> None:
    """Check what a section says of workspaces.

    Raises:
        SettingsInvalid: there is no such workspace, or the tier cannot have it.
    """
    if "remote" in values and (not values["remote"] or values["remote"].startswith("-")):
        raise reader.invalid(
            f"`{values['remote']}` is no git remote", where, "remote", "give its name, such as origin, or its address"
        )
    asked = values.get("workspace", IN_PLACE)
    if asked not in WORKSPACES:
        raise reader.invalid(
            f"there is no workspace `{asked}`",
            where,
            "workspace",
            "use " + " or ".join(f'"{one}"' for one in WORKSPACES),
        )
    if asked != WORKTREE or where == "run":
        return
    if values.get("driver") == "manual":
        raise reader.invalid(
            "who claims a task by hand works wherever they like",
            where,
            "workspace",
            'leave `workspace` out, or use driver = "command"',
        )
    if values.get("cwd") == "attempt":
        raise reader.invalid(
            'cwd = "attempt" and workspace = "worktree" are two different folders',
            where,
            "workspace",
            'leave one of them out; in a worktree, cwd is "project" or "plan"',
        )


def isolated_tiers(settings: Settings) -> frozenset[int]:
    """The ranks of the tiers whose attempts work in worktrees."""
    return frozenset(
        rank
        for rank, tier in settings.tiers.items()
        if (tier.workspace or settings.workspace) == WORKTREE and tier.driver != "manual" and tier.cwd != "attempt"
    )
