"""Plans in the folders beside a plan: whose task it may be that a plan names and does not have."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from milepost.app.documents import read_document
from milepost.errors import MilepostError

_MOST = 60
_LARGEST = 400_000
"""Bytes up to which a neighbour is read: this is a courtesy of an error message."""


def neighbours(path: str) -> Callable[[str], str]:
    """What names the only plan beside ``path`` that has a task of an id; empty if there is none, or more than one.

    Nothing is read before it is asked.
    """
    return lambda task: _only(path, task)


def _only(path: str, task: str) -> str:
    found = []
    for other in _beside(path):
        if _has(other, task):
            found.append(other)
        if len(found) > 1:
            return ""
    return os.path.relpath(found[0], os.path.dirname(path) or ".").replace(os.sep, "/") if found else ""


def _beside(path: str) -> Iterator[str]:
    """Files of the plan's name in the folders beside its own: ``specs/*/tasks.md``."""
    here = os.path.dirname(os.path.abspath(path))
    around, name = os.path.dirname(here), os.path.basename(path)
    try:
        folders = sorted(os.listdir(around))[:_MOST]
    except OSError:
        return
    for folder in folders:
        other = os.path.join(around, folder, name)
        if os.path.join(around, folder) != here and os.path.isfile(other) and os.path.getsize(other) <= _LARGEST:
            yield other


def _has(path: str, task: str) -> bool:
    from milepost.plan.reader import read_plan

    try:
        source = read_document(path)
    except (MilepostError, OSError):
        return False
    return task in source.text and task in read_plan(source).by_id
