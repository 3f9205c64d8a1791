"""``milepost sync``: write the truth back into the plan."""

from __future__ import annotations

import click

from milepost.app.documents import unified_diff
from milepost.app.runs import latest_run
from milepost.bootstrap import open_project
from milepost.cli.options import by_option, json_option, plan_argument, say, say_json


@click.command()
@plan_argument
@click.option("--diff", "show_diff", is_flag=True, help="Show what changes.")
@click.option("--dry-run", is_flag=True, help="Write nothing.")
@by_option
@json_option
def command(plan: str, show_diff: bool, dry_run: bool, by: str, as_json: bool) -> int:
    """Write the truth back into the plan: boxes, table status, totals, status, progress, date.

    Only what is not true is changed, by the smallest edits; every other byte stays. A file that somebody else
    changes meanwhile is read again first. A box that somebody unticked by hand although its task is done is reported
    and left alone (exit code 1).
    """
    project = open_project(plan)
    session = latest_run(project.ledger, project.identity)
    if session is not None and not dry_run:
        session = project.open_run(by)
    synced = project.sync(session, dry_run=dry_run)
    diff = unified_diff(synced.before, synced.after)
    if as_json:
        written = synced.changed and not dry_run
        say_json({"changed": synced.changed, "written": written, "diff": diff, "unticked": list(synced.unticked)})
        return 1 if synced.unticked else 0
    if show_diff or (dry_run and synced.changed):
        click.echo(diff, nl=False)
    lines = sum(line[:1] == "+" and line[:3] != "+++" for line in diff.split("\n"))
    verb = "would change" if dry_run else "changed"
    count = f"{lines} {'line' if lines == 1 else 'lines'} {verb}"
    say(f"{plan}: {count}" if synced.changed else f"{plan}: true already")
    for task in synced.unticked:
        say(f"{task} is done in the ledger, but its box was unticked by hand; the box stays as it is", err=True)
        say(f"  help: tick it again, or `milepost reopen {plan} {task}` to have it done again", err=True)
    return 1 if synced.unticked else 0
