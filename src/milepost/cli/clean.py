"""``milepost clean``: delete the branches of attempts that were merged."""

from __future__ import annotations

import sys

import click

from milepost.app.cleaning import choose
from milepost.bootstrap.cleaning import work_branches
from milepost.cli.acting import require_place
from milepost.cli.options import complete_files, json_option, say, say_json
from milepost.errors import UsageError
from milepost.lint.wording import count


@click.command()
@click.argument("place", metavar="[PATH]", default=".", shell_complete=complete_files)
@click.option("--all", "everything", is_flag=True, help="Delete branches of attempts that failed, too.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask before failed work is deleted.")
@click.option("--dry-run", is_flag=True, help="Delete nothing.")
@json_option
def command(place: str, everything: bool, yes: bool, dry_run: bool, as_json: bool) -> None:
    """Delete the branches of attempts whose work was merged.

    With `workspace = "worktree"` every attempt leaves a branch `milepost/RUN/TASK/NUMBER`. What failed stays for
    inspection until `--all`, and in any case while its run goes on. What was merged but is not in its branch yet is
    never deleted.
    """
    require_place(place)
    cleaning, going = work_branches(place)
    chosen = choose(cleaning.branches(), going, everything=everything)
    failed = [branch for branch in chosen.deleted if not branch.merged]
    if failed and not dry_run and not yes:
        _ask(len(failed))
    runs = [] if dry_run else cleaning.delete(chosen.deleted, going)
    if as_json:
        deleted = [{"branch": branch.name, "merged": branch.merged} for branch in chosen.deleted]
        kept = [{"branch": branch.name, "why": why} for branch, why in chosen.kept]
        say_json({"deleted": not dry_run, "branches": deleted, "kept": kept, "runs": runs})
        return
    for branch in chosen.deleted:
        say(f"{branch.name}  {'merged' if branch.merged else 'not merged'}")
    for branch, why in chosen.kept:
        say(f"{branch.name}  stays: {why}")
    number = len(chosen.deleted)
    say(f"{number} {'branch' if number == 1 else 'branches'} {'would be deleted' if dry_run else 'deleted'}")
    if not everything and any(not branch.merged for branch, _ in chosen.kept):
        say("`milepost clean --all` deletes those of attempts that failed, once their run is over")


def _ask(failed: int) -> None:
    what = f"the work of {count(failed, 'attempt')} that was never merged"
    if not sys.stdin.isatty():
        raise UsageError(f"this deletes {what}", remedy="say --yes if that is meant, or --dry-run to see it")
    click.confirm(f"Delete {what}?", abort=True, err=True)
