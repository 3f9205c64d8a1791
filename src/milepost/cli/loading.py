"""Plans opened for a command, with a word on standard error when part of a document was not understood."""

from __future__ import annotations

from typing import TYPE_CHECKING

from milepost.app.suggestions import in_shell
from milepost.cli.options import say
from milepost.plan.coverage import unread_tasks
from milepost.plan.model import Plan

if TYPE_CHECKING:
    from milepost.bootstrap import Project


def open_project(path: str) -> Project:
    """Open a plan with its project, as :func:`milepost.bootstrap.open_project` does."""
    from milepost.bootstrap import open_project as open_quietly

    project = open_quietly(path)
    _note_unread(project.plan, path)
    return project


def load_plan(path: str) -> Plan:
    """Load a plan, as :func:`milepost.app.plans.load_plan` does."""
    from milepost.app.plans import load_plan as load_quietly

    plan = load_quietly(path)
    _note_unread(plan, path)
    return plan


def _note_unread(plan: Plan, path: str) -> None:
    unread = sum(1 for _ in unread_tasks(plan))
    if unread:
        lines = "1 line looks like a task but was" if unread == 1 else f"{unread} lines look like tasks but were"
        say(f"note: {lines} not read; `milepost check --coverage {in_shell(path)}` lists them", err=True)
