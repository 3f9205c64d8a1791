"""A schedule drawn with characters: bars by phase under a scale, and the small text tools it needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import click

from milepost.app.schedules import ScheduleReport, ScheduleRow
from milepost.cli.text import printable
from milepost.plan.grammar.columns import display_width

_MINUTE, _HOUR = 60, 3600
_STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(unit * _MINUTE for unit in (1, 2, 5, 10, 15, 30)),
    *(unit * _HOUR for unit in (1, 2, 4, 8, 16, 40, 80, 160, 400, 800)),
)


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters a picture is made of."""

    critical: str
    other: str
    checkpoint: str
    line: str
    tick: str
    arrow: str
    cut: str


UNICODE = Glyphs("█", "▒", "◆", "─", "┬", "→", "…")
ASCII = Glyphs("#", "=", "o", "-", "+", "->", "~")


@dataclass(frozen=True, slots=True)
class Paper:
    """What is drawn on: its width in cells, its glyphs, and whether it takes colour."""

    width: int
    glyphs: Glyphs = UNICODE
    colour: bool = False

    def paint(self, text: str, **style: str | bool) -> str:
        """Give a text its colour, if there are colours."""
        return click.style(text, **style) if self.colour and text else text  # type: ignore[arg-type]

    def fit(self, text: str, width: int) -> str:
        """Make a text exactly ``width`` cells wide, cutting or filling its right end; one line, safe to print."""
        text = printable(" ".join(text[: 8 * width].split()))
        if display_width(text) > width:
            while text and display_width(text) > width - 1:
                text = text[:-1]
            text = (text + self.glyphs.cut)[:width]
        return text + " " * (width - display_width(text))


def compact_time(seconds: int) -> str:
    """Working time as short as it can be read: ``0h``, ``1h 30m``, ``12s``, ``-2h``."""
    if not seconds:
        return "0h"
    hours, rest = divmod(abs(seconds), _HOUR)
    parts = ((hours, "h"), (rest // _MINUTE, "m"), (rest % _MINUTE, "s"))
    return ("-" if seconds < 0 else "") + " ".join(f"{count}{unit}" for count, unit in parts if count)


def draw_gantt(report: ScheduleReport, paper: Paper, *, early: bool = False) -> Iterator[str]:
    """Draw the schedule within capacity, or the early dates, line by line."""
    chart = _Chart(report, paper, early)
    yield from chart.scale()
    phase = ""
    for row in report.rows:
        if row.phase != phase:
            phase = row.phase
            yield from chart.heading(phase)
        yield chart.bar(row)
    yield chart.legend()


class _Chart:
    def __init__(self, report: ScheduleReport, paper: Paper, early: bool) -> None:
        self._paper = paper
        self._early = early
        self._phases = report.phases
        self._scale = report.dates.scale if report.dates else None
        self._label = min(max(map(_label_width, report.rows), default=0), max(paper.width * 2 // 5, 8))
        self._cells = max(paper.width - self._label - 1, 10)
        self._horizon = max((self._dates(row)[1] for row in report.rows), default=0) or 1

    def _dates(self, row: ScheduleRow) -> tuple[int, int]:
        if self._early:
            return row.early_start_seconds, row.early_finish_seconds
        return row.start_seconds, row.finish_seconds

    def scale(self) -> Iterator[str]:
        """The times or dates over the chart and, under each, a tick at its cell."""
        times = ticks = ""
        for cell, text in self._dates_over() if self._scale else self._times_over():
            if cell + len(text) <= self._cells:
                times += " " * (cell - len(times)) + text
                ticks += self._paper.glyphs.line * (cell - len(ticks)) + self._paper.glyphs.tick
        margin = " " * (self._label + 1)
        yield margin + times
        yield margin + ticks + self._paper.glyphs.line * (self._cells - len(ticks))

    def _dates_over(self) -> list[tuple[int, str]]:
        from milepost.cli.schedule_dates import ticks

        return ticks(self._scale, self._horizon, self._cells) if self._scale else []

    def _times_over(self) -> Iterator[tuple[int, str]]:
        step = next((step for step in _STEPS if self._has_room(step)), _STEPS[-1])
        while not self._has_room(step):
            step *= 2
        for moment in range(0, self._horizon + 1, step):
            yield self._cell(moment), compact_time(moment)

    def _has_room(self, step: int) -> bool:
        room = step * self._cells // self._horizon - 2
        return room >= 2 and room >= max(len(compact_time(at)) for at in range(0, self._horizon + 1, step))

    def heading(self, phase: str) -> Iterator[str]:
        """The line that opens a phase."""
        if phase:
            title = self._phases.get(phase, "") or f"Phase {phase}"
            named = title if title.lower().startswith("phase") else f"Phase {phase}: {title}"
            yield self._paper.paint(self._paper.fit(named, self._paper.width).rstrip(), bold=True)

    def bar(self, row: ScheduleRow) -> str:
        """One task's bar, or one checkpoint's mark, behind its label."""
        start, finish = self._dates(row)
        glyphs = self._paper.glyphs
        first = min(self._cell(start), self._cells - 1)
        if row.checkpoint:
            drawn, colour = glyphs.checkpoint, "yellow"
        else:
            length = max(self._cell(finish) - first, 1)
            drawn, colour = (glyphs.critical if row.critical else glyphs.other) * length, "cyan"
        colour = "red" if row.critical and not row.checkpoint else colour
        label = self._paper.fit(_label(row), self._label)
        return f"{label} {' ' * first}{self._paper.paint(drawn, fg=colour)}"

    def _cell(self, moment: int) -> int:
        return moment * self._cells // self._horizon

    def legend(self) -> str:
        """What the marks mean."""
        glyphs, paint = self._paper.glyphs, self._paper.paint
        critical, other = paint(glyphs.critical, fg="red"), paint(glyphs.other, fg="cyan")
        return f"{critical} critical  {other} has float  {paint(glyphs.checkpoint, fg='yellow')} checkpoint"


def _label(row: ScheduleRow) -> str:
    return row.title if row.checkpoint else f"{row.id} {row.title}"


def _label_width(row: ScheduleRow) -> int:
    return display_width(printable(_label(row)))
