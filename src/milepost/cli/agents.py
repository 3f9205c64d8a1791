"""``milepost agents``: tell coding agents how to work on the plans of a project."""

from __future__ import annotations

import os
import shutil
import sys

import click

from milepost.app.agent_setup import CLIENTS, CODEX, codex_lines, prepare, variables_of, write
from milepost.cli.options import json_option, say, say_json

_NAMES = (*CLIENTS, CODEX)


@click.group()
def command() -> None:
    """Set up coding agents to work on a project's plans."""


@command.command("init")
@click.argument("folder", default=".", type=click.Path(file_okay=False))
@click.option(
    "--client",
    "clients",
    multiple=True,
    type=click.Choice(_NAMES),
    help="Only this one; may be given several times.  [default: all]",
)
@click.option("--plan", default="", help="Serve this plan or folder.  [default: the project's folder]")
@click.option("--dry-run", is_flag=True, help="Show the differences, write nothing.")
@json_option
def init(folder: str, clients: tuple[str, ...], plan: str, dry_run: bool, as_json: bool) -> None:
    """Write what coding agents need: a section of AGENTS.md, and the MCP server in their configuration.

    Known are Claude Code (.mcp.json), Cursor (.cursor/mcp.json), VS Code (.vscode/mcp.json), Gemini CLI
    (.gemini/settings.json) and opencode (opencode.json); what belongs into the configuration of Codex is shown. What
    the files hold besides stays as it is, and running it again changes nothing. Variables to which the settings refer
    as `env:NAME` are handed on by their names; no value is written.
    """
    from milepost.bootstrap.ledgers import project_settings
    from milepost.cli.acting import require_place

    require_place(folder)
    chosen = clients or _NAMES
    words = [_program(), "mcp", *([plan] if plan else [])]
    variables = variables_of(project_settings(os.path.join(folder, plan)))
    changes = prepare(folder, chosen, words, variables)
    if not dry_run:
        write(changes)
    codex = codex_lines(words, os.path.realpath(folder), variables) if CODEX in chosen else ""
    if as_json:
        files = [{"path": one.path, "changed": one.changed} for one in changes]
        say_json({"files": files, "written": not dry_run, "variables": list(variables), "codex": codex})
        return
    for one in changes:
        if dry_run and one.changed:
            say(one.diff.rstrip("\n"))
        else:
            say(f"{one.path}: {'written' if one.changed else 'is up to date'}")
    if variables:
        say(f"Handed on by name, from where the agent's program is started: {', '.join(variables)}")
    if codex:
        say(f"\nFor Codex put this into ~/.codex/config.toml:\n\n{codex}")


init.epilog = "Example: milepost agents init --client claude --dry-run"


def _program() -> str:
    """How a client starts us: by name where that is found, else by path."""
    return "milepost" if shutil.which("milepost") else os.path.abspath(sys.argv[0])
