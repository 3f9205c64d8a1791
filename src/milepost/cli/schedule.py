"""``milepost schedule``: dates, floats, the critical path, and a schedule the tiers can keep."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

from milepost.app.instances import is_instance
from milepost.app.schedules import Leveler, PathSummary, ScheduleReport, ScheduleRow, TierCapacity, schedule_plan
from milepost.app.settings import load_settings
from milepost.cli.dates import plan_dates
from milepost.cli.gantt import ASCII, UNICODE, Paper, compact_time, draw_gantt
from milepost.cli.loading import load_plan, note_unreadable
from milepost.cli.options import FiniteRange, dialect_option, plan_argument
from milepost.cli.text import printable, say
from milepost.errors import UsageError
from milepost.plan.grammar.columns import display_width
from milepost.schedule.leveling import level

if TYPE_CHECKING:
    from milepost.app.settings import Settings
    from milepost.plan.model import Plan

_PLAIN_WIDTH = 80
_LEAST_TITLE = 5
_LONGEST_ID = 16
_SHOWN = 30
_PATHS, _MOST_PATHS = 20, 100
"""How many critical paths are listed at most, and how many as JSON: there can be more than there are tasks."""


def _capacities(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> dict[int, int]:
    found = {}
    for text in given:
        rank, _, capacity = text.partition("=")
        if not (rank.isdecimal() and capacity.isdecimal() and int(rank) and int(capacity)):
            raise click.BadParameter(f"`{text}` is not RANK=CAPACITY, such as 2=4; both start at 1")
        found[int(rank)] = int(capacity)
    return found


def _near(_context: click.Context, _option: click.Parameter, given: str) -> int:
    from milepost.plan.grammar.durations import parse_duration

    length = parse_duration(given)
    if length is None:
        raise click.BadParameter(f"`{given}` is no length of time such as 4h or 30m")
    return length.likely


@click.command
@plan_argument
@click.option("--no-gates", is_flag=True, help="Leave the checkpoints out.")
@click.option("--early", is_flag=True, help="Draw the early dates instead of the schedule within capacity.")
@click.option(
    "--tier", "tiers", multiple=True, metavar="RANK=CAPACITY", callback=_capacities, help="How many tasks at once."
)
@click.option(
    "--optimize",
    type=FiniteRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Search that long for a shorter schedule, and for a proof of how good it is. Ctrl-C keeps the best.",
)
@click.option("--start", metavar="DATE", help="When the plan starts (2026-12-01, 2026-12-01 09:00): shows dates.")
@dialect_option
@click.option("--paths", is_flag=True, help="List every critical path, and the tasks that nearly are critical.")
@click.option(
    "--near",
    metavar="TIME",
    default="4h",
    show_default=True,
    callback=_near,
    help="With --paths: how much float still is next to none.",
)
@click.option("--from-scratch", is_flag=True, help="Schedule as if nothing of the plan were done or begun.")
@click.option("--audit", is_flag=True, help="Assess the schedule's quality by DCMA's 14 points instead.")
@click.option(
    "--thresholds", type=click.Choice(["agent", "dcma"]), default="agent", show_default=True, help="Of the audit."
)
@click.option("--svg", metavar="FILE", type=click.Path(dir_okay=False), help="Draw the Gantt chart there.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--width", type=click.IntRange(40, 1000), help="Cells to draw in; else the terminal's width, or 80.")
@click.option("--ascii", "plain", is_flag=True, help="Draw with ASCII characters only.")
def command(
    plan: str,
    no_gates: bool,
    early: bool,
    tiers: Mapping[int, int],
    optimize: float | None,
    start: str | None,
    dialect: str,
    paths: bool,
    near: int,
    from_scratch: bool,
    audit: bool,
    thresholds: str,
    svg: str | None,
    as_json: bool,
    width: int | None,
    plain: bool,
) -> int:
    """Compute dates, floats and the critical path of a plan, and a schedule within its tiers' capacities.

    Times are working time from the start of the plan. With --start, or where the settings name calendars or the plan
    states dates (`_Not before:_`, `_Due:_`, `_Deadline:_`), they are dates, and it is shown which of them are kept.

    What is done stays where it was, what runs has time left, and what has not started moves only if it must: by the
    times of the plan's run, from its baseline if it has one. Without a run what is left is scheduled from now on.

    An instance of PSPLIB (`.sm`, `.mm`) or MMLIB (`.mm`) is scheduled too, with its modes and resources.
    """
    if is_instance(plan):
        from milepost.cli.schedule_instance import print_instance

        if no_gates or early or tiers or start or audit or paths:
            raise UsageError("an instance has no gates, tiers, dates, audit or lists of paths", place=plan)
        return print_instance(plan, optimize, svg, as_json, make_paper(width, plain))
    settings = load_settings(plan)
    if audit:
        from milepost.cli.audit import print_audit

        assessed = load_plan(plan, dialect)
        note_unreadable(assessed)
        return print_audit(assessed, settings, not no_gates, thresholds, start, as_json, make_paper(width, plain))
    leveler: Leveler = level
    if optimize is not None:
        from milepost.bootstrap import optimizing_leveler

        leveler = optimizing_leveler(optimize, lambda text: say(text, err=True))
    loaded = load_plan(plan, dialect)
    known = _tier_capacities(loaded, settings, tiers)
    dates, underway = plan_dates(loaded, settings, start), None
    if not from_scratch:
        from milepost.cli.underway import plan_underway

        underway, dates = plan_underway(plan, loaded, settings, dates)
    note_unreadable(loaded)
    report = schedule_plan(
        loaded,
        known,
        gates=not no_gates,
        default_effort=settings.default_effort,
        leveler=leveler,
        dates=dates,
        underway=underway,
        paths=(_MOST_PATHS if as_json else _PATHS) if paths else 0,
        near=near,
    )
    if svg:
        from milepost.cli.svg import draw_gantt as draw_picture
        from milepost.cli.svg import write

        write(svg, draw_picture(report))
    if as_json:
        _print_json(report)
    else:
        _print_text(report, make_paper(width, plain), early)
    return 0


def _tier_capacities(plan: Plan, settings: Settings, asked: Mapping[int, int]) -> dict[int, TierCapacity]:
    """The tiers as configured, with the capacities asked for; a plan's own tiers need not be configured for that."""
    known = {rank: TierCapacity(tier.capacity, tier.speed) for rank, tier in settings.tiers.items()}
    named = set(plan.tiers.values())
    for rank, capacity in asked.items():
        speed = 1.0 if rank in named and rank not in known else settings.tier(rank, wanted_by="--tier").speed
        known[rank] = TierCapacity(capacity, speed)
    return known


