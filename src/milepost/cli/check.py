"""``milepost check``: every claim of a plan, checked."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from milepost.app import checks
from milepost.app.checks import Checked, Selection
from milepost.cli.diagnostics import Renderer, as_data
from milepost.cli.text import printable, say
from milepost.errors import InputError
from milepost.lint.runner import fixable
from milepost.lint.wording import count
from milepost.source import Severity

CLEAN, FINDINGS, UNREADABLE = 0, 1, 3


@click.command
@click.argument("paths", nargs=-1, required=True, metavar="PLAN.md...")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print findings.")
@click.option("--fix", is_flag=True, help="Write the safe fixes into the plans.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff, also fixes that may change a plan's meaning.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option("--select", multiple=True, metavar="RULES", help="Rules to check: codes, MP3 for a family, names, ALL.")
@click.option("--ignore", multiple=True, metavar="RULES", help="Rules to leave out.")
@click.option("-q", "--quiet", is_flag=True, help="Print findings and nothing else.")
def command(
    paths: tuple[str, ...],
    form: str,
    fix: bool,
    unsafe_fixes: bool,
    diff: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    quiet: bool,
) -> int:
    """Check every claim of one or more plans.

    Exit code 0: nothing found; 1: findings; 2: wrong usage; 3: a plan could not be read.
    """
    selection = Selection(_names(select), _names(ignore))
    results = _Results()
    for path in dict.fromkeys(paths):
        try:
            results.plans.append(_check(path, selection, fix=fix, unsafe=unsafe_fixes, diff=diff))
        except InputError as error:
            results.errors.append(error)
    if diff:
        return _show_diff(results)
    if form == "json":
        _show_json(results)
    else:
        _show_text(results, quiet=quiet)
    return results.exit_code


@dataclass(slots=True)
class _Results:
    plans: list[Checked] = field(default_factory=list)
    errors: list[InputError] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        if self.errors:
            return UNREADABLE
        serious = any(found.severity is not Severity.INFO for plan in self.plans for found in plan.findings)
        return FINDINGS if serious else CLEAN

    @property
    def summary(self) -> dict[str, int]:
        found = [one for plan in self.plans for one in plan.findings]
        return {
            "findings": len(found),
            **{f"{kind}s": sum(one.severity is kind for one in found) for kind in Severity},
            "fixable": sum(fixable(one) for one in found),
            "fixed": sum(len(plan.fixed) for plan in self.plans),
        }


def _names(given: Sequence[str]) -> tuple[str, ...]:
    """Split ``--select a,b --select c``."""
    return tuple(name.strip() for part in given for name in part.split(",") if name.strip())


def _check(path: str, selection: Selection, *, fix: bool, unsafe: bool, diff: bool) -> Checked:
    if diff:
        return checks.preview_fixes(path, selection, unsafe=unsafe)
    if fix or unsafe:
        return checks.fix_plan(path, selection, unsafe=unsafe)
    return checks.check_plan(path, selection)


def _show_text(results: _Results, *, quiet: bool) -> None:
    renderer = Renderer(colour=_wants_colour())
    for plan in results.plans:
        for found in plan.findings:
            say(renderer.finding(plan.plan.source, found) + "\n")
    _show_errors(results)
    if not quiet and results.plans:
        say(_summary(results))


def _summary(results: _Results) -> str:
    numbers = results.summary
    if not numbers["findings"]:
        fixed = f"Fixed {count(numbers['fixed'], 'finding')}. " if numbers["fixed"] else ""
        return f"{fixed}All checks passed: {_contents(results.plans)}."
    kinds = ", ".join(count(numbers[f"{kind}s"], kind) for kind in Severity if numbers[f"{kind}s"])
    before = f"Fixed {numbers['fixed']}, " if numbers["fixed"] else "Found "
    after = " left" if numbers["fixed"] else ""
    remedy = f"; {numbers['fixable']} fixable with --fix" if numbers["fixable"] else ""
    return f"{before}{count(numbers['findings'], 'finding')}{after} ({kinds}){remedy}."


def _contents(plans: Sequence[Checked]) -> str:
    parts = [count(len(plans), "plan")] if len(plans) > 1 else []
    parts.append(count(sum(len(one.plan.leaves) for one in plans), "task"))
    for noun in ("phase", "checkpoint"):
        number = sum(len(one.plan.phases if noun == "phase" else one.plan.checkpoints) for one in plans)
        if number:
            parts.append(count(number, noun))
    return ", ".join(parts)


def _show_json(results: _Results) -> None:
    import json

    data: dict[str, Any] = {
        "findings": [as_data(plan.plan.source, found) for plan in results.plans for found in plan.findings],
        "plans": [
            {
                "path": printable(plan.plan.source.path),
                "dialect": plan.plan.dialect,
                "tasks": len(plan.plan.leaves),
                "required_tasks": len(plan.plan.required),
                "phases": len(plan.plan.phases),
                "checkpoints": len(plan.plan.checkpoints),
                "effort_seconds": plan.plan.effort,
            }
            for plan in results.plans
        ],
        "errors": [
            {"code": error.code, "message": str(error), "path": printable(error.place), "remedy": error.remedy}
            for error in results.errors
        ],
        "summary": results.summary,
    }
    say(json.dumps(data, indent=2))


def _show_errors(results: _Results) -> None:
    from milepost.cli.main import describe

    for error in results.errors:
        click.echo(describe(error), err=True)


def _show_diff(results: _Results) -> int:
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


def _wants_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _say_raw(text: str) -> None:
    """Print a patch: exact bytes into a pipe, harmless text on a terminal."""
    if sys.stdout.isatty():
        click.echo(printable(text), nl=False)
    else:
        click.echo(text.encode("utf-8", "surrogateescape"), nl=False)


command.epilog = "Example: milepost check specs/login/tasks.md --fix"
