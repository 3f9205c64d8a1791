"""The Gantt chart's rows, column by column: what is planned, what was, what may be."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from milepost.app.schedules import ScheduleReport, ScheduleRow
from milepost.bootstrap.outlooks import current_forecast, current_schedule
from milepost.errors import MilepostError
from milepost.execution.state import RunState
from milepost.web.answers import encode, matches
from milepost.web.pages import words
from milepost.web.pages.site import VARY, takes_gzip
from milepost.web.plan_view import PlanView

FORECAST_TO = 2_000
"""Tasks up to which the chart shows what may be: simulating more takes longer than anybody waits for a page."""


def gather(view: PlanView) -> Mapping[str, Any]:
    """What the page shows before its rows are there."""
    return {"tasks": len(view.project.plan.leaves), "gates": len(view.project.plan.checkpoints)}


def answer_rows(request: Request, view: PlanView) -> Response:
    """The chart's data as JSON, encoded and compressed once for all who look at the same state."""
    etag = view.etag("gantt")
    headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": VARY}
    if matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    body = view.computed("gantt", lambda: encode(rows(view)))
    if takes_gzip(request):
        body = view.computed("gantt packed", lambda: gzip.compress(body, 5, mtime=0))
        headers["Content-Encoding"] = "gzip"
    return Response(body, headers=headers, media_type="application/json")


def rows(view: PlanView) -> dict[str, Any]:
    """The chart's data; times in seconds from its start, of working time or of the calendar.

    Raises:
        PlanInvalid: the plan cannot be scheduled.
    """
    report = view.computed("schedule", lambda: current_schedule(view.project))
    state = view.state if view.moment.run else None
    now = view.project.now()
    axis = _Axis(report, state, now)
    order = {row.id: place for place, row in enumerate(report.rows)}
    phases = {name: place for place, name in enumerate(report.phases)}
    spread, half, sure = _spread(view, report, axis, order)
    found: dict[str, Any] = {
        "phases": list(report.phases.items()),
        "id": [row.id for row in report.rows],
        "title": [row.title for row in report.rows],
        "phase": [phases.get(row.phase, -1) for row in report.rows],
        "gate": [int(row.checkpoint) for row in report.rows],
        "state": [_standing(row, state, now) for row in report.rows],
        "tier": [row.tier for row in report.rows],
        "start": [axis.of(row, "start") for row in report.rows],
        "finish": [axis.of(row, "finish") for row in report.rows],
        "late": [axis.of(row, "late_finish") for row in report.rows],
        "float": [row.total_float_seconds for row in report.rows],
        "critical": [int(row.critical) for row in report.rows],
        "drivers": [[order[name] for name in row.drivers if name in order] for row in report.rows],
        "baseline": _baseline(view, axis, order),
        "actual": _actual(state, axis, order),
        "spread": spread,
    }
    ends = [*found["finish"], axis.now or 0]
    found["axis"] = {
        "kind": "working" if axis.start is None else "calendar",
        "start": axis.start,
        "end": max(ends, default=0),
        "now": axis.now,
        "p50": half,
        "p80": sure,
    }
    return found


class _Axis:
    """Where things lie on the chart: by the calendar where the plan has dates, else by working time."""

    def __init__(self, report: ScheduleReport, state: RunState | None, now: float) -> None:
        dates = report.dates
        self._report = report
        self._began = state.started_at if state else None
        self.start = datetime.fromisoformat(dates.start).timestamp() if dates else None
        replanned = report.replanned
        if self.start is not None:
            self.now: float | None = self.moment(now)
        else:
            self.now = float(replanned.now_seconds) if replanned and replanned.timed else None

    def of(self, row: ScheduleRow, name: str) -> float:
        """A time of a row, such as its ``late_finish``."""
        seconds: int = getattr(row, f"{name}_seconds")
        if self.start is None or row.dates is None:
            return seconds
        text = getattr(row.dates, name)
        return self.moment(datetime.fromisoformat(text).timestamp()) if text else 0.0

    def working(self, seconds: int) -> float:
        """So many seconds after the start of the schedule."""
        if self.start is None or self._report.dates is None:
            return seconds
        return self.moment(self._report.dates.scale.finishing(seconds).timestamp())

    def moment(self, at: float) -> float:
        """A moment in seconds since 1970."""
        begin = self.start if self.start is not None else self._began if self._began is not None else at
        return round(at - begin, 1)


def _standing(row: ScheduleRow, state: RunState | None, now: float) -> str:
    if row.checkpoint:
        gate = state.checkpoints.get(row.id) if state else None
        return "passed" if gate and gate.passed else "open"
    record = state.tasks.get(row.id) if state else None
    if record is None:
        return "done" if row.done else "pending"
    return words.standing(record, now)


def _actual(state: RunState | None, axis: _Axis, order: Mapping[str, int]) -> dict[int, list[tuple[Any, ...]]]:
    if state is None or state.started_at is None:
        return {}
    return {
        order[name]: [
            (axis.moment(one.started_at), axis.moment(one.ended_at) if one.ended_at else None, one.outcome)
            for one in record.attempts
        ]
        for name, record in state.tasks.items()
        if record.attempts and name in order
    }


def _baseline(view: PlanView, axis: _Axis, order: Mapping[str, int]) -> dict[int, tuple[float, float]]:
    from milepost.app.baselines import find_baseline

    try:
        kept = find_baseline(view.project.settings.root, view.project.path)
    except MilepostError:
        return {}
    tasks = kept.tasks if kept else ()
    return {
        order[task.id]: (axis.working(task.start_seconds), axis.working(task.finish_seconds))
        for task in tasks
        if task.id in order
    }


def _spread(
    view: PlanView, report: ScheduleReport, axis: _Axis, order: Mapping[str, int]
) -> tuple[dict[int, tuple[float, float]], float | None, float | None]:
    """Where checkpoints and the end lie with even odds, and in 80 of 100 cases."""
    if len(report.rows) > FORECAST_TO or all(row.done for row in report.rows if not row.checkpoint):
        return {}, None, None
    found = view.computed("forecast", lambda: current_forecast(view.project), 80)
    here = _from_now(report, axis)
    percents = {one.percent: here(one.seconds, one.date) for one in found.percentiles}
    gates = {
        order[one.id]: (here(one.p50_seconds, one.p50_date), here(one.confident_seconds, one.confident_date))
        for one in found.milestones
        if one.id in order
    }
    return gates, percents.get(50), percents.get(80)


def _from_now(report: ScheduleReport, axis: _Axis) -> Callable[[float, str | None], float]:
    now = report.replanned.now_seconds if report.replanned and report.replanned.timed else 0

    def place(seconds: float, date: str | None) -> float:
        if axis.start is not None and date:
            return axis.moment(datetime.fromisoformat(date).timestamp())
        return now + seconds

    return place