command.epilog = "Example: milepost schedule specs/login/tasks.md --tier 2=4"


def make_paper(width: int | None, plain: bool) -> Paper:
    """The paper of this terminal, or of a plain file."""
    terminal = sys.stdout.isatty()
    if width is None:
        from shutil import get_terminal_size

        width = max(get_terminal_size((_PLAIN_WIDTH, 24)).columns, 40) if terminal else _PLAIN_WIDTH
    colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Paper(width, ASCII if plain or not _draws_unicode() else UNICODE, colour)


def _draws_unicode() -> bool:
    try:
        "█▒◆─┬→…".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _print_json(report: ScheduleReport) -> None:
    import json

    click.echo(json.dumps(report.as_dict(), indent=2))


def _print_text(report: ScheduleReport, paper: Paper, early: bool) -> None:
    lines = [*_summary(report, paper), "", *_table(report, paper, early), "", _chart_title(report, early)]
    say("\n".join([*lines, *draw_gantt(report, paper, early=early)]), drawn=paper.width)


def _summary(report: ScheduleReport, paper: Paper) -> Iterator[str]:
    tasks = sum(not row.checkpoint for row in report.rows)
    if report.title:
        yield paper.paint(printable(report.title), bold=True)
    yield f"{tasks} {'task' if tasks == 1 else 'tasks'}, {compact_time(report.effort_seconds)} of effort"
    yield from _path_lines("with gates   ", report.gated, report.checkpoints, paper)
    yield from _path_lines("without gates", report.ungated, report.checkpoints, paper)
    if report.criticality:
        from milepost.cli.critical import critical_lines

        yield from critical_lines(report.criticality, report, paper)
    leveled = report.leveled
    over = leveled.makespan_seconds - leveled.lower_bound_seconds
    percent = 100 * over / max(leveled.lower_bound_seconds, 1)
    quality = "the shortest possible"
    if over:
        quality = f"at most {compact_time(over)} ({percent:.1f} %) above the shortest possible"
    yield f"within capacity {compact_time(leveled.makespan_seconds)}, {quality} ({_how(leveled.rule)})"
    if report.replanned:
        from milepost.cli.underway import underway_lines

        yield from underway_lines(report.replanned, paper)
    if report.dates:
        from milepost.cli.schedule_dates import date_lines, promise_lines

        yield from date_lines(report.dates)
        yield from promise_lines(report, paper)
    for use in report.tiers:
        if use.tasks:
            yield (
                f"  tier {use.rank}: {use.tasks} {'task' if use.tasks == 1 else 'tasks'}, "
                f"{compact_time(use.work_seconds)}, {use.capacity} at once, {use.utilisation:.0%} used"
            )
    if report.assumed:
        names = ", ".join(_shortened(report.assumed))
        yield f"no estimate, taken as {compact_time(report.default_effort_seconds)}: {printable(names)}"


def _how(rule: str) -> str:
    return f"{rule} rule" if rule.isupper() else rule


