"""``milepost mcp``: the plans as tools for agents."""

from __future__ import annotations

import os
import sys

import click

from milepost.cli.options import say


@click.command()
@click.argument("place", metavar="[PLAN.md|FOLDER]", default=".", type=click.Path())
@click.option(
    "--by",
    default=lambda: os.environ.get("MILEPOST_WORKER", ""),
    show_default="MILEPOST_WORKER, else the client's name",
    help="The agent's name; recorded in the ledger.",
)
@click.option("--read-only", is_flag=True, help="Show plans, change nothing.")
@click.option("--allow-approve", is_flag=True, help="Let the agent sign off checkpoints that only people may.")
@click.option("--no-edit", is_flag=True, help="Do not let the agent change the text of plans.")
@click.option("--http", is_flag=True, help="Serve streamable HTTP on this machine instead of stdin and stdout.")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="With --http; 0: any.")
def command(place: str, by: str, read_only: bool, allow_approve: bool, no_edit: bool, http: bool, port: int) -> None:
    """Serve a plan, or the plans in a folder, to an agent by the Model Context Protocol.

    An agent's program starts this itself and talks to it over stdin and stdout; `milepost agents init` writes the
    configuration for that. Several agents, each with its own server, work on one plan: no task goes to two of them.
    """
    from milepost.mcp_server.callers import AGENT_SCOPES, APPROVE, EDIT, READ
    from milepost.mcp_server.sdk import require_sdk

    require_sdk()
    _require_place(place)
    scopes = frozenset({READ}) if read_only else AGENT_SCOPES - ({EDIT} if no_edit else set())
    if allow_approve:
        scopes |= {APPROVE}
    if http:
        from milepost.mcp_server.http import serve_http

        serve_http(place, by=by, scopes=scopes, port=port, tell=lambda text: say(text, err=True))
        return
    if sys.stdin.isatty():
        say("Waiting for a client on stdin; `milepost agents init` has agents start this. Ctrl-D ends it.", err=True)
    from milepost.mcp_server.stdio import serve_stdio

    serve_stdio(place, by=by, scopes=scopes)


command.epilog = "Example: milepost mcp specs/login/tasks.md"


def _require_place(place: str) -> None:
    from milepost.cli.acting import require_place

    require_place(place)
