"""``milepost resume``: let a paused run go on."""

from __future__ import annotations

import click

from milepost.app.runs import resume
from milepost.bootstrap import open_project
from milepost.cli.options import by_option, json_option, plan_argument, say, say_json


@click.command()
@plan_argument
@by_option
@json_option
def command(plan: str, by: str, as_json: bool) -> None:
    """Let a paused run go on."""
    project = open_project(plan)
    session = project.open_run(by)
    events = resume(session, by=by, now=project.now())
    if as_json:
        say_json({"run": session.stream, "resumed": bool(events)})
        return
    say("goes on" if events else "the run is not paused")
