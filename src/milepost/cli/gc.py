"""``milepost gc``: clear away what finished runs left on disk."""

from __future__ import annotations

import click

from milepost.app.housekeeping import clear, leftovers, list_runs
from milepost.bootstrap import extracts, open_ledger, run_folder, wall_clock
from milepost.bootstrap.cleaning import clear_travelled
from milepost.cli.acting import require_place
from milepost.cli.options import FiniteRange, complete_files, json_option, say, say_json
from milepost.lint.wording import count


@click.command()
@click.argument("place", metavar="[PATH]", default=".", shell_complete=complete_files)
@click.option(
    "--older-than",
    "days",
    type=FiniteRange(min=0),
    default=30.0,
    show_default=True,
    help="Only runs that ended this many days ago.",
)
@click.option("--dry-run", is_flag=True, help="Delete nothing.")
@json_option
def command(place: str, days: float, dry_run: bool, as_json: bool) -> int:
    """Delete the logs and exit records of runs that are over. What happened stays in the ledger.

    Blobs in a folder go too when they are that old, and what a worker keeps in its own: trees, commits, logs. So does
    what commands have kept of plans, of all projects, so as not to read them again.

    Exit code 1 where something cannot be deleted.
    """
    require_place(place)
    root, ledger = open_ledger(place)
    now = wall_clock()
    runs = list_runs(ledger, now)
    folders = {line.run: run_folder(root, line.run) for line in runs}
    found = leftovers(runs, folders, before=now - days * 86400)
    left = {} if dry_run else {item.run: size for item in found if (size := clear(item))}
    travelled = clear_travelled(place, runs, now - days * 86400, dry_run=dry_run)
    extracts_size = extracts().prune(now - days * 86400, dry_run=dry_run)
    if as_json:
        sizes = [{"run": item.run, "bytes": item.size, "left_bytes": left.get(item.run, 0)} for item in found]
        say_json({"deleted": not dry_run, "runs": sizes, "travelled_bytes": travelled, "extracts_bytes": extracts_size})
        return 1 if left else 0
    for item in found:
        say(f"{item.run}  {item.size / 1024:.0f} KiB")
    word = "would be freed" if dry_run else "freed"
    freed = sum(item.size for item in found) - sum(left.values())
    say(f"{freed / 1024:.0f} KiB {word} from {count(len(found), 'run')}")
    if not found and any(folder.is_dir() for folder in folders.values()):
        ago = f"{days:g} {'day' if days == 1 else 'days'}"
        say(f"No run that left files here ended more than {ago} ago; --older-than DAYS takes another age")
    if travelled:
        say(f"{travelled / 1024:.0f} KiB {word} that had travelled between machines")
    if extracts_size:
        say(f"{extracts_size / 1024:.0f} KiB {word} that were kept of plans")
    for run, size in left.items():
        say(f"{size / 1024:.0f} KiB of {run} cannot be deleted: make {folders[run]} writable", err=True)
    return 1 if left else 0
