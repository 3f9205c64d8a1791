"""``milepost runs``: the runs of a project."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from milepost.app.documents import plan_identity
from milepost.app.housekeeping import list_runs
from milepost.bootstrap import open_ledger, wall_clock
from milepost.cli.acting import require_place
from milepost.cli.options import json_option, say, say_json
from milepost.cli.text import clock, duration, money


@click.command()
@click.argument("place", metavar="[PATH]", default=".")
@json_option
def command(place: str, as_json: bool) -> None:
    """List the runs of a project, or with a plan as PATH only those of the plan."""
    _, ledger = open_ledger(place)
    lines = list_runs(ledger, wall_clock(), "" if Path(place).is_dir() else plan_identity(place))
    if not lines:
        require_place(place)  # of a plan that is gone the runs are still there
    if as_json:
        say_json([asdict(line) for line in lines])
        return
    for line in lines:
        began = clock(line.started_at) if line.started_at is not None else "–"
        took = "" if line.finished_at is None else f", took {duration(line.finished_at - (line.started_at or 0.0))}"
        cost = f", cost {money(line.cost)}" if line.cost else ""
        say(f"{line.run}  {line.outcome.value}  {line.done}/{line.total} tasks  began {began}{took}{cost}")
    if not lines:
        say("There has been no run yet.")
