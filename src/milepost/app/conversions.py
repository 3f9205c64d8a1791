"""Plans converted into other dialects."""

from __future__ import annotations

import os
from pathlib import Path

from milepost.app.documents import replace_file
from milepost.app.plans import load_plan
from milepost.app.projection import project
from milepost.errors import DocumentExists, UnknownName
from milepost.plan.dialects import reference
from milepost.plan.writing import STYLES, Written, write_plan
from milepost.source import SourceText


def convert_plan(path: str, target: str, today: str, dialect: str = "") -> Written:
    """Write a plan in another dialect, in memory. ``today`` is an ISO date; ``dialect`` is what to read it as.

    Raises:
        UnknownName: there is no such target.
        PlanUnreadable, NoTasksFound: the plan cannot be read.
    """
    if target not in STYLES:
        raise UnknownName(f"plans cannot be converted to {target!r}", remedy=f"use one of: {', '.join(STYLES)}")
    written = write_plan(load_plan(path, dialect), target, os.path.join(os.path.dirname(path), "tasks.md"))
    if STYLES[target].dialect != reference.NAME:
        return written
    return Written(project(written.source, None, today), written.names, written.lost, written.foreign)


def save_new(source: SourceText, path: str, *, overwrite: bool = False) -> None:
    """Write a document to a place where there is none.

    Raises:
        DocumentExists: there is one, and it may not be overwritten.
        DocumentUnwritable: it cannot be written.
    """
    if os.path.lexists(path) and not overwrite:
        raise DocumentExists(place=path, remedy="name another file, or add --force to overwrite it")
    replace_file(Path(os.path.realpath(path)), source.to_bytes(), shown=path)
