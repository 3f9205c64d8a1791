"""``milepost git``: Milepost's place in a git repository."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

import click

from milepost.app.merges import install
from milepost.cli.options import json_option, say, say_json
from milepost.errors import UsageError

_PATTERNS = ("specs/**/tasks.md", ".kiro/specs/**/tasks.md", "openspec/changes/**/tasks.md")


@click.group()
def command() -> None:
    """Set up git to merge plans with `milepost merge-driver`."""


@command.command(name="install")
@click.argument("patterns", nargs=-1)
@json_option
def install_driver(patterns: tuple[str, ...], as_json: bool) -> None:
    """Register the merge driver with this repository, for PATTERNS of plans (or the usual places).

    The driver goes into the repository's own configuration, which every clone has to do for itself; which files it
    is for goes into .gitattributes, to be committed.
    """
    top = Path(_git(["rev-parse", "--show-toplevel"]).strip())
    added = install(_git, top / ".gitattributes", patterns or _PATTERNS)
    if as_json:
        say_json({"repository": str(top), "added": added})
        return
    say(f"The merge driver is registered in {top}.")
    for line in added:
        say(f"  .gitattributes: {line}")
    if not patterns:
        say("Plans in other places are merged by it when they are named: `milepost git install PLAN.md`.")


def _git(args: Iterable[str]) -> str:
    try:
        return subprocess.run(["git", *args], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        raise UsageError("git is not installed", remedy="install git") from None
    except subprocess.CalledProcessError as error:
        raise UsageError(f"git refused: {error.stderr.strip()}", remedy="call this inside a git repository") from None
