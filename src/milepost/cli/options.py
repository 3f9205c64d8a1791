"""Arguments and options that several commands share."""

from __future__ import annotations

import getpass
import json
import os
from typing import Any

import click

from milepost.cli.text import printable

plan_argument = click.argument("plan", metavar="PLAN.md")
task_argument = click.argument("task", metavar="TASK")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
by_option = click.option(
    "--by", default=lambda: whoami(), show_default="you", help="Who does it; recorded in the ledger."
)
attempt_option = click.option(
    "--attempt", "attempt_no", type=click.IntRange(1), default=None, help="The attempt's number, as `claim` gave it."
)


def whoami() -> str:
    """The name under which this user's actions are recorded: ``MILEPOST_WORKER``, else the login name."""
    named = os.environ.get("MILEPOST_WORKER")
    if named:
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"


def say(text: str = "", *, err: bool = False) -> None:
    """Print a line that may hold text of a document."""
    click.echo(printable(text), err=err)


def say_json(value: Any) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False).encode("utf-8", "replace").decode())
