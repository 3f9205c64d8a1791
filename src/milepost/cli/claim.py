"""``milepost claim``: take a task."""

from __future__ import annotations

import click

from milepost.app.suggestions import in_shell
from milepost.app.tasks import claim
from milepost.bootstrap import open_project
from milepost.cli.acting import bring_up_to_date, require_task
from milepost.cli.options import (
    FiniteRange,
    by_option,
    json_option,
    plan_and_more_argument,
    say,
    say_json,
    task_argument,
    whoami,
)
from milepost.cli.text import clock, duration


@click.command()
@plan_and_more_argument
@task_argument
@by_option
@click.option("--tier", type=click.IntRange(1), help="Your tier; a task for another one is refused.")
@click.option("--lease", type=FiniteRange(min=1), help="Minutes you may be silent.  [default: the settings']")
@json_option
def command(plan: str, task: str, by: str, tier: int | None, lease: float | None, as_json: bool) -> None:
    """Take a task: nobody else gets it while your lease lasts, and its box shows that it is being worked on.

    A claim ends with its lease unless `milepost heartbeat` extends it; past the task's limit (the escalation factor
    times its estimate) it goes to the next stronger tier.
    """
    project = open_project(plan)
    require_task(project, task)
    session = project.open_run(by)
    seconds = (lease or project.settings.lease_minutes) * 60
    claimed = claim(session, task, worker=by, now=project.now(), lease=seconds, tier=tier)
    bring_up_to_date(project, session)
    if as_json:
        say_json({"task": task, "attempt_no": claimed.attempt_no, "worker": by, "lease_until": claimed.lease_until})
        return
    say(f"{task} {claimed.task.spec.title}: attempt {claimed.attempt_no} is yours")
    own_name = "" if by == whoami() else f" --by {in_shell(by)}"
    if claimed.lease_until is not None:
        say(f"  until {clock(claimed.lease_until)}; finish with `milepost done {in_shell(plan, task)}{own_name}`")
    limit = session.state.attempt_limit(claimed.task)
    if limit is not None:
        past = "" if claimed.task.spec.human else ", then it escalates"
        stuck = f"`milepost fail {in_shell(plan, task)} REASON --escalate{own_name}`"
        say(f"  its limit is {duration(limit)}{past}; stuck before: {stuck}")
