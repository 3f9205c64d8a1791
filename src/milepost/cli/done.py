"""``milepost done``: complete a task."""

from __future__ import annotations

from functools import partial

import click

from milepost.app.tasks import complete, mark_done
from milepost.bootstrap import open_project
from milepost.cli.acting import bring_up_to_date, require_task
from milepost.cli.options import (
    attempt_option,
    by_option,
    json_option,
    plan_and_more_argument,
    say,
    say_json,
    task_argument,
)


@click.command()
@plan_and_more_argument
@task_argument
@by_option
@attempt_option
@click.option("--note", default="", help="What was done; kept as evidence.")
@click.option("--force", is_flag=True, help="Record it as done by hand, whatever it waits for and whoever holds it.")
@json_option
def command(plan: str, task: str, by: str, attempt_no: int | None, note: str, force: bool, as_json: bool) -> None:
    """Complete a task you claimed; one that nobody claimed is claimed and completed in one step.

    Its `_Verify:_` commands are run first, and when one fails the task is not done (exit code 1).
    """
    project = open_project(plan)
    require_task(project, task)
    session = project.open_run(by)
    if force:
        mark_done(session, task, by=by, now=project.now(), note=note)
    else:
        verify = partial(project.verify, session)
        complete(session, task, by=by, now=project.now, attempt_no=attempt_no or 0, note=note, verify=verify)
    bring_up_to_date(project, session)
    if as_json:
        say_json({"task": task, "status": "done", "by": by, "finished": session.state.finished})
        return
    say(f"{task} {session.state.tasks[task].spec.title}: done")
    if session.state.finished:
        say("The plan is finished.")
