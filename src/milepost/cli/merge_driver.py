"""``milepost merge-driver``: what git calls to merge two versions of a plan."""

from __future__ import annotations

import time
from pathlib import Path

import click

from milepost.app.documents import replace_file
from milepost.app.merges import merge
from milepost.cli.options import say
from milepost.errors import PlanUnreadable
from milepost.lint.wording import count
from milepost.source import SourceText


@click.command()
@click.argument("base")
@click.argument("ours")
@click.argument("theirs")
@click.argument("path", required=False, default="")
def command(base: str, ours: str, theirs: str, path: str) -> int:
    """Merge two versions of a plan, as a git merge driver: `milepost git install` registers it.

    Ticks of both sides are kept and computed lines computed anew; words that both sides changed are left as git
    leaves them, between conflict markers. The result replaces OURS. Exit code 1 when conflicts are left.
    """
    versions = _read(base, path), _read(ours, path), _read(theirs, path)
    merged = merge(*versions, time.strftime("%Y-%m-%d"))
    replace_file(Path(ours), merged.source.to_bytes(), shown=ours)
    if merged.conflicts:
        say(f"{path or ours}: {count(merged.conflicts, 'conflict')} left in people's own words", err=True)
    return 1 if merged.conflicts else 0


def _read(name: str, path: str) -> SourceText:
    """Read one version; there may be nothing in it, when the branches have no common one."""
    try:
        return SourceText.from_bytes(Path(name).read_bytes(), path=path or name)
    except OSError as error:
        raise PlanUnreadable(f"it cannot be read: {error.strerror}", place=name) from None
