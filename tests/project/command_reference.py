"""Writes ``docs/commands.md`` from the commands themselves: ``make docs``."""

from __future__ import annotations

import click
from tests.project.repository import ROOT, text

from milepost.cli.main import COMMANDS, group

PATH = "docs/commands.md"
MARK = "<!-- From here on written by `make docs`. -->\n"


def section(name: str) -> str:
    """The part about one command: its help, as the terminal shows it."""
    command = group.get_command(click.Context(group), name)
    assert command is not None
    context = click.Context(command, info_name=f"milepost {name}", terminal_width=100, max_content_width=100)
    return f"## milepost {name}\n\n{COMMANDS[name]}\n\n```text\n{command.get_help(context)}\n```\n"


def reference() -> str:
    """The whole page: its hand-written head, and a section for each command."""
    head = text(PATH).partition(MARK)[0]
    return head + MARK + "\n" + "\n".join(section(name) for name in COMMANDS)


if __name__ == "__main__":
    (ROOT / PATH).write_text(reference(), encoding="utf-8")
