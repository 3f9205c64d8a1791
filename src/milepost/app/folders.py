"""Folders that are one plan: Backlog.md keeps a file for each task."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from milepost.source import SourceText
from milepost.source.lazy_regex import lazy_regex

_NAME = lazy_regex(r"[A-Za-z][A-Za-z_]*(?:-[A-Za-z_]+)*-\d[\w.]*(?:[ -].*)?\.md", re.IGNORECASE)
_NUMBERS = lazy_regex(r"(\d+)")
_PLACES = ("tasks", "completed", "archive/tasks")
"""Where a backlog keeps its tasks; those in the archive are only looked up."""

_LOOKED_AT, _HEAD_BYTES = 5, 8192
"""How many files, and how much of each, are read to tell whether a folder holds tasks."""


def task_files(folder: str) -> list[str]:
    """The files of a folder that is a plan, in the order of their tasks' numbers; empty when it is none.

    Named may be the backlog, or the folder ``tasks`` in it; either way finished and archived tasks belong to it.
    """
    root = os.path.normpath(folder)
    if os.path.basename(os.path.abspath(root)) == "tasks":
        root = os.path.normpath(os.path.join(root, os.pardir))
    found = [file for place in _PLACES for file in _files(os.path.join(root, *place.split("/")))]
    found = sorted(found or _files(folder, deep=False), key=_natural)
    return found if any(_is_task(file) for file in found[:_LOOKED_AT]) else []


def _is_task(path: str) -> bool:
    from milepost.plan.formats.backlog import is_task_file

    try:
        with open(path, "rb") as file:
            return is_task_file(SourceText.from_bytes(file.read(_HEAD_BYTES), path=path))
    except OSError:
        return False


def _files(folder: str, *, deep: bool = True) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        if not deep:
            folders.clear()
        for name in names:
            if _NAME.fullmatch(name):
                yield os.path.normpath(os.path.join(place, name))


def _natural(path: str) -> tuple[list[tuple[int, str]], str]:
    """Sort ``task-2`` before ``task-10``, and files of one name by their folder."""
    parts = _NUMBERS.split(os.path.basename(path).lower())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts], path
