"""``milepost fail``: report that a claimed task failed."""

from __future__ import annotations

import click

from milepost.app.tasks import aftermath, fail
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
@click.argument("reason")
@by_option
@attempt_option
@click.option("--escalate", is_flag=True, help="Ask for the next stronger tier at once.")
@json_option
def command(plan: str, task: str, reason: str, by: str, attempt_no: int | None, escalate: bool, as_json: bool) -> None:
    """Report that a task you claimed failed, and why: it is tried again, escalated, or blocked."""
    project = open_project(plan)
    require_task(project, task)
    session = project.open_run(by)
    events = fail(session, task, reason, by=by, now=project.now(), attempt_no=attempt_no or 0, escalate=escalate)
    bring_up_to_date(project, session)
    record = session.state.tasks[task]
    if as_json:
        say_json({"task": task, "status": record.status.value, "tier": record.tier, "outcome": aftermath(events)})
        return
    say(f"{task} {record.spec.title}: {aftermath(events)}")
