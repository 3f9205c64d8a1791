"""``milepost cancel``: end a run before its end."""

from __future__ import annotations

import click

from milepost.app.runs import cancel
from milepost.bootstrap import open_project
from milepost.cli.options import by_option, json_option, plan_argument, say, say_json


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
    session = project.open_run(by)
    stopped = sorted(session.state.active)
    cancel(session, by=by, now=project.now(), reason=reason)
    project.engine(session).stop_leftovers()
    project.sync(session)
    if as_json:
        say_json({"run": session.stream, "cancelled_by": by, "stopped": stopped})
        return
    say(f"run {session.stream} cancelled" + (f"; stopped: {', '.join(stopped)}" if stopped else ""))
