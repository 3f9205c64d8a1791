"""Pictures as SVG: a small writer, and the pictures of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from milepost.cli.figures import rough_time
from milepost.cli.text import printable
from milepost.schedule.forecast import nice_step

if TYPE_CHECKING:
    from milepost.app.forecast_reports import ForecastReport
    from milepost.app.instances import InstanceReport
    from milepost.app.schedules import ScheduleReport, ScheduleRow
    from milepost.schedule.earned_value import CurvePoint
    from milepost.schedule.timescale import Timescale

_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#222}.h{font-weight:600;font-size:14px}.s{fill:#666;font-size:11px}"
    ".grid{stroke:#ddd}.axis{stroke:#888}.bar{fill:#5b8fb9}.critical{fill:#c8553d}.mark{stroke:#c8553d;stroke-width:2}"
    ".gate{fill:#b58900}.planned{stroke:#5b8fb9}.earned{stroke:#4a7c59}.actual{stroke:#c8553d}"
    ".curve{fill:none;stroke-width:2}"
)
_WIDTH = 800
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 20, 50, 40
_CHARACTER = 7
"""How wide a character is at most."""


class Picture:
    """An SVG document in the making. Lengths in pixels, y downwards."""

    def __init__(self, width: int, height: int, title: str) -> None:
        """Begin a picture; its title is what a screen reader says."""
        self._size = (width, height)
        self._title = _safe(title)
        self._parts: list[str] = []

    def rectangle(self, x: float, y: float, width: float, height: float, kind: str, tip: str = "") -> None:
        """A filled rectangle; its tip appears under the pointer."""
        self._add("rect", kind, tip, x=x, y=y, width=max(width, 0.5), height=height)

    def line(self, x: float, y: float, to_x: float, to_y: float, kind: str) -> None:
        """A straight line."""
        self._add("line", kind, x1=x, y1=y, x2=to_x, y2=to_y)

    def curve(self, points: Sequence[tuple[float, float]], kind: str) -> None:
        """A line through points."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._parts.append(f'<polyline class="curve {kind}" points="{path}"/>')

    def diamond(self, x: float, y: float, size: float, kind: str, tip: str = "") -> None:
        """A square on its corner, around a point."""
        corners = ((x, y - size), (x + size, y), (x, y + size), (x - size, y))
        path = " ".join(f"{one:.1f},{other:.1f}" for one, other in corners)
        self._parts.append(f'<polygon class="{kind}" points="{path}">{_tip(tip)}</polygon>')

    def text(self, x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> None:
        """A line of text; ``anchor`` is start, middle or end."""
        self._parts.append(f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{_safe(text)}</text>')

    def render(self) -> str:
        """The whole document."""
        width, height = self._size
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        )
        frame = f'<title>{self._title}</title><style>{_STYLE}</style><rect width="100%" height="100%" fill="#fff"/>'
        return "\n".join([f'{head} role="img">', frame, *self._parts, "</svg>\n"])

    def _add(self, name: str, kind: str, tip: str = "", **places: float) -> None:
        written = " ".join(f'{key}="{value:.1f}"' for key, value in places.items())
        self._parts.append(f'<{name} class="{kind}" {written}>{_tip(tip)}</{name}>')


def _safe(text: str) -> str:
    return escape(printable(text))


def _tip(text: str) -> str:
    return f"<title>{_safe(text)}</title>" if text else ""


def write(path: str, picture: str) -> None:
    """Write a picture.

    Raises:
        DocumentUnwritable: the file cannot be written.
    """
    from milepost.errors import DocumentUnwritable

    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(picture)
    except OSError as error:
        raise DocumentUnwritable(f"it cannot be written: {error.strerror}", place=path) from None


class _Axis:
    """Working time from left to right."""

    def __init__(self, low: float, high: float, left: float = _LEFT) -> None:
        self._low, self._high, self._left = low, max(high, low + 1), left

    def __call__(self, seconds: float) -> float:
        room = _WIDTH - self._left - _RIGHT
        return self._left + (seconds - self._low) / (self._high - self._low) * room

    def ticks(self) -> Iterator[int]:
        step = nice_step((self._high - self._low) / 8)
        first = -(-int(self._low) // step) * step
        yield from range(first, int(self._high) + 1, step)

    def draw(self, picture: Picture, top: float, bottom: float) -> None:
        for moment in self.ticks():
            picture.line(self(moment), top, self(moment), bottom, "grid")
            picture.text(self(moment), bottom + 16, rough_time(moment), "s", "middle")


def draw_histogram(report: ForecastReport) -> str:
    """When the samples of a forecast end, with its percentiles."""
    bins, height = report.histogram, 360
    end = bins.low + len(bins.counts) * bins.width
    picture = Picture(_WIDTH, height, f"Forecast of {report.title or 'the plan'}")
    axis, bottom = _Axis(bins.low, end), height - _BOTTOM
    picture.text(_LEFT, 20, report.title or "Forecast", "h")
    picture.text(_LEFT, 36, f"{report.samples:,} samples", "s")
    axis.draw(picture, _TOP, bottom)
    scale = (bottom - _TOP - 20) / max(bins.counts)
    for place, count in enumerate(bins.counts):
        begin = bins.low + place * bins.width
        tip = f"{rough_time(begin)} to {rough_time(begin + bins.width)}: {count} samples"
        left, right = axis(begin), axis(begin + bins.width)
        picture.rectangle(left + 0.5, bottom - count * scale, right - left - 1, count * scale, "bar", tip)
    for one in report.percentiles:
        picture.line(axis(one.seconds), _TOP + 14, axis(one.seconds), bottom, "mark")
        when = one.date[5:16].replace("T", " ") if one.date else rough_time(one.seconds)
        picture.text(axis(one.seconds), _TOP + 10, f"P{one.percent:g} {when}", "s", "middle")
    return picture.render()


def draw_gantt(report: ScheduleReport) -> str:
    """The schedule within capacity, a bar for each task."""
    rows, line, left = report.rows, 18, 260
    height = _TOP + line * len(rows) + _BOTTOM
    picture = Picture(_WIDTH, height, f"Schedule of {report.title or 'the plan'}")
    axis, bottom = _Axis(0, report.leveled.makespan_seconds, left), height - _BOTTOM
    picture.text(10, 20, report.title or "Schedule", "h")
    until = f", until {report.dates.finish[:16].replace('T', ' ')}" if report.dates else ""
    picture.text(10, 36, f"within capacity {rough_time(report.leveled.makespan_seconds)}{until}", "s")
    if report.dates:
        _draw_dates(picture, report.dates.scale, axis, max(report.leveled.makespan_seconds, 1), _TOP - 6, bottom)
    else:
        axis.draw(picture, _TOP - 6, bottom)
    for place, row in enumerate(rows):
        middle = _TOP + line * place + line / 2
        label = row.title if row.checkpoint else f"{row.id} {row.title}"
        picture.text(10, middle + 4, label if len(label) <= 38 else label[:37] + "…")
        _draw_row(picture, row, axis, middle)
    return picture.render()


def draw_instance(report: InstanceReport) -> str:
    """The schedule of a library's instance, a bar for each activity in the order of their starts."""
    rows = sorted(report.rows, key=lambda row: (row.start, row.finish))
    line, left, most = 18, 120, max(report.makespan or 0, 1)
    height = _TOP + line * len(rows) + _BOTTOM
    picture = Picture(_WIDTH, height, f"Schedule of {report.name}")
    axis, bottom = _Axis(0, most, left), height - _BOTTOM
    picture.text(10, 20, report.name, "h")
    told = "no schedule" if report.makespan is None else f"makespan {report.makespan}"
    picture.text(10, 36, f"{told}, lower bound {report.lower_bound}", "s")
    step = max(nice_number(most / 8), 1)
    for moment in range(0, most + 1, step):
        picture.line(axis(moment), _TOP - 6, axis(moment), bottom, "grid")
        picture.text(axis(moment), bottom + 16, str(moment), "s", "middle")
    for place, row in enumerate(rows):
        middle = _TOP + line * place + line / 2
        needs = "".join(f", {name} {need}" for name, need in row.needs.items())
        tip = f"{row.id}: {row.start} to {row.finish}, mode {row.mode}{needs}"
        picture.text(10, middle + 4, row.id)
        if row.finish > row.start:
            picture.rectangle(axis(row.start), middle - 6, axis(row.finish) - axis(row.start), 12, "bar", tip)
        else:
            picture.diamond(axis(row.start), middle, 6, "gate", tip)
    return picture.render()


def nice_number(least: float) -> int:
    """The least of 1, 2, 5, 10, 20, 50 … that is not below a number."""
    power = 1
    while power * 10 < least:
        power *= 10
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least)


def _draw_dates(picture: Picture, scale: Timescale, axis: _Axis, horizon: int, top: float, bottom: float) -> None:
    """Lines at round dates."""
    from milepost.cli.schedule_dates import ticks

    cells = int((axis(horizon) - axis(0)) / _CHARACTER)
    for cell, text in ticks(scale, horizon, cells):
        at = axis(cell * horizon / cells)
        picture.line(at, top, at, bottom, "grid")
        picture.text(at, bottom + 16, text, "s")


def _draw_row(picture: Picture, row: ScheduleRow, axis: _Axis, middle: float) -> None:
    start, finish = rough_time(row.start_seconds), rough_time(row.finish_seconds)
    if row.dates:
        start, finish = (text[:16].replace("T", " ") for text in (row.dates.start, row.dates.finish))
    times = f"{start} to {finish}"
    if row.checkpoint:
        picture.diamond(axis(row.start_seconds), middle, 6, "gate", f"{row.title}: {start}")
    else:
        left, right = axis(row.start_seconds), axis(row.finish_seconds)
        tier = f", tier {row.tier}" if row.tier is not None else ""
        tip = f"{row.id} {row.title}: {times}{tier}"
        picture.rectangle(left, middle - 6, right - left, 12, "critical" if row.critical else "bar", tip)


def draw_s_curve(title: str, points: Sequence[CurvePoint], unit: str) -> str:
    """Planned value over time, earned value and actual cost as far as they are known."""
    height = 360
    picture = Picture(_WIDTH, height, f"Earned value of {title or 'the plan'}")
    axis, bottom = _Axis(points[0].seconds, points[-1].seconds), height - _BOTTOM
    most = max(max(one.planned, one.earned or 0, one.actual or 0) for one in points) or 1
    picture.text(_LEFT, 20, title or "Earned value", "h")
    axis.draw(picture, _TOP, bottom)

    def level(value: float) -> float:
        return bottom - value / most * (bottom - _TOP)

    for part in range(5):
        picture.text(_LEFT - 6, level(most * part / 4) + 4, f"{most * part / 4:,.4g}", "s", "end")
        picture.line(_LEFT, level(most * part / 4), _WIDTH - _RIGHT, level(most * part / 4), "grid")
    curves = (
        ("planned", [(axis(one.seconds), level(one.planned)) for one in points]),
        ("earned", [(axis(one.seconds), level(one.earned)) for one in points if one.earned is not None]),
        ("actual", [(axis(one.seconds), level(one.actual)) for one in points if one.actual is not None]),
    )
    for place, (name, curve) in enumerate(curves):
        if curve:
            picture.curve(curve, name)
            picture.line(_LEFT + 90 * place, 36, _LEFT + 90 * place + 16, 36, f"curve {name}")
            picture.text(_LEFT + 90 * place + 20, 40, name, "s")
    picture.text(_WIDTH - _RIGHT, 40, f"value in {unit}", "s", "end")
    return picture.render()


def draw_front(title: str, points: Sequence[tuple[int, float]], chosen: tuple[int, float]) -> str:
    """Cost over time of every choice worth making: (makespan in working seconds, cost), the chosen one marked."""
    height = 360
    picture = Picture(_WIDTH, height, f"Time against cost of {title or 'the plan'}")
    bottom = height - _BOTTOM
    axis = _Axis(min(seconds for seconds, _ in points) * 0.95, max(seconds for seconds, _ in points) * 1.05)
    most = max(cost for _, cost in points) or 1
    picture.text(_LEFT, 20, title or "Time against cost", "h")
    axis.draw(picture, _TOP, bottom)

    def level(cost: float) -> float:
        return bottom - cost / most * (bottom - _TOP)

    for part in range(5):
        picture.text(_LEFT - 6, level(most * part / 4) + 4, f"{most * part / 4:,.4g}", "s", "end")
        picture.line(_LEFT, level(most * part / 4), _WIDTH - _RIGHT, level(most * part / 4), "grid")
    picture.curve([(axis(seconds), level(cost)) for seconds, cost in sorted(points)], "planned")
    for seconds, cost in points:
        kind = "critical" if (seconds, cost) == chosen else "bar"
        picture.diamond(axis(seconds), level(cost), 6, kind, f"{rough_time(seconds)}, cost {cost:,.2f}")
    picture.text(_WIDTH - _RIGHT, 40, "cost over makespan", "s", "end")
    return picture.render()
