"""``milepost fmt``: plans in canonical form."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import click

from milepost.app.documents import MAX_BYTES, document_of, unified_diff
from milepost.app.formats import Formatted, format_document, format_plan, preview_format
from milepost.app.plan_files import find_plans
from milepost.cli.options import complete_files, say
from milepost.errors import InputError, MilepostError, UsageError

STDIN = "-"


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PLAN...", shell_complete=complete_files)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a plan is not in canonical form.")
@click.option("--diff", "show_diff", is_flag=True, help="Show what changes, and write nothing.")
@click.option("--stdin-filename", metavar="FILE", default="tasks.md", help="What to call standard input.")
def command(paths: tuple[str, ...], check: bool, show_diff: bool, stdin_filename: str) -> int:
    """Bring plans to canonical form.

    A PLAN is a file, a folder to search for plans, or - for standard input, whose canonical form is printed.
    Bold ids, `-` bullets and one mark for each state are the reference format's; there totals, status and progress
    are made true as well. In other dialects only blank lines, trailing blanks, tables and `[X]` change, never
    their syntax. Files of Task Master and Backlog.md stay as those tools write them.

    The result is read again before it is written: if it would not say exactly the same, nothing is written.
    Exit code 1: a plan would change (with --check or --diff), or could not be formatted.
    """
    if STDIN in paths and len(paths) > 1:
        raise UsageError("standard input is formatted alone", remedy="name `-` and no other path")
    writes = not check and not show_diff
    today = time.strftime("%Y-%m-%d")
    if paths == (STDIN,):
        source = document_of(sys.stdin.buffer.read(MAX_BYTES + 1), stdin_filename)
        formatted = format_document(source, today)
        if writes:
            click.echo(formatted.after.to_bytes(), nl=False)
            return 0
        return _report(formatted, writes=False, show_diff=show_diff)
    return max([_format(path, today, writes=writes, show_diff=show_diff) for path in paths])


def _format(path: str, today: str, *, writes: bool, show_diff: bool) -> int:
    codes = [0]
    for plan in _plans(path, codes):
        try:
            formatted = format_plan(plan, today) if writes else preview_format(plan, today)
            codes.append(_report(formatted, writes=writes, show_diff=show_diff))
        except MilepostError as error:
            codes.append(_complain(error))
    return max(codes)


def _plans(path: str, codes: list[int]) -> Sequence[str]:
    try:
        return find_plans(path)
    except InputError as error:
        codes.append(_complain(error))
        return ()


def _complain(error: MilepostError) -> int:
    from milepost.cli.main import describe, exit_code

    click.echo(describe(error), err=True)
    return exit_code(error)


def _report(formatted: Formatted, *, writes: bool, show_diff: bool) -> int:
    path = formatted.before.path
    if not formatted.changed:
        kept = formatted.owner
        say(f"{path}: stays as it is: {kept} has its own form" if kept else f"{path}: in canonical form", err=show_diff)
        return 0
    if show_diff:
        click.echo(unified_diff(formatted.before, formatted.after), nl=False)
    else:
        say(f"{path}: formatted" if writes else f"{path}: would be formatted")
    return 0 if writes else 1
