"""``milepost sync``: write the truth back into the plan."""

from __future__ import annotations

import click

from milepost.bootstrap import open_project
from milepost.cli.options import json_option, plan_argument, say, say_json


@click.command()
@plan_argument
@click.option("--diff", "show_diff", is_flag=True, help="Show what changes.")
@click.option("--dry-run", is_flag=True, help="Write nothing.")
@json_option
def command(plan: str, show_diff: bool, dry_run: bool, as_json: bool) -> None:
    """Write the truth back into the plan: boxes, table status, totals, status, progress, date.

    Only what is not true is changed, by the smallest edits; every other byte stays. A file that somebody else
    changes meanwhile is read again first.
    """
    from milepost.app.documents import unified_diff

    project = open_project(plan)
    before = project.plan.source
    after = project.sync(project.peek_run(), dry_run=dry_run)
    changed = before.text != after.text
    diff = unified_diff(before, after)
    if as_json:
        say_json({"changed": changed, "written": changed and not dry_run, "diff": diff})
        return
    if show_diff or (dry_run and changed):
        click.echo(diff, nl=False)
    lines = sum(line[:1] == "+" and line[:3] != "+++" for line in diff.split("\n"))
    verb = "would change" if dry_run else "changed"
    say(f"{plan}: {lines} {'line' if lines == 1 else 'lines'} {verb}" if changed else f"{plan}: true already")
