"""``milepost approve``: sign off a checkpoint."""

from __future__ import annotations

import click

from milepost.app.checkpoints import approve, find_checkpoint
from milepost.bootstrap import open_project
from milepost.cli.acting import bring_up_to_date, require_checkpoint
from milepost.cli.options import by_option, json_option, plan_and_more_argument, say, say_json


@click.command()
@plan_and_more_argument
@click.argument("checkpoint")
@by_option
@click.option("--comment", default="", help="Why; kept in the ledger.")
@json_option
def command(plan: str, checkpoint: str, by: str, comment: str, as_json: bool) -> None:
    """Sign off the criteria of a checkpoint that no command can judge.

    CHECKPOINT is its name as the plan writes it ("Checkpoint 1"), or its number.
    """
    project = open_project(plan)
    require_checkpoint(project, checkpoint)
    session = project.open_run(by)
    name = find_checkpoint(session.state, checkpoint)
    approve(session, name, by=by, now=project.now(), comment=comment)
    bring_up_to_date(project, session)
    record = session.state.checkpoints[name]
    if as_json:
        say_json({"checkpoint": record.spec.name, "passed": record.passed, "by": by})
        return
    rest = "" if record.passed else "; its commands have not all passed yet (`milepost run` evaluates them)"
    say(f"{record.spec.name}: approved by {by}{rest}")
