"""``milepost reject``: refuse a checkpoint."""

from __future__ import annotations

import click

from milepost.app.checkpoints import find_checkpoint, reject
from milepost.bootstrap import open_project
from milepost.cli.acting import bring_up_to_date, require_checkpoint
from milepost.cli.options import by_option, json_option, plan_and_more_argument, say, say_json


@click.command()
@plan_and_more_argument
@click.argument("checkpoint")
@click.argument("reason")
@click.option("--reopen", "reopen", multiple=True, metavar="TASK", help="Have this task done again.")
@by_option
@json_option
def command(plan: str, checkpoint: str, reason: str, reopen: tuple[str, ...], by: str, as_json: bool) -> None:
    """Refuse a checkpoint, due or passed, and say why; what comes after it is held back again.

    It passes by approval, or when the tasks named with --reopen were done again and its criteria hold.
    """
    project = open_project(plan)
    require_checkpoint(project, checkpoint)
    session = project.open_run(by)
    name = find_checkpoint(session.state, checkpoint)
    bring_up_to_date(project, session)
    reject(session, name, reason, by=by, now=project.now(), reopen=reopen)
    bring_up_to_date(project, session)
    record = session.state.checkpoints[name]
    if as_json:
        say_json({"checkpoint": record.spec.name, "passed": record.passed, "reason": reason, "reopened": list(reopen)})
        return
    again = f"; to be done again: {', '.join(reopen)}" if reopen else ""
    say(f"{record.spec.name}: rejected by {by}: {reason}{again}")
