"""``milepost baseline``: keep a schedule, and measure progress against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

from milepost.cli.figures import rough_time, signed_time
from milepost.cli.gantt import Paper
from milepost.cli.options import FiniteRange, json_option, plan_argument, say_json
from milepost.cli.schedule import make_paper
from milepost.cli.text import printable, say
from milepost.lint.wording import count

if TYPE_CHECKING:
    from milepost.app.baselines import Baseline, BaselineDiff, Performance
    from milepost.schedule.earned_value import EarnedValue

_SHOWN = 30


@click.group
def command() -> None:
    """Keep a plan's schedule as its baseline, and measure progress and cost against it.

    The baseline is a file in .milepost/baselines, to be committed beside the plan.
    """


command.epilog = "Example: milepost baseline set tasks.md; milepost baseline show tasks.md"


@command.command("set")
@plan_argument
@click.option("--replace", is_flag=True, help="Give up the baseline there is.")
@json_option
def set_command(plan: str, replace: bool, as_json: bool) -> int:
    """Keep today's schedule as the baseline."""
    from datetime import UTC, datetime

    from milepost.app.baselines import make_baseline, save_baseline
    from milepost.bootstrap.performances import stated_dates
    from milepost.cli.loading import note_unreadable, open_project

    project = open_project(plan)
    note_unreadable(project.plan)
    moment = datetime.fromtimestamp(project.now(), UTC).isoformat(timespec="seconds")
    baseline = make_baseline(project.plan, project.settings, project.identity, moment, stated_dates(project))
    path = save_baseline(project.settings.root, baseline, replace=replace)
    if as_json:
        say_json({"path": str(path), "baseline": baseline.as_dict()})
        return 0
    size = f"{count(len(baseline.tasks), 'task')}, {rough_time(baseline.makespan_seconds)}"
    say(f"{size}, {_value(baseline.budget, baseline.unit)}")
    say(f"kept in {path}")
    return 0


def _at(_context: click.Context, _option: click.Parameter, given: str | None) -> float | None:
    if given is None:
        return None
    from milepost.plan.grammar.durations import parse_duration

    length = parse_duration(given)
    if length is None:
        raise click.BadParameter(f"`{given}` is no length of time, such as 12h or 3d")
    return length.likely


@command.command("show")
@plan_argument
@click.option("--at", metavar="TIME", callback=_at, help="Working time since the start.  [until now]")
@click.option("--credit", type=FiniteRange(0, 1), default=0.5, show_default=True, help="Share earned by a task begun.")
@click.option("--svg", metavar="FILE", type=click.Path(dir_okay=False), help="Draw the S-curve there.")
@json_option
def show_command(plan: str, at: float | None, credit: float, svg: str | None, as_json: bool) -> int:
    """Show earned value: what was to be done by now, what is done, and what it cost."""
    from milepost.app.baselines import load_baseline, performance
    from milepost.bootstrap.performances import recorded_state, stated_dates, time_spent
    from milepost.cli.loading import note_unreadable, open_project

    project = open_project(plan)
    note_unreadable(project.plan)
    baseline = load_baseline(project.settings.root, project.identity)
    state = recorded_state(project)
    if at is None:
        at = time_spent(project, stated_dates(project))
    found = performance(baseline, project.plan, state, at, credit=credit)
    if svg:
        from milepost.cli.svg import draw_s_curve, write

        write(svg, draw_s_curve(baseline.title, found.curve, found.unit))
    if as_json:
        say_json({"baseline": baseline.as_dict(), **found.as_dict()})
    else:
        say("\n".join(_performance(baseline, found, make_paper(None, False))))
    return 0


@command.command("diff")
@plan_argument
@json_option
def diff_command(plan: str, as_json: bool) -> int:
    """Show what today's schedule has that the baseline has not. Ends with 1 when they differ."""
    from milepost.app.baselines import diff_baseline, load_baseline
    from milepost.bootstrap.performances import stated_dates
    from milepost.cli.loading import note_unreadable, open_project

    project = open_project(plan)
    note_unreadable(project.plan)
    baseline = load_baseline(project.settings.root, project.identity)
    found = diff_baseline(baseline, project.plan, project.settings, stated_dates(project))
    if as_json:
        say_json(found.as_dict())
    else:
        say("\n".join(_difference(found, make_paper(None, False))))
    return 1 if found.added or found.removed or found.moved else 0


