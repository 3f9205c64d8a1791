"""Arguments and options that several commands share."""

from __future__ import annotations

import codecs
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from milepost.cli.text import echo, printable
from milepost.cli.text import say as say_text
from milepost.errors import UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def _the_plan(_context: click.Context, _argument: click.Parameter, path: str) -> str:
    """Take a folder for the only plan in it."""
    if not os.path.isdir(path):
        return path
    from milepost.app.plan_files import the_plan

    return the_plan(path)


def complete_files(_context: click.Context, _argument: click.Parameter, begun: str) -> list[CompletionItem]:
    """Have the shell complete the name of a file or folder."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(begun, type="file")]


class FiniteRange(click.FloatRange):
    """A number between limits: neither infinite nor ``nan``, which no limit keeps out."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the number. Raises BadParameter."""
        found = super().convert(value, param, ctx)
        if not -float("inf") < found < float("inf"):
            self.fail(f"{value} is no number to count with.", param, ctx)
        return found


plan_argument = click.argument(
    "plan", metavar="[PLAN.md]", default=".", callback=_the_plan, shell_complete=complete_files
)
plan_and_more_argument = click.argument("plan", metavar="PLAN.md", callback=_the_plan, shell_complete=complete_files)
task_argument = click.argument("task", metavar="TASK")
dialect_option = click.option(
    "--dialect", metavar="NAME", default="", help="Read it as this dialect, whatever it shows to be."
)
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
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"


def say(text: str = "", *, err: bool = False) -> None:
    """Print a line that may hold text of a document."""
    say_text(printable(text), err=err)


def say_json(value: Any, output: str | None = None) -> None:
    """Print a value as JSON, or write it to a file."""
    import json

    narrow = output is None and codecs.lookup(getattr(sys.stdout, "encoding", None) or "utf-8").name != "utf-8"
    write_output(json.dumps(value, indent=2, ensure_ascii=narrow) + "\n", output)


def write_output(text: str, output: str | None) -> None:
    """Print text, or write it to a file.

    Raises:
        UsageError: the file cannot be written.
    """
    clean = text.encode("utf-8", "replace").decode()
    if output is None:
        echo(clean)
        return
    try:
        with open(output, "w", encoding="utf-8") as file:
            file.write(clean)
    except OSError as error:
        raise UsageError(f"it cannot be written: {error.strerror}", place=output) from None
