"""``milepost forecast``: when a plan will probably end, and which tasks decide that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from milepost.cli.dates import plan_dates, read_deadline
from milepost.cli.figures import rough_time, share
from milepost.cli.gantt import Paper, compact_time
from milepost.cli.options import FiniteRange, json_option, plan_argument
from milepost.cli.schedule import make_paper
from milepost.cli.text import printable, say
from milepost.plan.grammar.columns import display_width

if TYPE_CHECKING:
    from milepost.app.forecast_reports import Chance, ForecastReport

_BAR = 40
_FROM = {"--start": "--start", "settings": "`start` of the settings, or now", "now": "now"}
_DISTRIBUTIONS = ("pert", "triangular", "lognormal")


@click.command
@plan_argument
@click.option("--samples", type=click.IntRange(1, 10_000_000), help="How often the plan is drawn.  [10000, or fewer]")
@click.option("--seed", type=int, default=0, show_default=True, help="Another number gives other samples.")
@click.option("--deadline", metavar="TIME", callback=read_deadline, help="Give the odds of 12h, or of 2026-12-24.")
@click.option("--start", metavar="DATE", help="Count from here, and show dates.  [now]")
@click.option(
    "--confidence", type=FiniteRange(1, 99), default=80, show_default=True, help="How sure to be, in percent."
)
@click.option("--no-gates", is_flag=True, help="Leave the checkpoints out.")
@click.option("--no-tiers", is_flag=True, help="Leave the tiers' capacity out: everything possible at once.")
@click.option(
    "--distribution", type=click.Choice(_DISTRIBUTIONS), default="pert", show_default=True, help="How efforts vary."
)
@click.option("--correlation", type=FiniteRange(0, 1), default=0.0, show_default=True, help="Of two tasks of one tier.")
@click.option("--no-calibration", is_flag=True, help="Leave out what finished tasks say of their tiers' estimates.")
@click.option("--svg", metavar="FILE", type=click.Path(dir_okay=False), help="Draw the histogram there.")
@json_option
def command(
    plan: str,
    samples: int | None,
    seed: int,
    deadline: int | str | None,
    start: str | None,
    confidence: float,
    no_gates: bool,
    no_tiers: bool,
    distribution: str,
    correlation: float,
    no_calibration: bool,
    svg: str | None,
    as_json: bool,
) -> int:
    """Forecast when what remains of a plan will end, by drawing it some thousand times.

    Efforts vary within the ranges the plan states, or else within what is usual at their tier; a task that takes too
    long goes on at the next stronger tier. Times are working time from now; they are dates as well with --start, and
    where the settings name calendars or the plan states dates.
    """
    from milepost.app.forecasts import ForecastOptions, forecast_plan
    from milepost.bootstrap.outlooks import run_progress
    from milepost.cli.loading import note_unreadable, open_project
    from milepost.schedule.distributions import Distribution

    project = open_project(plan)
    note_unreadable(project.plan)
    needed = isinstance(deadline, str)
    dates = plan_dates(project.plan, project.settings, start, needed=needed, remaining=True)
    progress = run_progress(project, dates, calibrated=not no_calibration)
    options = ForecastOptions(
        samples=samples,
        seed=seed,
        deadline=deadline,
        confidence=confidence,
        gates=not no_gates,
        tiers=not no_tiers,
        distribution=Distribution(distribution),
        correlation=correlation,
        threads=2,
        dates=dates,
    )
    report = forecast_plan(project.plan, project.settings, options, progress)
    if svg:
        from milepost.cli.svg import draw_histogram, write

        write(svg, draw_histogram(report))
    if as_json:
        from milepost.cli.options import say_json

        say_json(report.as_dict())
    else:
        say("\n".join(_text(report, make_paper(None, False))))
    return 0


command.epilog = "Example: milepost forecast specs/login/tasks.md --deadline 3d"


def _text(report: ForecastReport, paper: Paper) -> Iterator[str]:
    yield from _head(report, paper)
    yield ""
    yield from _percentiles(report, paper)
    if report.milestones:
        yield ""
        yield from _milestones(report, paper)
    if report.promises:
        yield ""
        yield from _promises(report, paper)
    for note in report.notes:
        yield printable(f"note: {note}")
    yield ""
    yield from _histogram(report, paper)
    if report.matters and report.deviation_seconds:
        yield ""
        yield from _matters(report, paper)


def _head(report: ForecastReport, paper: Paper) -> Iterator[str]:
    if report.title:
        yield paper.paint(printable(report.title), bold=True)
    tasks = f"{report.tasks} {'task' if report.tasks == 1 else 'tasks'}"
    remaining = f"{report.done} of {tasks} done, " if report.done else f"{tasks}, "
    limits = "within capacity" if report.capacities else "capacity left out"
    gates = "with gates" if report.gates else "without gates"
    yield f"{remaining}{limits}, {gates}; {report.samples:,} samples"
    if report.guessed:
        word = "task has" if report.guessed == 1 else "tasks have"
        yield f"{report.guessed} {word} no range: it is taken from the tier"
    for rank, one in report.calibrations.items():
        yield (
            f"tier {rank}: {one.tasks} finished, usually {one.bias:.2f} of their estimate; "
            f"{share(one.kept)} kept their P80"
        )
    if report.start:
        real = "; the tiers' calendars differ: times are real" if report.elapsed else ""
        yield f"from {_minute(report.start)} ({_FROM.get(report.start_from or '', report.start_from)}){real}"
    yield f"as planned {rough_time(report.planned.seconds)}: {_odds(report.planned)}"
    if report.deadline:
        text = f" ({report.deadline.text})" if report.deadline.text else ""
        yield f"deadline   {rough_time(report.deadline.seconds)}{text}: {_odds(report.deadline)}"


def _milestones(report: ForecastReport, paper: Paper) -> Iterator[str]:
    width = 16 if report.start else 9
    yield paper.paint(f"{'Checkpoint':<24} {'P50':>{width}} {f'P{report.confidence:g}':>{width}}", bold=True)
    for one in report.milestones:
        half, sure = rough_time(one.p50_seconds), rough_time(one.confident_seconds)
        if one.p50_date and one.confident_date:
            half, sure = _minute(one.p50_date), _minute(one.confident_date)
        yield f"{paper.fit(one.name, 24)} {half:>{width}} {sure:>{width}}"


def _promises(report: ForecastReport, paper: Paper) -> Iterator[str]:
    """The odds of the dates that tasks state."""
    from milepost.cli.schedule_dates import last_minute

    head = f"{'Task':<12} {'':<8} {'stated':>16} {f'P{report.confidence:g}':>16} {'kept':>6}"
    yield paper.paint(head, bold=True)
    for one in report.promises:
        stated, sure = last_minute(one.at), _minute(one.confident)
        yield f"{paper.fit(one.id, 12)} {one.kind:<8} {stated:>16} {sure:>16} {share(one.probability):>6}"


def _minute(text: str) -> str:
    """An ISO moment to the minute."""
    return text[:16].replace("T", " ")


def _odds(chance: Chance) -> str:
    return f"kept in {share(chance.probability)} of the samples"


def _percentiles(report: ForecastReport, paper: Paper) -> Iterator[str]:
    costs = any(one.cost for one in report.percentiles)
    head = f"{'':<5}{'ends by':>10}" + (f"{'cost':>12}" if costs else "")
    yield paper.paint(head + ("  date" if report.confident.date else ""), bold=True)
    for one in report.percentiles:
        line = f"P{one.percent:<4g}{rough_time(one.seconds):>10}" + (f"{one.cost:>12,.2f}" if costs else "")
        if one.date:
            line += "  " + _minute(one.date)
        yield paper.paint(line, bold=True) if one.percent == report.confidence else line
    yield f"mean {rough_time(report.mean_seconds):>10}" + (f"{report.mean_cost:>12,.2f}" if costs else "")


def _histogram(report: ForecastReport, paper: Paper) -> Iterator[str]:
    """A bar for each bin; the confident percentile's bin is marked."""
    counts, bins = report.histogram.counts, report.histogram
    width = min(_BAR, paper.width - 24)
    confident = (report.confident.seconds - bins.low) // bins.width
    fine = bins.width < 3600  # else hundreds of hours of one name
    for place, count in enumerate(counts):
        bar = paper.glyphs.critical * round(count / max(counts) * width)
        mark = f" P{report.confidence:g}" if place == confident else ""
        low = bins.low + place * bins.width
        label = compact_time(low) if fine else rough_time(low)
        yield f"{label:>10} {paper.paint(bar, fg='cyan')}{' ' * (width - len(bar))} {count:>6}{mark}"


def _matters(report: ForecastReport, paper: Paper) -> Iterator[str]:
    """The tasks that decide the end: how often critical, how strongly tied to the end, both with their spread."""
    room = max(paper.width - 51, 8)
    title = paper.fit("what decides the end", room)
    yield paper.paint(
        f"{'id':<7} {title} {'mean':>8} {'critical':>8} {'tied':>5} {'weight':>6} {'escal.':>6}", bold=True
    )
    for one in report.matters:
        name = paper.fit(one.id, max(7, display_width(one.id)) if len(one.id) < 12 else 12)
        yield (
            f"{name} {paper.fit(one.title, room)} {rough_time(one.mean_seconds):>8} {one.criticality:>8.0%} "
            f"{one.cruciality:>5.2f} {one.sensitivity:>6.2f} {one.escalation:>6.0%}"
        ).rstrip()
