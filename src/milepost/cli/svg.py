"""Pictures as SVG: a small writer, and the pictures of a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape
from math import ceil, floor, log10
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
    ".paper{fill:#fff}"
    "text{font:12px system-ui,sans-serif;fill:#222}.h{font-weight:600;font-size:14px}.s{fill:#666;font-size:11px}"
    ".grid{stroke:#ddd}.bar{fill:#5b8fb9}.critical{fill:#c8553d}.mark{stroke:#c8553d;stroke-width:2}"
    ".gate{fill:#b58900}.planned{stroke:#5b8fb9}.earned{stroke:#4a7c59}.actual{stroke:#c8553d}"
    ".curve{fill:none;stroke-width:2}"
    "@media(prefers-color-scheme:dark){.paper{fill:#15171b}text{fill:#e4e6ea}.s{fill:#9aa0a8}.grid{stroke:#33373e}"
    ".bar{fill:#6d9fc9}.critical{fill:#e0735a}.mark{stroke:#e0735a}.gate{fill:#d8a62a}"
    ".planned{stroke:#6d9fc9}.earned{stroke:#6fae84}.actual{stroke:#e0735a}}"
)
_WIDTH = 800
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 20, 50, 40
_CHARACTER = 7
"""How wide a character is at most."""
_SMALL = 6.2
"""How wide a character of small text is."""


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

    def label(self, x: float, y: float, text: str, width: float) -> None:
        """A line of text that is cut off at a width; all of it appears under the pointer."""
        self._parts.append(
            f'<svg x="{x:.1f}" y="{y - 13:.1f}" width="{width:.1f}" height="18">'
            f'<text x="0" y="13">{_tip(text)}{_safe(text)}</text></svg>'
        )

    def legend(self, x: float, y: float, entries: Sequence[tuple[str, str, str]]) -> None:
        """What signs mean: (shape, kind, words), from right to left."""
        for shape, kind, words in entries:
            x -= len(words) * 6 + 28
            if shape == "diamond":
                self.diamond(x + 6, y - 4, 5, f"{kind} key")
            else:
                self.rectangle(x, y - 9, 12, 10, f"{kind} key")
            self.text(x + 17, y, words, "s")

    def render(self) -> str:
        """The whole document."""
        width, height = self._size
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        )
        frame = f'<title>{self._title}</title><style>{_STYLE}</style><rect class="paper" width="100%" height="100%"/>'
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
    scale = (bottom - _TOP - 34) / max(bins.counts)
    for place, count in enumerate(bins.counts):
        begin = bins.low + place * bins.width
        tip = f"{rough_time(begin)} to {rough_time(begin + bins.width)}: {count} samples"
        left, right = axis(begin), axis(begin + bins.width)
        picture.rectangle(left + 0.5, bottom - count * scale, right - left - 1, count * scale, "bar", tip)
    ends = [float("-inf"), float("-inf")]  # where the texts of either line end
    for one in report.percentiles:
        when = one.date[5:16].replace("T", " ") if one.date else rough_time(one.seconds)
        text, at = f"P{one.percent:g} {when}", axis(one.seconds)
        half = len(text) * _SMALL / 2
        line = 0 if at - half > ends[0] or ends[0] <= ends[1] else 1
        ends[line] = at + half
        picture.line(at, _TOP + 14 + 13 * line, at, bottom, "mark")
        picture.text(min(max(at, half), _WIDTH - half), _TOP + 10 + 13 * line, text, "s", "middle")
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
    signs = [("bar", "critical", "critical"), ("bar", "bar", "has float")]
    if any(row.checkpoint or not row.duration_seconds for row in rows):
        signs.insert(0, ("diamond", "gate", "checkpoint, milestone"))
    picture.legend(_WIDTH - _RIGHT, 20, signs)
    if report.dates:
        _draw_dates(picture, report.dates.scale, axis, max(report.leveled.makespan_seconds, 1), _TOP - 6, bottom)
    else:
        axis.draw(picture, _TOP - 6, bottom)
    for place, row in enumerate(rows):
        middle = _TOP + line * place + line / 2
        picture.label(10, middle + 4, row.title if row.checkpoint else f"{row.id} {row.title}", left - 20)
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
        if right <= left:
            picture.diamond(left, middle, 6, "critical" if row.critical else "gate", tip)
            return
        picture.rectangle(left, middle - 6, right - left, 12, "critical" if row.critical else "bar", tip)


def draw_s_curve(title: str, points: Sequence[CurvePoint], unit: str) -> str:
    """Planned value over time, earned value and actual cost as far as they are known."""
    height = 360
    picture = Picture(_WIDTH, height, f"Earned value of {title or 'the plan'}")
    axis, bottom = _Axis(points[0].seconds, points[-1].seconds), height - _BOTTOM
    most = _rounded(max(max(one.planned, one.earned or 0, one.actual or 0) for one in points) or 1)
    picture.text(_LEFT, 20, title or "Earned value", "h")
    axis.draw(picture, _TOP, bottom)

    def level(value: float) -> float:
        return bottom - value / most * (bottom - _TOP)

    _draw_values(picture, most, level)
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


def _rounded(most: float) -> float:
    """The least round value on an axis that is not below the greatest one."""
    step = nice_value(most / 5)
    return ceil(most / step - 1e-9) * step


def _draw_values(picture: Picture, most: float, level: Callable[[float], float]) -> None:
    """Lines at round values from nothing upwards."""
    step = nice_value(most / 5)
    for place in range(round(most / step) + 1):
        value = place * step
        picture.text(_LEFT - 6, level(value) + 4, f"{value:,.6g}", "s", "end")
        picture.line(_LEFT, level(value), _WIDTH - _RIGHT, level(value), "grid")


def nice_value(least: float) -> float:
    """The least of 1, 2 or 5 times a power of ten, fractions too, that is not below a positive number."""
    power = 10.0 ** floor(log10(least))
    return float(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least * (1 - 1e-9)))


def draw_front(title: str, points: Sequence[tuple[int, float]], chosen: tuple[int, float]) -> str:
    """Cost over time of every choice worth making: (makespan in working seconds, cost), the chosen one marked."""
    height = 360
    picture = Picture(_WIDTH, height, f"Time against cost of {title or 'the plan'}")
    bottom = height - _BOTTOM
    axis = _Axis(min(seconds for seconds, _ in points) * 0.95, max(seconds for seconds, _ in points) * 1.05)
    most = _rounded(max(cost for _, cost in points) or 1)
    picture.text(_LEFT, 20, title or "Time against cost", "h")
    axis.draw(picture, _TOP, bottom)

    def level(cost: float) -> float:
        return bottom - cost / most * (bottom - _TOP)

    _draw_values(picture, most, level)
    picture.curve([(axis(seconds), level(cost)) for seconds, cost in sorted(points)], "planned")
    for seconds, cost in points:
        kind = "critical" if (seconds, cost) == chosen else "bar"
        picture.diamond(axis(seconds), level(cost), 6, kind, f"{rough_time(seconds)}, cost {cost:,.2f}")
    picture.text(_WIDTH - _RIGHT, 40, "cost over makespan", "s", "end")
    return picture.render()