def _performance(baseline: Baseline, found: Performance, paper: Paper) -> Iterator[str]:
    total = found.total
    if baseline.title:
        yield paper.paint(printable(baseline.title), bold=True)
    size = f"{rough_time(baseline.makespan_seconds)}, {_value(baseline.budget, found.unit)}"
    yield f"baseline of {baseline.set_at}: {size}"
    yield f"after {rough_time(total.at)}, in {found.unit}:"
    yield ""
    rows = (
        ("planned value (PV)", _number(total.planned_value), "", ""),
        (
            "earned value (EV)",
            _number(total.earned_value),
            f"SV {_signed(total.schedule_variance)}",
            f"SPI {_index(total.spi)}",
        ),
        (
            "actual cost (AC)",
            _number(total.actual_cost),
            f"CV {_signed(total.cost_variance)}",
            f"CPI {_index(total.cpi)}",
        ),
        (
            "estimate at completion",
            _number(total.estimate_at_completion),
            f"VAC {_signed(total.variance_at_completion)}",
            "",
        ),
        ("estimate to complete", _number(total.estimate_to_complete), "", f"TCPI {_index(total.tcpi)}"),
        (
            "earned schedule",
            rough_time(total.earned_schedule),
            f"SV(t) {signed_time(total.schedule_variance_time)}",
            f"SPI(t) {_index(total.spi_time)}",
        ),
    )
    for name, value, variance, index in rows:
        yield f"  {name:<24}{value:>12}   {variance:<16} {index}".rstrip()
    if total.duration_at_completion is not None:
        yield f"  {'at this pace it takes':<24}{rough_time(total.duration_at_completion):>12}"
    yield from _groups("tier", {"" if rank is None else str(rank): one for rank, one in found.tiers.items()}, paper)
    names = {name: baseline.phases.get(name, "") or name for name in found.phases}
    yield from _groups("phase", {names[name]: one for name, one in found.phases.items()}, paper)


def _groups(kind: str, groups: Mapping[str, EarnedValue], paper: Paper) -> Iterator[str]:
    if len(groups) < 2:
        return
    yield ""
    yield paper.paint(f"{kind:<24}{'BAC':>10}{'PV':>10}{'EV':>10}{'AC':>10}{'SPI':>7}{'CPI':>7}", bold=True)
    for name, one in groups.items():
        yield (
            f"{paper.fit(name or '-', 23)} {one.budget_at_completion:>10,.2f}{one.planned_value:>10,.2f}"
            f"{one.earned_value:>10,.2f}{one.actual_cost:>10,.2f}{_index(one.spi):>7}{_index(one.cpi):>7}"
        )


def _difference(found: BaselineDiff, paper: Paper) -> Iterator[str]:
    change = found.makespan_seconds - found.makespan_before_seconds
    yield (
        f"makespan {rough_time(found.makespan_before_seconds)} {paper.glyphs.arrow} "
        f"{rough_time(found.makespan_seconds)} ({signed_time(change)})"
    )
    yield f"budget {_value(found.budget_before, found.unit)} {paper.glyphs.arrow} {_value(found.budget, found.unit)}"
    for word, names in (("added", found.added), ("removed", found.removed)):
        if names:
            yield f"{word}: {printable(', '.join(names))}"
    if found.moved:
        yield paper.paint(f"{'id':<8} {'start':>10} {'finish':>10} {'duration':>10}  tier", bold=True)
    for one in found.moved[:_SHOWN]:
        tier = "" if one.tier == one.tier_before else f"{one.tier_before} {paper.glyphs.arrow} {one.tier}"
        times = (one.start_seconds, one.finish_seconds, one.duration_seconds)
        yield f"{printable(one.id):<8} " + " ".join(f"{signed_time(time):>10}" for time in times) + f"  {tier}".rstrip()
    if len(found.moved) > _SHOWN:
        yield f"and {len(found.moved) - _SHOWN} more"
    if not (found.added or found.removed or found.moved):
        yield "nothing has moved"


def _value(amount: float, unit: str) -> str:
    return f"{amount:,.2f} hours" if unit == "hours" else f"{amount:,.2f}"


def _index(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+,.2f}"
