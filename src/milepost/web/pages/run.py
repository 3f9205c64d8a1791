"""A run as it goes on: attempts on a line of time, what happened, who does what, what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from milepost.app.event_lines import event_line
from milepost.app.reports import run_report
from milepost.app.statuses import budget_lines, run_status
from milepost.execution.events import Event
from milepost.execution.evolution import evolve
from milepost.execution.records import Attempt, TaskRecord
from milepost.execution.state import RunState
from milepost.execution.wording import duration
from milepost.web.plan_view import PlanView

LAST = 200
"""Events shown on the page; the ledger has all."""

_ROWS = 400
_WIDTH, _LEFT, _LINE = 1000, 0, 26


@dataclass(frozen=True)
class EventLine:
    """Something that happened, in words; ``kind`` is the name of its event."""

    version: int
    at: float
    kind: str
    task: str
    text: str


@dataclass(frozen=True)
class Worked:
    """A task with its attempts, drawn on the line of time."""

    record: TaskRecord
    bars: Markup


def gather(view: PlanView) -> Mapping[str, Any]:
    """What the page shows of the newest run."""
    if not view.moment.run:
        return {"status": None}
    state, now = view.state, view.project.now()
    events = view.project.ledger.read(view.moment.run)
    report = run_report(state, events, planned_seconds=0, now=now)
    return {
        "status": run_status(state, now),
        "report": report,
        "lines": event_lines(events)[::-1][:LAST],
        "total": len(events),
        "worked": _worked(state, now),
        "budgets": budget_lines(state),
        "deserted": view.project.deserted(state),
        "reasons": run_status(state, now).reasons(),
    }


def event_lines(events: list[Event]) -> list[EventLine]:
    """What happened, in words, the oldest first; what nobody wants to read is left out."""
    state, found = RunState(), []
    for version, event in enumerate(events, 1):
        evolve(state, event)
        text = event_line(event, state)
        if text:
            task = getattr(event, "task", "")
            found.append(EventLine(version, event.at, type(event).__name__, task, text))
    return found


def _worked(state: RunState, now: float) -> list[Worked]:
    """Tasks that were attempted, those at work first, then the latest."""
    records = [record for record in state.tasks.values() if record.attempts]
    records.sort(key=lambda record: (record.current is None, -record.attempts[-1].started_at))
    if not records:
        return []
    begin = min(attempt.started_at for record in records for attempt in record.attempts)
    ends = [attempt.ended_at or now for record in records for attempt in record.attempts]
    length = max(max(ends) - begin, 1.0)
    return [Worked(record, _bars(record, begin, length, now)) for record in records[:_ROWS]]


def _bars(record: TaskRecord, begin: float, length: float, now: float) -> Markup:
    drawn = "".join(_bar(attempt, begin, length, now) for attempt in record.attempts)
    words = ", ".join(f"attempt {one.no} on tier {one.tier}: {one.outcome or 'running'}" for one in record.attempts)
    return Markup(
        '<svg class="bars" viewBox="0 0 100 16" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(words)}">{drawn}</svg>'
    )


def _bar(attempt: Attempt, begin: float, length: float, now: float) -> str:
    end = attempt.ended_at or now
    x, width = (attempt.started_at - begin) / length * 100, (end - attempt.started_at) / length * 100
    kind = outcome_kind(attempt)
    how = f"{attempt.outcome or 'running'}, {duration(end - attempt.started_at)}"
    tip = escape(f"attempt {attempt.no}, tier {attempt.tier}, {attempt.worker}: {how}")
    place = f'x="{x:.2f}" y="3" width="{max(width, 0.4):.2f}" height="10"'
    return f'<rect class="b-{kind}" {place}><title>{tip}</title></rect>'


def outcome_kind(attempt: Attempt) -> str:
    """Whether an attempt runs, ended well, or not."""
    if attempt.ended_at is None:
        return "running"
    return "done" if attempt.outcome in ("done", "finished by hand") else "failed"
