"""Plans opened for a command, with a word on standard error when part of a document was not understood."""

from __future__ import annotations

from typing import TYPE_CHECKING

from milepost.app.suggestions import in_shell
from milepost.cli.options import say

if TYPE_CHECKING:
    from milepost.bootstrap import Project
    from milepost.plan.model import Plan

_NOTES = 5


def open_project(path: str) -> Project:
    """Open a plan with its project, as :func:`milepost.bootstrap.open_project` does."""
    from milepost.bootstrap import open_project as open_quietly

    _note_size(path)
    project = open_quietly(path)
    _note_unread(project.unread, path)
    return project


def load_plan(path: str, dialect: str = "") -> Plan:
    """Load a plan, as :func:`milepost.app.plans.load_plan` does."""
    from milepost.app.extracts import unread_lines
    from milepost.app.plans import load_plan as load_quietly

    _note_size(path)
    plan = load_quietly(path, dialect)
    _note_unread(unread_lines(plan), path)
    return plan


def _note_unread(unread: int, path: str) -> None:
    if unread:
        lines = "1 line looks like a task but was" if unread == 1 else f"{unread} lines look like tasks but were"
        say(f"note: {lines} not read; `milepost check --coverage {in_shell(path)}` lists them", err=True)


def note_unreadable(plan: Plan) -> None:
    """Say which estimates and dates are none, for the commands that count with them."""
    if not plan.observations:
        return
    from milepost.plan.model import ObservationKind

    kinds = (
        ObservationKind.UNREADABLE_DURATION,
        ObservationKind.UNREADABLE_VALUE,
        ObservationKind.UNREADABLE_DATE,
    )
    found = [one for one in plan.observations if one.kind in kinds]
    for one in found[:_NOTES]:
        line = plan.source.position(one.span.start).line
        why = "is no duration" if one.kind is kinds[0] else f"does not count: {one.detail}"
        say(f"note: line {line}: `{one.text}` {why}", err=True)
    if len(found) > _NOTES:
        say(f"note: {len(found) - _NOTES} more values cannot be read; `milepost check` lists them", err=True)


def _note_size(path: str) -> None:
    """Say what a large plan takes, before anything is read."""
    from milepost.app.sizes import gigabytes, memory_needed

    need = memory_needed(path)
    if need:
        say(f"note: about {need.tasks:,} tasks: this takes up to {gigabytes(need.memory)} of memory", err=True)
