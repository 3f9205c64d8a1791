"""``milepost worker``: take tasks of a Temporal server's runs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import click

from milepost.bootstrap.workers import serve
from milepost.cli.acting import require_place
from milepost.cli.json_log import write_line
from milepost.cli.options import complete_files, say


@click.command()
@click.argument("place", metavar="[PROJECT]", default=".", shell_complete=complete_files)
@click.option("--tier", "tiers", multiple=True, required=True, type=click.IntRange(1), help="Serve this tier.")
@click.option("--capacity", type=click.IntRange(1), default=None, help="Tasks at once on each; else the settings'.")
@click.option("--label", "labels", multiple=True, help="A word that `milepost workers` shows beside this one.")
@click.option(
    "--drain",
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="After SIGTERM, end what still runs after so long.  [default: never]",
)
@click.option("--metrics", default="", metavar="HOST:PORT", help="Offer figures for Prometheus there.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    envvar="MILEPOST_LOG_FORMAT",
    help="Write the log for people, or for programs: a JSON object a line, on standard error.",
)
@click.option("--quiet", "-q", is_flag=True, help="Print nothing of what happens.")
def command(
    place: str,
    tiers: tuple[int, ...],
    capacity: int | None,
    labels: tuple[str, ...],
    drain: float | None,
    metrics: str,
    log_format: str,
    quiet: bool,
) -> None:
    """Take tasks of runs on a Temporal server, and do them here, in the project's folder.

    A worker runs what was allowed on its machine with `milepost trust`; where `signing_key` in [temporal] refers to a
    key, it runs what is signed with that key, and nothing else. SIGTERM or Ctrl-C lets it take nothing new and leave
    when its tasks have ended; a second one, or the end of --drain, ends them, and they are given to others.
    """
    require_place(place)

    def tell(message: str, about: Mapping[str, Any] | None = None) -> None:
        if log_format == "json":
            level = "info" if (about or {}).get("outcome", "complete") == "complete" else "warning"
            write_line(time.time(), level, message, about or {})
        elif not quiet:
            say(f"{time.strftime('%H:%M:%S')} {message}")

    serve(place, dict.fromkeys(tiers, capacity or 0), labels, tell, metrics, drain)
