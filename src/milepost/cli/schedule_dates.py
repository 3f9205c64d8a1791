"""A schedule's dates as lines of text, and the dates over its chart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from milepost.cli.figures import rough_time
from milepost.cli.text import printable

if TYPE_CHECKING:
    from milepost.app.schedule_dates import Promise, ScheduleDates
    from milepost.app.schedules import ScheduleReport
    from milepost.cli.gantt import Paper
    from milepost.schedule.timescale import Timescale

_SHOWN = 12
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_STEPS = (
    *(timedelta(minutes=count) for count in (1, 5, 15, 30)),
    *(hours * _HOUR for hours in (1, 2, 4, 12)),
    *(days * _DAY for days in (1, 2, 7, 14, 28, 91, 182, 364, 1820)),
)
_FROM = {"--start": "--start", "settings": "`start` of the settings", "now": "now: --start or `start` sets another"}


def full_date(text: str) -> str:
    """An ISO moment with its weekday and zone: ``Tue 2026-12-01 09:00 CET``."""
    moment = datetime.fromisoformat(text)
    return moment.strftime("%a %Y-%m-%d %H:%M")


def short_date(text: str | None, spans_years: bool = False) -> str:
    """An ISO moment without what goes without saying: ``12-01 09:00``, or ``2026-12-01``; ``-`` for none."""
    if text is None:
        return "-"
    return datetime.fromisoformat(text).strftime("%Y-%m-%d" if spans_years else "%m-%d %H:%M")


def last_minute(text: str) -> str:
    """An ISO moment by which something is to end; midnight ends the day before: ``2026-12-01 24:00``."""
    moment = datetime.fromisoformat(text)
    midnight = not (moment.hour or moment.minute or moment.second)
    return (moment - _DAY).strftime("%Y-%m-%d 24:00") if midnight else moment.strftime("%Y-%m-%d %H:%M")


def last_date(text: str, spans_years: bool = False) -> str:
    """As :func:`short_date`, but midnight ends the day before: ``12-01 24:00``."""
    return last_minute(text)[:10] if spans_years else last_minute(text)[5:]


def spans_years(dates: ScheduleDates) -> bool:
    """Whether a schedule is so long that its dates need a year, and no time."""
    return datetime.fromisoformat(dates.finish) - datetime.fromisoformat(dates.start) > timedelta(days=300)


def date_lines(dates: ScheduleDates) -> Iterator[str]:
    """From when to when, by which calendars."""
    yield f"from            {full_date(dates.start)} {dates.zone} ({_FROM.get(dates.stated, dates.stated)})"
    yield f"to              {full_date(dates.finish)}, within capacity"
    names: dict[str, list[int]] = {}
    for rank, name in dates.calendars.items():
        names.setdefault(name, []).append(rank)
    if names:
        shown = ", ".join(f"{name} (tier {', '.join(map(str, ranks))})" for name, ranks in names.items())
        yield f"calendars       {printable(shown)}"
    if dates.axis == "elapsed":
        yield "                they differ: makespans are real time, efforts and floats working time"


def promise_lines(report: ScheduleReport, paper: Paper) -> Iterator[str]:
    """What becomes of deadlines and due dates, those that are missed first, and what was not understood."""
    if report.dates is None:
        return
    gates = report.checkpoints
    promises = sorted(report.dates.promises, key=lambda one: -one.late_seconds)
    for promise in promises[:_SHOWN]:
        yield from _promise(promise, gates.get(promise.id, promise.id), report.dates, paper)
    kept = sum(one.late_seconds <= 0 for one in promises[_SHOWN:])
    if len(promises) > _SHOWN:
        yield f"  and {len(promises) - _SHOWN} more dates, {kept} of them kept"
    for note in report.dates.notes:
        yield printable(f"note: {note}")


def _promise(promise: Promise, name: str, dates: ScheduleDates, paper: Paper) -> Iterator[str]:
    other_year = promise.at[:4] != dates.start[:4]
    at = last_minute(promise.at) if other_year else last_date(promise.at, spans_years(dates))
    stated = f"{promise.kind:<8} {at}"
    finish = short_date(promise.finish, spans_years(dates))
    room = rough_time(abs(promise.late_seconds))
    if promise.late_seconds <= 0:
        spare = f"{room} to spare" if promise.late_seconds else "nothing to spare"
        yield f"{stated}  {printable(name)} finishes {finish}, {spare}"
        return
    yield f"{stated}  {printable(name)} MISSED by {room}: finishes {finish}"
    if not promise.missed_seconds:
        yield " " * 17 + "with more capacity it could be kept"
        return
    chain = (
        promise.chain
        if len(promise.chain) <= _SHOWN
        else (*promise.chain[: _SHOWN // 2], paper.glyphs.cut, *promise.chain[-6:])
    )
    begins = short_date(promise.chain_begins, spans_years(dates))
    yield printable(
        f"{'':17}whatever the capacity it is {rough_time(promise.missed_seconds)} late: "
        f"{f' {paper.glyphs.arrow} '.join(chain)} cannot begin before {begins}"
    )


def ticks(scale: Timescale, horizon: int, cells: int) -> list[tuple[int, str]]:
    """Dates over a chart so many cells wide, as (cell, text): round ones, as many as there is room for."""
    first, last = scale.starting(0), scale.finishing(horizon)
    for step in _STEPS:
        if (last - first) / step <= 2 * cells:
            found = list(_ticks(scale, first, last, step))
            shown = _apart([(place * cells // max(horizon, 1), text) for place, text in found if text], cells)
            if len(shown) * 3 >= len(found) * 2:
                return shown
    return [(0, _tick(first, _DAY))]


def _ticks(scale: Timescale, first: datetime, last: datetime, step: timedelta) -> Iterator[tuple[int, str]]:
    """The dates at such steps and their places on the axis.

    A day is where its work begins, or the next day's work; an hour in a pause has no text.
    """
    at = _round_down(first, step)
    days: dict[int, str] = {}
    while at <= last:
        place = max(scale.position(at), 0)
        begins = scale.starting(place)
        if step >= _DAY:
            days[place] = _tick(max(at, begins), step)
        elif at >= first:
            yield place, _tick(at, step) if begins == at else ""
        at += step
    yield from days.items()


def _apart(ticks: list[tuple[int, str]], cells: int) -> list[tuple[int, str]]:
    """Those that find room and leave a cell between each other."""
    shown: list[tuple[int, str]] = []
    for cell, text in ticks:
        if cell + len(text) <= cells and (not shown or cell > shown[-1][0] + len(shown[-1][1])):
            shown.append((cell, text))
    return shown


def _round_down(moment: datetime, step: timedelta) -> datetime:
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if step < _DAY:
        return midnight + (moment.replace(tzinfo=None) - midnight.replace(tzinfo=None)) // step * step
    return midnight - timedelta(days=midnight.weekday()) if step > 2 * _DAY else midnight


def _tick(moment: datetime, step: timedelta) -> str:
    return moment.strftime("%m-%d %H:%M" if step < _DAY else "%a %m-%d" if step < 28 * _DAY else "%Y-%m-%d")
