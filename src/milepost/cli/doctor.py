"""``milepost doctor``: whether everything a project needs is there and in order."""

from __future__ import annotations

import click

from milepost.app.health import Health, examine, examine_without_settings
from milepost.bootstrap import ledger_of, project_settings, wall_clock
from milepost.bootstrap.blobs import blobs_of
from milepost.bootstrap.workers import ask_server
from milepost.cli.acting import require_place
from milepost.cli.options import complete_files, json_option, say_json
from milepost.cli.text import printable
from milepost.cli.text import say as say_styled
from milepost.errors import SettingsInvalid

_MARKS = {Health.GOOD: ("ok  ", "green"), Health.NOTE: ("note", "yellow"), Health.BAD: ("BAD ", "red")}


@click.command()
@click.argument("place", metavar="[PATH]", default=".", shell_complete=complete_files)
@json_option
def command(place: str, as_json: bool) -> int:
    """Look at versions, extras, ledger, blob store, Temporal server, tiers, disk and clock.

    Exit code 1 when something is in the way of working.
    """
    require_place(place)
    try:
        settings = project_settings(place)
    except SettingsInvalid as error:
        found = list(examine_without_settings(error))
    else:
        found = list(
            examine(
                settings,
                lambda: ledger_of(settings),
                wall_clock(),
                lambda: blobs_of(settings),
                lambda: ask_server(settings),
            )
        )
    bad = any(finding.health is Health.BAD for finding in found)
    if as_json:
        say_json([{"name": name, "health": health.value, "text": text} for name, health, text in found])
        return 1 if bad else 0
    width = max(len(finding.name) for finding in found)
    for name, health, text in found:
        mark, colour = _MARKS[health]
        say_styled(f"{click.style(mark, fg=colour)}  {name:<{width}}  {printable(text)}")
    return 1 if bad else 0
