"""``milepost ledger``: verify, export, import, back up, migrate, rebuild."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from milepost.app.ledgers import export_lines, import_lines, verify
from milepost.app.ports import LedgerArchive
from milepost.bootstrap import open_ledger
from milepost.cli.acting import require_place
from milepost.cli.options import complete_files, json_option, say, say_json
from milepost.errors import InputError, UsageError
from milepost.lint.wording import count

_place = click.argument("place", metavar="[PATH]", default=".", shell_complete=complete_files)


@click.group()
def command() -> None:
    """Look after the ledger of a project; PATH is a plan or any folder of the project."""


@command.command(name="verify")
@_place
@json_option
def verify_command(place: str, as_json: bool) -> int:
    """Check that no event was changed or lost. Exit code 1 when one was."""
    found = verify(_ledger(place))
    if as_json:
        facts = {"events": found.events, "streams": found.streams}
        say_json({**facts, "faults": list(found.faults), "unknown": list(found.unknown)})
    else:
        for fault in found.faults:
            say(fault)
        word = "intact" if not found.faults else count(len(found.faults), "fault")
        say(f"{count(found.events, 'event')} in {count(found.streams, 'run')}: {word}")
        if found.unknown:
            kinds = ", ".join(found.unknown)
            say(f"A newer version wrote events that this one does not know ({kinds}): update Milepost")
    return 1 if found.faults else 0


@command.command(name="export")
@_place
@click.option("-o", "--output", metavar="FILE", help="Write there instead of to standard output.")
def export_command(place: str, output: str | None) -> None:
    """Write every event as JSON Lines."""
    lines = export_lines(_ledger(place))
    if output is None:
        for line in lines:
            click.echo(line)
        return
    try:
        with open(output, "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
    except OSError as error:
        remedy = "name a file in a folder that is there and that you may write to"
        raise UsageError(f"it cannot be written: {error.strerror}", place=output, remedy=remedy) from None


@command.command(name="import")
@click.argument("file", shell_complete=complete_files)
@_place
@json_option
def import_command(file: str, place: str, as_json: bool) -> None:
    """Add exported events (`-`: standard input) to the project's ledger; those it has already are skipped."""
    try:
        lines = sys.stdin.readlines() if file == "-" else Path(file).read_text("utf-8").split("\n")
    except UnicodeDecodeError:
        raise InputError("it is no text", place=file, remedy="give what `milepost ledger export` wrote") from None
    except OSError as error:
        remedy = "name the exported file first, then the project: milepost ledger import FILE [PATH]"
        raise InputError(f"it cannot be read: {error.strerror}", place=file, remedy=remedy) from None
    added = import_lines(_ledger(place, must_exist=False), lines, name=file)
    if as_json:
        say_json({"added": added})
        return
    say(f"{count(added, 'event')} added")


@command.command(name="backup")
@click.argument("file", shell_complete=complete_files)
@_place
def backup_command(file: str, place: str) -> None:
    """Copy the ledger to FILE, as SQLite keeps one, while runs go on.

    To restore it, let nothing run, move `.milepost/ledger.db` and the files whose names begin so away, all of them,
    copy FILE to `.milepost/ledger.db`, and have `milepost ledger verify` look at it.
    """
    if os.path.isdir(file):
        remedy = "name the file to write first, then the project: milepost ledger backup FILE [PATH]"
        raise UsageError("it is a folder", place=file, remedy=remedy)
    if os.path.lexists(file):
        raise UsageError("there is a file of that name already", place=file, remedy="choose another name")
    _ledger(place).backup(file)
    say(f"backed up to {file}")


@command.command(name="migrate")
@_place
@json_option
def migrate_command(place: str, as_json: bool) -> None:
    """Bring the ledger's schema up to date, each step entirely or not at all.

    Older versions of Milepost cannot use it then. A ledger that is not there yet is laid out.
    """
    before, after = _ledger(place, must_exist=False).migrate()
    if as_json:
        say_json({"before": before, "after": after})
    elif before == after:
        say(f"the schema is number {after}: up to date")
    else:
        say(f"the schema is number {after}, it was {before}" if before else f"laid out with schema number {after}")


@command.command(name="rebuild")
@_place
@json_option
def rebuild_command(place: str, as_json: bool) -> None:
    """Derive anew what the ledger keeps besides its events: where the runs end, and what is kept of plans."""
    from milepost.bootstrap import extracts, wall_clock

    ledger = _ledger(place)
    runs, freed = ledger.rebuild(), extracts().prune(wall_clock() + 1)
    if as_json:
        say_json({"runs": runs, "extracts_bytes": freed})
        return
    say(f"the ends of {count(runs, 'run')} derived anew; {freed / 1024:.0f} KiB that were kept of plans dropped")


def _ledger(place: str, *, must_exist: bool = True) -> LedgerArchive:
    require_place(place)
    _, ledger = open_ledger(place)
    if must_exist and not ledger.exists():
        raise InputError("the project has no ledger yet", place=ledger.place, remedy="a run makes one")
    return ledger
