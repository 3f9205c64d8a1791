"""``milepost sync``: write the truth back into the plan."""

from __future__ import annotations

import time

import click

from milepost.app import merges
from milepost.app.documents import read_document, unified_diff, update_document
from milepost.app.runs import latest_run
from milepost.app.syncs import Synced
from milepost.cli.acting import tell_unticked
from milepost.cli.loading import open_project
from milepost.cli.options import by_option, json_option, plan_argument, say, say_json
from milepost.errors import PlanInvalid
from milepost.plan.conflicts import conflicts
from milepost.source import SourceText


@click.command()
@plan_argument
@click.option("--diff", "show_diff", is_flag=True, help="Show what changes.")
@click.option("--dry-run", is_flag=True, help="Write nothing.")
@click.option("--repair", is_flag=True, help="First resolve git's conflict markers around boxes and computed lines.")
@by_option
@json_option
def command(plan: str, show_diff: bool, dry_run: bool, repair: bool, by: str, as_json: bool) -> int:
    """Write the truth back into the plan: boxes, table status, totals, status, progress, date.

    Only what is not true is changed, by the smallest edits; every other byte stays. A file that somebody else
    changes meanwhile is read again first. A box that somebody unticked by hand although its task is done is reported
    and left alone (exit code 1).
    """
    if repair:
        before, after = _repair(plan, dry_run=dry_run)
        if dry_run and before.text != after.text:
            return _tell(plan, Synced(before, after), show_diff=show_diff, dry_run=True, as_json=as_json)
    project = open_project(plan)
    session = latest_run(project.ledger, project.identity)
    if session is not None and not dry_run:
        session = project.open_run(by)
    synced = project.sync(session, dry_run=dry_run)
    return _tell(plan, synced, show_diff=show_diff, dry_run=dry_run, as_json=as_json)


def _tell(plan: str, synced: Synced, *, show_diff: bool, dry_run: bool, as_json: bool) -> int:
    diff = unified_diff(synced.before, synced.after)
    if as_json:
        written = synced.changed and not dry_run
        named = {"unticked": list(synced.unticked), "unwritten": list(synced.unwritten)}
        say_json({"changed": synced.changed, "written": written, "diff": diff, **named})
        return 1 if synced.unticked else 0
    if show_diff or (dry_run and synced.changed):
        click.echo(diff, nl=False)
    lines = sum(line[:1] == "+" and line[:3] != "+++" for line in diff.split("\n"))
    verb = "would change" if dry_run else "changed"
    count = f"{lines} {'line' if lines == 1 else 'lines'} {verb}"
    say(f"{plan}: {count}" if synced.changed else f"{plan}: true already")
    if synced.unwritten:
        names = ", ".join(synced.unwritten)
        say(f"{plan}: done, but without a box or a status that could say so: {names}", err=True)
    tell_unticked(plan, synced.unticked)
    return 1 if synced.unticked else 0


def _repair(plan: str, *, dry_run: bool) -> tuple[SourceText, SourceText]:
    """Resolve what can be resolved without reading people's minds; gives the document before and after.

    Raises:
        PlanInvalid: conflicts are left in people's own words.
    """
    today = time.strftime("%Y-%m-%d")
    before = read_document(plan)
    if dry_run:
        repaired = merges.repair(before, today).source
    else:
        repaired = update_document(plan, lambda source: merges.repair(source, today).source)
    left = conflicts(repaired)
    if left:
        raise PlanInvalid(
            f"{len(left)} {'conflict is' if len(left) == 1 else 'conflicts are'} left in words that both sides changed",
            place=merges.place_of(repaired, left[0]),
            remedy="edit them, remove the markers, and sync again",
        )
    return before, repaired
