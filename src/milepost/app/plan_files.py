"""Where plans lie: files and folders named by people, and what changed in them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from milepost.app.documents import PYPROJECT, SETTINGS, project_root
from milepost.app.folders import task_files
from milepost.app.globs import matches
from milepost.app.settings import load_settings
from milepost.errors import PlanUnreadable, UsageError

PLAN_FILES = (
    "**/tasks.md",
    "**/implementation[-_ ]plan.md",
    "**/.taskmaster/tasks/tasks.json",
)
"""What a folder is searched for, in any case of letters, besides folders of Backlog.md."""

LOOKED_FOR = "tasks.md, implementation-plan.md, .taskmaster/tasks/tasks.json and backlog folders"
"""The same in words."""

TOOL_FOLDERS = frozenset({".backlog", ".kiro", ".agent-os", ".spec-workflow", ".specify", ".taskmaster"})
"""Hidden folders in which tools keep specs; all other hidden ones are passed over."""

_NAMED = 5
"""How many plans a message names."""

_PASSED_OVER = frozenset({"node_modules", "__pycache__", "venv", "env", "site-packages"})


def find_plans(path: str) -> list[str]:
    """Give the plans a path means: itself, or those in the folder it names, in the order of their names.

    Raises:
        PlanUnreadable: it is a folder without a plan.
        SettingsInvalid: the settings that say what to leave out cannot be read.
    """
    if not os.path.isdir(path) or task_files(path):
        return [path]
    found = list(_search(path))
    if not found:
        raise PlanUnreadable(
            "no plan was found in this folder",
            place=path,
            remedy=f"it was searched for {LOOKED_FOR}; name another file itself",
        )
    return found


def the_plan(path: str) -> str:
    """Give the one plan a path means: itself, or the only one in the folder it names.

    Raises:
        PlanUnreadable: the folder has no plan.
        UsageError: it has several.
        SettingsInvalid: the settings that say what to leave out cannot be read.
    """
    found = find_plans(path)
    if len(found) > 1:
        named = ", ".join(found[:_NAMED]) + (f" and {len(found) - _NAMED} more" if len(found) > _NAMED else "")
        raise UsageError(f"this folder has {len(found)} plans", place=path, remedy=f"name one of them: {named}")
    return found[0]


def snapshot(paths: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Give time of change and size of every plan the paths mean now, and of the settings that hold for them."""
    found: dict[str, tuple[int, int]] = {}
    for path in paths:
        plans = list(_search(path)) if os.path.isdir(path) and not task_files(path) else [path]
        roots = {project_root(plan) for plan in plans}
        files = [file for plan in plans for file in (task_files(plan) if os.path.isdir(plan) else [plan])]
        for file in (*files, *(str(root / name) for root in sorted(roots) for name in (SETTINGS, PYPROJECT))):
            try:
                state = os.stat(file)
            except OSError:
                continue
            found[file] = (state.st_mtime_ns, state.st_size)
    return found


def _search(folder: str) -> Iterator[str]:
    excluded = _Excluded(folder)
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_passed_over(place, name, excluded))
        yield from _take_task_folders(place, folders)
        for name in sorted(files):
            path = os.path.normpath(os.path.join(place, name))
            shown = Path(os.path.abspath(path)).as_posix().lower()
            if any(matches(pattern, shown) for pattern in PLAN_FILES) and not excluded.covers(path):
                yield path


def _take_task_folders(place: str, folders: list[str]) -> Iterator[str]:
    """Give the folders that are plans as a whole, and search them no further."""
    for name in [name for name in folders if name.lower() in {"backlog", ".backlog"}]:
        path = os.path.normpath(os.path.join(place, name))
        if task_files(path):
            folders.remove(name)
            yield path


def _is_passed_over(place: str, name: str, excluded: _Excluded) -> bool:
    path = os.path.join(place, name)
    return (
        name in _PASSED_OVER
        or (name.startswith(".") and name not in TOOL_FOLDERS)
        or os.path.exists(os.path.join(path, "pyvenv.cfg"))
        or excluded.covers(path)
    )


class _Excluded:
    """What the settings leave out when a folder is searched."""

    def __init__(self, folder: str) -> None:
        settings = load_settings(os.path.join(folder, "tasks.md"))
        self._root = os.path.realpath(settings.root)
        self._globs = settings.lint.exclude

    def covers(self, path: str) -> bool:
        if not self._globs:
            return False
        relative = Path(os.path.relpath(os.path.realpath(path), self._root)).as_posix()
        return any(matches(glob, relative) for glob in self._globs)
