"""``milepost pause``: start nothing new."""

from __future__ import annotations

import click

from milepost.app.runs import pause
from milepost.bootstrap import open_project
from milepost.cli.options import by_option, json_option, plan_argument, say, say_json


@click.command()
@plan_argument
@click.argument("reason", default="")
@by_option
@json_option
def command(plan: str, reason: str, by: str, as_json: bool) -> None:
    """Have the plan's run start nothing new; what runs goes on. `milepost resume` lets it go on."""
    project = open_project(plan)
    session = project.open_run(by)
    pause(session, by=by, now=project.now(), reason=reason)
    running = sorted(session.state.active)
    if as_json:
        say_json({"run": session.stream, "paused_by": session.state.paused_by, "running": running})
        return
    rest = f"; still running: {', '.join(running)}" if running else ""
    say(f"paused by {session.state.paused_by}{rest}")
