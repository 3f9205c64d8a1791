"""``milepost what-if``: a plan beside itself with something changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

from milepost.cli.dates import plan_dates, read_deadline
from milepost.cli.figures import rough_time, share, signed_time
from milepost.cli.gantt import Paper
from milepost.cli.options import FiniteRange, json_option, plan_argument
from milepost.cli.schedule import make_paper
from milepost.cli.text import printable, say

if TYPE_CHECKING:
    from milepost.app.what_ifs import Comparison
    from milepost.plan.grammar.durations import Duration

_SHOWN = 12


def _tiers(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> dict[tuple[int, str], float]:
    """``2.capacity=4``; ``2=4`` is short for it."""
    found = {}
    for text in given:
        place, _, value = text.partition("=")
        rank, _, key = place.partition(".")
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not rank.isdecimal() or number != number:
            raise click.BadParameter(f"`{text}` is not RANK.SETTING=NUMBER, such as 2.capacity=4")
        found[int(rank), key.replace("-", "_") or "capacity"] = number
    return found


def _efforts(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> dict[str, Duration]:
    from milepost.plan.grammar.durations import parse_duration

    found = {}
    for text in given:
        task, _, length = text.partition("=")
        effort = parse_duration(length)
        if not task or effort is None:
            raise click.BadParameter(f"`{text}` is not TASK=EFFORT, such as 2.2=6h or 2.2=4h-8h")
        found[task.strip()] = effort
    return found


@click.command
@plan_argument
@click.option(
    "--tier", "tiers", multiple=True, metavar="RANK.SETTING=N", callback=_tiers, help="2.capacity=4, 3.speed=2 …"
)
@click.option("--without", multiple=True, metavar="TASK", help="Leave a task out.")
@click.option("--effort", "efforts", multiple=True, metavar="TASK=EFFORT", callback=_efforts, help="2.2=6h")
@click.option(
    "--samples", type=click.IntRange(1, 10_000_000), default=4000, show_default=True, help="Of each forecast."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Another number gives other samples.")
@click.option("--confidence", type=FiniteRange(1, 99), default=80, show_default=True, help="In percent.")
@click.option("--deadline", metavar="TIME", callback=read_deadline, help="Give the odds of 12h, or of 2026-12-24.")
@click.option("--start", metavar="DATE", help="Count from here, and show dates.  [now]")
@click.option("--no-gates", is_flag=True, help="Leave the checkpoints out.")
@json_option
def command(
    plan: str,
    tiers: Mapping[tuple[int, str], float],
    without: tuple[str, ...],
    efforts: Mapping[str, Duration],
    samples: int,
    seed: int,
    confidence: float,
    deadline: int | str | None,
    start: str | None,
    no_gates: bool,
    as_json: bool,
) -> int:
    """Compare a plan's makespan, forecast, cost and critical path with those of a changed plan.

    Nothing is written. Both forecasts draw the same random numbers, so that their difference is the change's.
    """
    from milepost.app.forecasts import ForecastOptions
    from milepost.app.what_ifs import Changes, compare
    from milepost.bootstrap.outlooks import run_progress
    from milepost.cli.loading import note_unreadable, open_project

    project = open_project(plan)
    note_unreadable(project.plan)
    needed = isinstance(deadline, str)
    options = ForecastOptions(
        samples=samples,
        seed=seed,
        deadline=deadline,
        confidence=confidence,
        gates=not no_gates,
        threads=2,
        dates=plan_dates(project.plan, project.settings, start, needed=needed, remaining=True),
    )
    names = tuple(name.strip() for text in without for name in text.split(",") if name.strip())
    changes = Changes(tiers, names, efforts)
    found = compare(project.plan, project.settings, changes, options, run_progress(project, options.dates))
    if as_json:
        from milepost.cli.options import say_json

        say_json(found.as_dict())
    else:
        say("\n".join(_text(found, make_paper(None, False))))
    return 0


command.epilog = "Example: milepost what-if tasks.md --tier 2.capacity=4 --without 3.2 --effort 2.2=6h"


def _text(found: Comparison, paper: Paper) -> Iterator[str]:
    before, after = found.before, found.after
    if found.title:
        yield paper.paint(printable(found.title), bold=True)
    yield paper.paint(f"{'':<18}{'before':>12}{'after':>12}{'change':>12}", bold=True)
    yield f"{'tasks':<18}{before.tasks:>12}{after.tasks:>12}{_signed(after.tasks - before.tasks):>12}"
    for name, one, other in (
        ("effort", before.effort_seconds, after.effort_seconds),
        ("makespan", before.makespan_seconds, after.makespan_seconds),
        ("critical path", before.critical_makespan_seconds, after.critical_makespan_seconds),
        ("P50", before.p50_seconds, after.p50_seconds),
        (f"P{found.confidence:g}", before.confident_seconds, after.confident_seconds),
    ):
        line = f"{name:<18}{rough_time(one):>12}{rough_time(other):>12}{signed_time(other - one):>12}"
        yield paper.paint(line, fg="green" if other < one else "red" if other > one else "")
    yield from _dates(found, paper)
    if before.mean_cost or after.mean_cost:
        change = after.mean_cost - before.mean_cost
        yield f"{'mean cost':<18}{before.mean_cost:>12,.2f}{after.mean_cost:>12,.2f}{change:>+12,.2f}"
    for name, path in (("before", before.critical_path), ("after", after.critical_path)):
        shown = path if len(path) <= _SHOWN else (*path[: _SHOWN // 2], "…", *path[-_SHOWN // 2 :])
        yield f"critical {name:<9} {printable(f' {paper.glyphs.arrow} '.join(shown))}"


def _dates(found: Comparison, paper: Paper) -> Iterator[str]:
    """The ends as dates, and the odds of a deadline."""
    before, after = found.before, found.after
    for name, one, other in (
        ("makespan", before.makespan_date, after.makespan_date),
        ("P50", before.p50_date, after.p50_date),
        (f"P{found.confidence:g}", before.confident_date, after.confident_date),
    ):
        if one and other:
            ends = (text[:16].replace("T", " ") for text in (one, other))
            yield f"{name + ' ends':<18}" + f" {paper.glyphs.arrow} ".join(ends)
    if before.kept is not None and after.kept is not None:
        yield f"{'deadline kept':<18}{share(before.kept):>12}{share(after.kept):>12}"


def _signed(number: int) -> str:
    return f"{number:+}" if number else "0"
