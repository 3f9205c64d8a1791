"""``milepost cancel``: end a run before its end."""

from __future__ import annotations

import click

from milepost.app.runs import cancel, latest_run
from milepost.bootstrap import open_project
from milepost.cli.acting import bring_up_to_date
from milepost.cli.options import by_option, json_option, plan_argument, say, say_json
from milepost.errors import Refused


@click.command()
@plan_argument
@click.argument("reason", default="")
@by_option
@json_option
def command(plan: str, reason: str, by: str, as_json: bool) -> None:
    """End the plan's run before its end: its commands are stopped, and the next `milepost run` begins a new one.

    What is done stays done: the boxes of the plan say so to the next run.
    """
    project = open_project(plan)
    session = latest_run(project.ledger, project.identity)
    if session is None:
        raise Refused("the plan has not been run yet; there is nothing to cancel", place=plan)
    if session.state.finished:
        raise Refused(f"run {session.stream} is over; there is nothing to cancel", place=plan)
    stopped = sorted(session.state.active)
    cancel(session, by=by, now=project.now(), reason=reason)
    project.engine(session, project.settings.engine).stop_leftovers()
    bring_up_to_date(project, session)
    if as_json:
        say_json({"run": session.stream, "cancelled_by": by, "stopped": stopped})
        return
    say(f"run {session.stream} cancelled" + (f"; stopped: {', '.join(stopped)}" if stopped else ""))
