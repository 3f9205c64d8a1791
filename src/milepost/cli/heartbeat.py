"""``milepost heartbeat``: say that an attempt still lives."""

from __future__ import annotations

import click

from milepost.app.tasks import heartbeat
from milepost.bootstrap import open_project
from milepost.cli.acting import require_task
from milepost.cli.options import (
    FiniteRange,
    attempt_option,
    by_option,
    json_option,
    plan_and_more_argument,
    say,
    say_json,
    task_argument,
)
from milepost.cli.text import clock


@click.command()
@plan_and_more_argument
@task_argument
@by_option
@attempt_option
@click.option("--lease", type=FiniteRange(min=1), help="Minutes you may be silent.  [default: the settings']")
@json_option
def command(plan: str, task: str, by: str, attempt_no: int | None, lease: float | None, as_json: bool) -> None:
    """Say that you are still at a task you claimed, so that nobody else gets it.

    Refused when your lease has run out and the task is somebody else's by now.
    """
    project = open_project(plan)
    require_task(project, task)
    session = project.open_run(by)
    seconds = (lease or project.settings.lease_minutes) * 60
    until = heartbeat(session, task, by=by, now=project.now(), lease=seconds, attempt_no=attempt_no or 0)
    if as_json:
        say_json({"task": task, "lease_until": until, "by": by})
        return
    say(f"{task} is yours until {clock(until)}")
