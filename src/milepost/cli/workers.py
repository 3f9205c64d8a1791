"""``milepost workers``: who serves a project's tiers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from milepost.bootstrap.workers import list_workers
from milepost.cli.acting import require_place
from milepost.cli.options import complete_files, json_option, say, say_json
from milepost.cli.text import duration

if TYPE_CHECKING:
    from milepost.app.workers import WorkerLine


@click.command()
@click.argument("place", metavar="[PROJECT]", default=".", shell_complete=complete_files)
@json_option
def command(place: str, as_json: bool) -> int:
    """List the workers that serve a project's tiers on its Temporal server, and what they are at.

    A worker that died is listed for a minute. Exit code 1: nobody serves a tier whose tasks are done by commands.
    """
    require_place(place)
    found, unserved = list_workers(place)
    if as_json:
        say_json({"workers": [line.to_json() for line in found], "unserved_tiers": unserved})
    else:
        _show(found)
        for tier in unserved:
            say(f"nobody serves tier {tier}: `milepost worker --tier {tier}` does")
    return 1 if unserved else 0


def _show(found: Sequence[WorkerLine]) -> None:
    for line in found:
        seen = duration(max(time.time() - line.seen_at, 0.0))
        busy = ", ".join(line.attempts) or "idle"
        load = f"{len(line.attempts)}/{line.capacity}" if line.capacity else str(len(line.attempts))
        labels = f" [{', '.join(line.labels)}]" if line.labels else ""
        say(f"tier {line.tier}  {line.name}{labels}  {line.version}  {load} at work  asked {seen} ago  {busy}")
