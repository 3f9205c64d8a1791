"""``milepost trust``: allow a plan's commands to run on this machine."""

from __future__ import annotations

from collections.abc import Sequence

import click

from milepost.app.trust import commands_of, trust, untrusted
from milepost.cli.loading import open_project
from milepost.cli.options import json_option, plan_argument, say, say_json


@click.command()
@plan_argument
@click.option("--list", "only_list", is_flag=True, help="Show the commands and allow nothing.")
@json_option
def command(plan: str, only_list: bool, as_json: bool) -> None:
    """Allow the commands that a plan and its settings state to run on this machine.

    Read them first: they run as you. What you allow is recorded by digest in your own state folder; a command that
    changes has to be allowed again.
    """
    project = open_project(plan)
    everything = commands_of(project.spec, project.settings)
    new = untrusted(everything, project.settings.root)
    if not only_list:
        trust(everything, project.settings.root)
    if as_json:
        say_json({"commands": everything, "new": new, "trusted": not only_list or not new})
        return
    for text in everything:
        say(f"  {'new    ' if text in new else 'allowed'}  {text}")
    if not everything:
        say("The plan states no command.")
    elif only_list:
        say(f"{len(new)} of {_commands(everything)} {'is' if len(new) == 1 else 'are'} not allowed yet.")
    else:
        say(f"{_commands(everything)} {'is' if len(everything) == 1 else 'are'} allowed, {len(new)} of them new.")


def _commands(texts: Sequence[str]) -> str:
    return f"{len(texts)} {'command' if len(texts) == 1 else 'commands'}"
