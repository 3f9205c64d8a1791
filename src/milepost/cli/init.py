"""``milepost init``: a new spec folder."""

from __future__ import annotations

from pathlib import Path

import click

from milepost.app.specs import create_spec
from milepost.app.suggestions import in_shell
from milepost.cli.options import json_option, say, say_json


@click.command()
@click.argument("name")
@click.option("--dir", "parent", default="specs", show_default=True, metavar="DIR", help="Where the folder goes.")
@click.option("--force", is_flag=True, help="Replace files that are already there.")
@json_option
def command(name: str, parent: str, force: bool, as_json: bool) -> None:
    """Write a new spec folder NAME with requirements, design and a plan to fill in."""
    from datetime import date

    spec = create_spec(name, Path(parent), today=date.today().isoformat(), force=force)
    if as_json:
        say_json({"name": spec.name, "folder": str(spec.folder), "files": [str(path) for path in spec.files]})
        return
    for path in spec.files:
        say(f"wrote {path}")
    say()
    say("Fill in what is in [square brackets]; these say what is left, and when it could be done:")
    say(f"  milepost check {in_shell(spec.plan)}")
    say(f"  milepost schedule {in_shell(spec.plan)}")
