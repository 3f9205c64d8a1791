"""``milepost convert``: a plan in another dialect."""

from __future__ import annotations

import time
from collections.abc import Iterator

import click

from milepost.app.conversions import convert_plan, save_new
from milepost.cli.options import dialect_option, json_option, plan_argument, say, say_json
from milepost.plan.writing import STYLES, Written

_SHOWN = 8


class DialectChoice(click.Choice[str]):
    """A dialect's name, with or without its hyphen: ``speckit`` is ``spec-kit``."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take the name that differs in nothing but hyphens and case."""
        known = {name.replace("-", ""): name for name in STYLES}
        return super().convert(known.get(value.replace("-", "").lower(), value), param, ctx)


@click.command()
@plan_argument
@click.option("--to", "target", type=DialectChoice(list(STYLES)), required=True, help="The dialect to write.")
@click.option("-o", "--output", metavar="FILE", help="Where to write it; standard output otherwise.")
@click.option("--force", is_flag=True, help="Overwrite FILE if it exists.")
@dialect_option
@json_option
def command(plan: str, target: str, output: str | None, force: bool, dialect: str, as_json: bool) -> int:
    """Convert a plan into another dialect.

    The result is read back and compared with the plan: what it no longer says is listed on standard error (or as
    `lost` with --json), as is what it says in Milepost's own way because the dialect has none. The plan itself
    stays as it is.
    """
    written = convert_plan(plan, target, time.strftime("%Y-%m-%d"), dialect)
    if output:
        save_new(written.source, output, overwrite=force)
    if as_json:
        say_json(_value(written, target, output))
        return 0
    if output:
        say(f"{output}: written in {target} form")
    else:
        click.echo(written.source.to_bytes(), nl=False)
    for line in _notes(written, target):
        say(line, err=True)
    return 0


def _value(written: Written, target: str, output: str | None) -> dict[str, object]:
    return {
        "to": target,
        "output": output,
        "text": None if output else written.source.text,
        "ids": dict(written.names),
        "lost": [{"what": loss.what, "count": len(loss.where), "where": list(loss.where)} for loss in written.lost],
        "foreign": list(written.foreign),
    }


def _notes(written: Written, target: str) -> Iterator[str]:
    for loss in written.lost:
        more = f", … {len(loss.where) - _SHOWN} more" if len(loss.where) > _SHOWN else ""
        yield f"lost: {loss.what} ({len(loss.where)}): {', '.join(loss.where[:_SHOWN])}{more}"
    if written.foreign:
        yield f"said in Milepost's own way, not in {target}'s: {', '.join(written.foreign)}"
