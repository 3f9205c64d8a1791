"""Pages of the documentation that are written from the code: ``make docs``."""

from __future__ import annotations

from pathlib import Path

import click
from tests.project.repository import ROOT, text

from milepost.cli.main import COMMANDS, group, run
from milepost.cli.rules import markdown

COMMANDS_PAGE = "docs/commands.md"
RULES_PAGE = "docs/rules.md"
PICTURE = "docs/images/gantt.svg"
MARK = "<!-- From here on written by `make docs`. -->\n"


def command_section(name: str) -> str:
    """The part about one command: its help, as the terminal shows it."""
    command = group.get_command(click.Context(group), name)
    assert command is not None
    # The group's names of --help: a command remembers the first ones it is asked for, whoever asks.
    names = group.context_settings["help_option_names"]
    context = click.Context(
        command, info_name=f"milepost {name}", terminal_width=100, max_content_width=100, help_option_names=names
    )
    return f"## milepost {name}\n\n{COMMANDS[name]}\n\n```text\n{command.get_help(context)}\n```\n"


def commands_page() -> str:
    """The page of all commands: its hand-written head, and a section for each."""
    head = text(COMMANDS_PAGE).partition(MARK)[0]
    return head + MARK + "\n" + "\n".join(command_section(name) for name in COMMANDS)


def draw_schedule(target: Path) -> None:
    """Draw the schedule of the example."""
    assert run(["schedule", str(ROOT / "examples/wordcount/tasks.md"), "--svg", str(target)]) == 0


if __name__ == "__main__":
    draw_schedule(ROOT / PICTURE)
    (ROOT / COMMANDS_PAGE).write_text(commands_page(), encoding="utf-8")
    (ROOT / RULES_PAGE).write_text(markdown(), encoding="utf-8")
