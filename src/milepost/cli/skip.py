"""``milepost skip``: decide that a task will not be done."""

from __future__ import annotations

import click

from milepost.app.tasks import skip
from milepost.bootstrap import open_project
from milepost.cli.acting import bring_up_to_date, require_task
from milepost.cli.options import by_option, json_option, plan_and_more_argument, say, say_json, task_argument


@click.command()
@plan_and_more_argument
@task_argument
@click.argument("reason")
@by_option
@json_option
def command(plan: str, task: str, reason: str, by: str, as_json: bool) -> None:
    """Decide that a task will not be done, and why: what waits for it need not wait any more."""
    project = open_project(plan)
    require_task(project, task)
    session = project.open_run(by)
    skip(session, task, reason, by=by, now=project.now())
    bring_up_to_date(project, session)
    if as_json:
        say_json({"task": task, "status": session.state.tasks[task].status.value, "reason": reason, "by": by})
        return
    say(f"{task} {session.state.tasks[task].spec.title}: skipped: {reason}")
