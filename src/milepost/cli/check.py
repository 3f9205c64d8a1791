"""``milepost check``: every claim of a plan, checked."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click

from milepost.app import checks
from milepost.app.checks import Checked, Selection
from milepost.app.documents import MAX_BYTES, document_of, read_document
from milepost.app.plan_files import find_plans
from milepost.cli.formats import FORMATS, render
from milepost.cli.formats.results import CLEAN, FINDINGS, UNREADABLE, Results
from milepost.cli.options import complete_files, dialect_option
from milepost.cli.text import printable, say
from milepost.errors import InputError, UsageError
from milepost.lint.wording import count
from milepost.source import SourceText

STDIN = "-"


@click.command
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", shell_complete=complete_files)
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", help="How to print findings.")
@click.option("--fix", is_flag=True, help="Write the safe fixes into the plans.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff, also fixes that may change a plan's meaning.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option("--select", multiple=True, metavar="RULES", help="Rules to check: codes, MP3 for a family, names, ALL.")
@click.option("--ignore", multiple=True, metavar="RULES", help="Rules to leave out.")
@click.option("--statistics", is_flag=True, help="Print how often each rule found something instead of where.")
@click.option(
    "--stdin-filename", metavar="FILE", default="tasks.md", help="What to call standard input, and its place."
)
@click.option("--watch", "watching", is_flag=True, help="Check again whenever a plan or the settings change.")
@dialect_option
@click.option("--coverage", is_flag=True, help="Show how much of each document was read, and tasks that were not.")
@click.option("--explain-dialect", is_flag=True, help="Show as what each document is read, and why.")
@click.option("-q", "--quiet", is_flag=True, help="Print findings and nothing else.")
def command(
    paths: tuple[str, ...],
    form: str,
    fix: bool,
    unsafe_fixes: bool,
    diff: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    statistics: bool,
    stdin_filename: str,
    watching: bool,
    dialect: str,
    coverage: bool,
    explain_dialect: bool,
    quiet: bool,
) -> int:
    """Check every claim of one or more plans.

    A PATH is a plan, a folder to search for plans, or - for standard input (with --fix the plan is printed, fixed).

    Exit code 0: nothing found; 1: findings; 2: wrong usage; 3: a plan could not be read.
    """
    job = _Job(
        paths=tuple(dict.fromkeys(paths)),
        selection=Selection(_names(select), _names(ignore)),
        form="statistics" if statistics else form,
        fix=fix or unsafe_fixes,
        unsafe=unsafe_fixes,
        diff=diff,
        stdin_name=stdin_filename,
        quiet=quiet,
        dialect=dialect,
    )
    if statistics and form != "text":
        raise UsageError("--statistics is text", remedy=f"leave out --statistics or --format {form}")
    job.require_sense(watching=watching)
    if coverage or explain_dialect:
        return _explore(job, coverage=coverage, dialect=explain_dialect)
    return _watch(job) if watching else _run(job)


@dataclass(frozen=True, slots=True)
class _Job:
    """What was asked for."""

    paths: tuple[str, ...]
    selection: Selection
    form: str
    fix: bool
    unsafe: bool
    diff: bool
    stdin_name: str
    quiet: bool
    dialect: str = ""

    def require_sense(self, *, watching: bool) -> None:
        if STDIN in self.paths and watching:
            raise UsageError("standard input cannot be watched", remedy="name the file")
        if STDIN in self.paths and self.fix and len(self.paths) > 1:
            raise UsageError("standard input is fixed alone", remedy="name `-` and no other path with --fix")
        if self.diff and watching:
            raise UsageError("--diff and --watch do not go together", remedy="leave one of them out")

    @property
    def is_filter(self) -> bool:
        """Whether the fixed plan goes to standard output."""
        return self.paths == (STDIN,) and self.fix and not self.diff


def _names(given: Sequence[str]) -> tuple[str, ...]:
    """Split ``--select a,b --select c``."""
    return tuple(name.strip() for part in given for name in part.split(",") if name.strip())


def _run(job: _Job) -> int:
    results = _check_all(job)
    if job.diff:
        return _show_diff(results)
    if job.is_filter:
        return _show_fixed(results)
    if job.form == "text":
        _show_text(results, quiet=job.quiet)
    else:
        say(render(job.form, results).removesuffix("\n"))
    return results.exit_code


def _check_all(job: _Job) -> Results:
    results = Results()
    for path in _plans(job.paths, results):
        try:
            results.plans.append(_check(path, job))
        except InputError as error:
            results.errors.append(error)
    return results


def _plans(paths: Sequence[str], results: Results) -> list[str]:
    found: dict[str, None] = {}
    for path in paths:
        try:
            found.update(dict.fromkeys([path] if path == STDIN else find_plans(path)))
        except InputError as error:
            results.errors.append(error)
    return list(found)


def _check(path: str, job: _Job) -> Checked:
    if path == STDIN:
        source = _source(path, job)
        if job.fix or job.diff:
            return checks.fix_document(source, job.selection, unsafe=job.unsafe)
        return checks.check_document(source, job.selection)
    if job.diff:
        return checks.preview_fixes(path, job.selection, unsafe=job.unsafe, dialect=job.dialect)
    if job.fix:
        return checks.fix_plan(path, job.selection, unsafe=job.unsafe, dialect=job.dialect)
    return checks.check_plan(path, job.selection, job.dialect)


def _source(path: str, job: _Job) -> SourceText:
    stdin = path == STDIN
    source = document_of(sys.stdin.buffer.read(MAX_BYTES + 1), job.stdin_name) if stdin else read_document(path)
    return checks.as_asked(source, job.dialect)


def _explore(job: _Job, *, coverage: bool, dialect: bool) -> int:
    """Show how the documents were read; what looks like a task and was not read is a finding."""
    from milepost.app.plans import require_tasks
    from milepost.cli.coverage import coverage_text, dialect_text, explored_json

    if job.form not in ("text", "json"):
        raise UsageError(f"this cannot be written as {job.form}", remedy="use --format text or json")
    results = Results()
    explored = []
    for path in _plans(job.paths, results):
        try:
            explored.append(checks.explore_document(_source(path, job)))
            require_tasks(explored[-1].plan)
        except InputError as error:
            results.errors.append(error)
    if job.form == "json":
        say(explored_json(explored, results.errors).removesuffix("\n"))
    else:
        text = (coverage_text(explored) if coverage else "") + (dialect_text(explored) if dialect else "")
        if text:
            say(text.removesuffix("\n"))
        _show_errors(results)
    if results.errors:
        return UNREADABLE
    return CLEAN if all(one.coverage.complete for one in explored) or not coverage else FINDINGS


def _show_text(results: Results, *, quiet: bool) -> None:
    from milepost.cli.formats import text_format

    text = text_format.findings(results) if quiet else text_format.render(results)
    if text:
        say(text.removesuffix("\n"))
    _show_errors(results)


def _show_errors(results: Results) -> None:
    from milepost.cli.main import describe

    for error in results.errors:
        click.echo(describe(error), err=True)


def _show_fixed(results: Results) -> int:
    """Print the fixed plan alone: it may go straight into an editor."""
    from milepost.cli.formats import text_format

    for plan in results.plans:
        click.echo(plan.plan.source.to_bytes(), nl=False)
        click.echo(printable(text_format.render(results)), err=True, nl=False)
    _show_errors(results)
    return results.exit_code


def _show_diff(results: Results) -> int:
    changed = [plan for plan in results.plans if plan.changed]
    for plan in changed:
        _say_raw("".join(_diff(plan)))
    _show_errors(results)
    number = sum(len(plan.fixed) for plan in changed)
    click.echo(f"Would fix {count(number, 'finding')}." if number else "Nothing to fix.", err=True)
    if results.errors:
        return UNREADABLE
    return FINDINGS if changed else CLEAN


def _diff(plan: Checked) -> Iterator[str]:
    from difflib import unified_diff

    before, after = (source.text.split("\n") for source in (plan.before, plan.plan.source))
    path = printable(plan.before.path)
    lines = unified_diff(_with_ends(before), _with_ends(after), f"a/{path}", f"b/{path}")
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _with_ends(lines: list[str]) -> list[str]:
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _say_raw(text: str) -> None:
    """Print a patch: exact bytes into a pipe, harmless text on a terminal."""
    if sys.stdout.isatty():
        click.echo(printable(text), nl=False)
    else:
        click.echo(text.encode("utf-8", "surrogateescape"), nl=False)


def _watch(job: _Job) -> int:
    """Check whenever something changes, until somebody interrupts; that is the normal end."""
    from milepost.app.plan_files import snapshot
    from milepost.cli.watch import pause, watch

    def act(changed: list[str]) -> None:
        if changed:
            click.echo(f"Changed: {printable(', '.join(changed))}", err=True)
        _run(job)
        click.echo("Watching; Ctrl-C ends it.", err=True)
        sys.stdout.flush()

    try:
        watch(lambda: snapshot(job.paths), act, pause)
    except KeyboardInterrupt:
        click.echo("", err=True)
    return CLEAN


command.epilog = "Example: milepost check specs --fix"
