"""``milepost runs``: the runs of a project."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from milepost.app.housekeeping import list_runs
from milepost.bootstrap import known_name, open_ledger, relink_plan, wall_clock
from milepost.cli.acting import require_place
from milepost.cli.loading import load_plan
from milepost.cli.options import complete_files, json_option, say, say_json
from milepost.cli.text import clock, duration, money


@click.command()
@click.argument("place", metavar="[PATH]", default=".", shell_complete=complete_files)
@click.option(
    "--relink", nargs=2, metavar="OLD NEW", help="Go on with the runs of the plan that was at OLD and is now at NEW."
)
@json_option
def command(place: str, relink: tuple[str, str] | None, as_json: bool) -> None:
    """List the runs of a project, or with a plan as PATH only those of the plan.

    The ledger knows a plan by its path in the project: after it was renamed or moved, say so with --relink.
    """
    if relink:
        old, new = relink
        load_plan(new)
        known = relink_plan(old, new)
        say_json({"plan": new, "known_as": known}) if as_json else say(f"{new} goes on with the runs of {known}")
        return
    _, ledger = open_ledger(place)
    lines = list_runs(ledger, wall_clock(), "" if Path(place).is_dir() else known_name(place))
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