def _path_lines(label: str, path: PathSummary | None, gates: Mapping[str, str], paper: Paper) -> Iterator[str]:
    """The makespan, and under it the critical path wrapped at its arrows."""
    if path is None:
        yield f"{label}   its dependencies form a cycle"
        return
    arrow = f" {paper.glyphs.arrow} "
    line = f"{label}   {compact_time(path.makespan_seconds)}  "
    names = _shortened(tuple(gates.get(name, name) for name in path.critical_path))
    for place, name in enumerate(names):
        piece = printable(name) + (arrow if place < len(names) - 1 else "")
        if display_width(line + piece.rstrip()) > paper.width and line.strip():
            yield line.rstrip()
            line = " " * (len(label) + 3)
        line += piece
    yield line.rstrip()


def _shortened(names: tuple[str, ...]) -> tuple[str, ...]:
    """A list short enough to be read, its middle counted instead of named."""
    if len(names) <= _SHOWN:
        return names
    half = _SHOWN // 2
    return (*names[:half], f"({len(names) - 2 * half} more)", *names[-half:])


def _chart_title(report: ScheduleReport, early: bool) -> str:
    if early:
        return f"Early dates, {compact_time(report.makespan_seconds)}"
    return f"Schedule within capacity, {compact_time(report.leveled.makespan_seconds)}"


_TITLE = 2
_LEAST_READABLE = 20
_WORKING = ("ES", "EF", "LS", "LF", "float", "free")
_DATED = ("start", "finish", "ES", "EF", "LS", "LF", "float", "free")
_DATED_NARROW = ("start", "finish", "LF", "float")
_DATED_EARLY = ("ES", "EF", "LF", "float")


def _table(report: ScheduleReport, paper: Paper, early: bool) -> Iterator[str]:
    """The dates of all rows; the title takes what room the others leave."""
    columns = _columns(report, paper, early)
    cells = [("", "id", "title", "tier", "time", *columns)]
    cells += [_cells(row, paper, columns, report) for row in report.rows]
    widths = [max(display_width(line[column]) for line in cells) for column in range(len(cells[0]))]
    widths[1] = min(widths[1], _LONGEST_ID)
    room = paper.width - sum(widths) + widths[_TITLE] - len(widths) + 1
    widths[_TITLE] = min(widths[_TITLE], max(room, _LEAST_TITLE))
    yield paper.paint(_line(cells[0], widths, paper), bold=True)
    for row, line in zip(report.rows, cells[1:], strict=True):
        drawn = _line(line, widths, paper)
        yield paper.paint(drawn, fg="red") if row.critical else drawn


def _columns(report: ScheduleReport, paper: Paper, early: bool) -> tuple[str, ...]:
    """All dates where there is room for them, else those of the schedule that is drawn."""
    if report.dates is None:
        return _WORKING
    room = paper.width - len("*") - _LONGEST_ID - _LEAST_READABLE - len("tier effort") - 14 - 12 * 6
    return _DATED if room >= 0 else _DATED_EARLY if early else _DATED_NARROW


def _line(cells: tuple[str, ...], widths: list[int], paper: Paper) -> str:
    texts = [
        paper.fit(text, width) if column <= _TITLE else text.rjust(width)
        for column, (text, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return " ".join(texts).rstrip()


def _cells(row: ScheduleRow, paper: Paper, columns: tuple[str, ...], report: ScheduleReport) -> tuple[str, ...]:
    times = _dates(row, report) if report.dates else _times(row)
    return (
        "*" if row.critical else "",
        paper.glyphs.checkpoint if row.checkpoint else printable(row.id),
        printable(row.title),
        "" if row.tier is None else str(row.tier),
        "" if row.checkpoint else compact_time(row.duration_seconds) + ("?" if row.assumed else ""),
        *(times[column] for column in columns),
    )


def _times(row: ScheduleRow) -> dict[str, str]:
    return {
        "ES": compact_time(row.early_start_seconds),
        "EF": compact_time(row.early_finish_seconds),
        "LS": compact_time(row.late_start_seconds),
        "LF": compact_time(row.late_finish_seconds),
        "float": compact_time(row.total_float_seconds),
        "free": compact_time(row.free_float_seconds),
    }


def _dates(row: ScheduleRow, report: ScheduleReport) -> dict[str, str]:
    from milepost.cli.schedule_dates import short_date, spans_years

    if row.dates is None or report.dates is None:
        return _times(row)
    found = {
        "start": row.dates.start,
        "finish": row.dates.finish,
        "ES": row.dates.early_start,
        "EF": row.dates.early_finish,
        "LS": row.dates.late_start,
        "LF": row.dates.late_finish,
    }
    years = spans_years(report.dates)
    return {**_times(row), **{name: short_date(at, years) for name, at in found.items()}}
