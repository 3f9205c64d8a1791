"""``milepost recheck``: have a checkpoint's commands judge again."""

from __future__ import annotations

import click

from milepost.app.checkpoints import find_checkpoint, recheck
from milepost.app.suggestions import in_shell
from milepost.bootstrap import open_project
from milepost.cli.acting import bring_up_to_date, require_checkpoint
from milepost.cli.options import by_option, json_option, plan_and_more_argument, say, say_json


@click.command()
@plan_and_more_argument
@click.argument("checkpoint")
@by_option
@json_option
def command(plan: str, checkpoint: str, by: str, as_json: bool) -> None:
    """Have the criteria of a checkpoint that failed judged again by their commands.

    A run that goes on does it at once, otherwise the next `milepost run` does. CHECKPOINT is its name as the plan
    writes it ("Checkpoint 1"), or its number.
    """
    project = open_project(plan)
    require_checkpoint(project, checkpoint)
    session = project.open_run(by)
    name = find_checkpoint(session.state, checkpoint)
    recheck(session, name, by=by, now=project.now())
    bring_up_to_date(project, session)
    record = session.state.checkpoints[name]
    if as_json:
        say_json({"checkpoint": record.spec.name, "by": by})
        return
    rest = "" if session.state.supervisor else f" by the next `milepost run {in_shell(plan)}`"
    say(f"{record.spec.name}: what failed is judged again{rest}")
