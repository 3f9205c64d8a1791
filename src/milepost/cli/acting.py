"""What the commands that act on a plan's run have in common."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from milepost.app.suggestions import in_shell
from milepost.cli.options import say
from milepost.errors import InputError, MilepostError

if TYPE_CHECKING:
    from milepost.app.runs import RunSession
    from milepost.bootstrap import Project


def bring_up_to_date(project: Project, session: RunSession) -> None:
    """Write into the plan what the ledger holds since a moment ago; a failure is told, and undoes nothing there."""
    try:
        project.keep_extract(project.sync(session))
    except MilepostError as error:
        say(f"the document is not up to date: {error}" + (f" ({error.place})" if error.place else ""), err=True)
        say(f"  help: when that is mended, `milepost sync {in_shell(project.path)}` catches up", err=True)


def tell_unticked(plan: str, tasks: Iterable[str]) -> None:
    """Tell of boxes that were unticked although their tasks are done: the run does not take these up by itself."""
    for task in tasks:
        say(f"{task} is done in the ledger, but its box was unticked by hand; the box stays as it is", err=True)
        say(f"  help: tick it again, or `milepost reopen {in_shell(plan, task)} REASON` has it done again", err=True)


def require_place(place: str) -> None:
    """Check that the file or folder exists by which a project was named.

    Raises:
        InputError: it does not.
    """
    if not os.path.exists(place):
        raise InputError(
            "there is no such file or folder", place=place, remedy="name a plan, or a folder of its project"
        )


def require_part_of_runs(project: Project, task: str) -> None:
    """Explain why a task that the plan has is in none of its runs.

    Raises:
        Refused: it is optional, struck out, or made of parts.
    """
    from milepost.app import tasks

    tasks.require_part_of_runs(project.extract.apart, task)


def require_task(project: Project, task: str) -> None:
    """See that no run is begun by the name of a task that takes part in none, or that is mistyped.

    Raises:
        Refused: it is optional, struck out, or made of parts.
        UnknownName: neither the plan nor its run has such a task.
    """
    require_part_of_runs(project, task)
    if not any(each.id == task for each in project.spec.tasks):
        from milepost.execution.lookup import find_task

        find_task(project.peek_run(), task)


def require_checkpoint(project: Project, name: str) -> None:
    """See that the mistyped name of a checkpoint begins no run.

    Raises:
        UnknownName: neither the plan nor its run has such a checkpoint.
    """
    from milepost.app.checkpoints import find_checkpoint

    find_checkpoint(project.peek_run(), name)
