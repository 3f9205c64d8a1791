"""Charts as SVG, drawn by attributes alone: colours come from the style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from markupsafe import Markup, escape

from milepost.app.forecast_reports import TaskForecast
from milepost.schedule.forecast import Histogram
from milepost.web.pages.words import money, share, working

_WIDTH, _HEIGHT = 760, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 44, 16, 34


def distribution(histogram: Histogram, samples: int, sure: float, confidence: float) -> Markup:
    """A histogram of ends with the curve of their sum; the end of the chosen confidence is marked."""
    counts, low, width = histogram.counts, histogram.low, histogram.width
    bar = (_WIDTH - _LEFT - _RIGHT) / max(len(counts), 1)
    most, bottom = max(counts, default=1) or 1, _HEIGHT - _BOTTOM
    tall = bottom - _TOP

    def at(seconds: float) -> float:
        return _LEFT + (seconds - low) / width * bar

    parts = [_grid(bottom, tall)]
    for place, count in enumerate(counts):
        height = count / most * tall
        begin, end = low + place * width, low + (place + 1) * width
        tip = f"{working(begin)} to {working(end)}: {share(count / samples)}"
        kind = "c-bar c-late" if begin >= sure else "c-bar"
        corner = f'x="{_LEFT + place * bar + 1:.1f}" y="{bottom - height:.1f}"'
        size = f'width="{max(bar - 2, 1):.1f}" height="{height:.1f}"'
        parts.append(f'<rect class="{kind}" {corner} {size}><title>{tip}</title></rect>')
    sums = [0, *accumulate(counts)]
    points = " ".join(
        f"{_LEFT + place * bar:.1f},{bottom - one / samples * tall:.1f}" for place, one in enumerate(sums)
    )
    parts.append(f'<polyline class="c-curve" points="{points}"/>')
    step = max(len(counts) // 6, 1)
    for place in range(0, len(counts) + 1, step):
        parts.append(_label(_LEFT + place * bar, bottom + 20, working(low + place * width)))
    x = at(sure)
    anchor, gap = ("end", -6) if x > _WIDTH - 120 else ("start", 6)
    parts.append(f'<path class="c-sure" d="M{x:.1f} {_TOP}V{bottom}"/>')
    parts.append(_label(x + gap, _TOP + 12, f"P{confidence:g} {working(sure)}", anchor, "c-sure"))
    words = f"Distribution of the remaining time: {share(confidence / 100)} of the samples end within {working(sure)}"
    return _picture(parts, words)


def tornado(tasks: Sequence[TaskForecast]) -> Markup:
    """What decides the end: a bar for each task, as long as its weight."""
    shown = [one for one in tasks if one.sensitivity > 0.005][:10]
    if not shown:
        return Markup("")
    line, left = 30, 250
    most = max(one.sensitivity for one in shown)
    parts = []
    for place, one in enumerate(shown):
        y = place * line + 6
        width = one.sensitivity / most * (_WIDTH - left - 90)
        name = f"{one.id} {one.title}"
        label = escape(name if len(name) <= 36 else f"{name[:35]}…")
        spread = f"{working(one.mean_seconds)} ± {working(one.deviation_seconds)}"
        tip = escape(f"{name}: critical in {share(one.criticality)} of the samples, {spread}")
        parts.append(
            f'<g><title>{tip}</title><text x="0" y="{y + 14}">{label}</text>'
            f'<rect class="c-bar" x="{left}" y="{y}" width="{max(width, 2):.1f}" height="18" rx="3"/>'
            f'<text class="c-axis" x="{left + width + 8:.1f}" y="{y + 14}">{one.sensitivity:.2f}</text></g>'
        )
    words = "What decides the end, by weight: " + ", ".join(f"{one.id} {one.sensitivity:.2f}" for one in shown)
    return _picture(parts, words, len(shown) * line + 8)


def front(points: Sequence[tuple[int, float]], chosen: tuple[int, float]) -> Markup:
    """Cost over time of every choice worth making: (makespan in working seconds, cost), the cheapest chosen marked."""
    ordered = sorted(points)
    bottom, tall = _HEIGHT - _BOTTOM, _HEIGHT - _BOTTOM - _TOP
    low, high = ordered[0][0], max(ordered[-1][0], ordered[0][0] + 1)
    most = max(cost for _, cost in ordered) * 1.1 or 1.0
    room = _WIDTH - _LEFT - _RIGHT - 60

    def place(point: tuple[int, float]) -> tuple[float, float]:
        return _LEFT + 30 + (point[0] - low) / (high - low) * room, bottom - point[1] / most * tall

    parts = []
    for part in range(5):
        y = bottom - part / 4 * tall
        parts.append(f'<path class="c-grid" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>')
        parts.append(_label(_LEFT - 6, y + 4, f"{most * part / 4:,.4g}", "end"))
    steps = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, ordered))
    parts.append(f'<polyline class="c-curve" points="{steps}"/>')
    for point in ordered:
        x, y = place(point)
        tip = f"{working(point[0])}, cost {money(point[1])}"
        title = f"<title>{tip}</title>"
        diamond = f'<path class="c-point c-chosen" d="M{x:.1f} {y - 7:.1f}l7 7-7 7-7-7z">{title}</path>'
        circle = f'<circle class="c-point" cx="{x:.1f}" cy="{y:.1f}" r="5">{title}</circle>'
        parts.append(diamond if point == chosen else circle)
    for seconds in dict.fromkeys((low, (low + ordered[-1][0]) // 2, ordered[-1][0])):
        parts.append(_label(place((seconds, 0))[0], bottom + 20, working(seconds)))
    words = f"Cost against time: {len(ordered)} choices from {working(low)} to {working(ordered[-1][0])}"
    return _picture(parts, words)


def _label(x: float, y: float, text: str, anchor: str = "middle", kind: str = "c-axis") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _grid(bottom: float, tall: float) -> str:
    lines = []
    for part in range(5):
        y = bottom - part / 4 * tall
        lines.append(f'<path class="c-grid" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>')
        lines.append(f'<text class="c-axis" x="{_WIDTH - _RIGHT + 6}" y="{y + 4:.1f}">{part * 25}%</text>')
    return "".join(lines)


def _picture(parts: list[str], words: str, height: int = _HEIGHT) -> Markup:
    head = f'<svg class="chart" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(words)}">'
    return Markup(f"{head}{''.join(parts)}</svg>")
