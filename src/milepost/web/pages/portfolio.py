"""All plans at one look: state, progress, what waits for somebody; forecast and health follow once computed."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response

from milepost.app.plan_files import LOOKED_FOR
from milepost.app.statuses import run_status
from milepost.errors import MilepostError
from milepost.execution.records import TaskStatus
from milepost.web.pages import words
from milepost.web.pages.site import render
from milepost.web.portfolio import ServedPlan


@dataclass(frozen=True)
class Card:
    """A plan in the portfolio. ``parts`` are counts of tasks by status; ``reasons`` what it waits for."""

    id: str
    title: str
    path: str
    outcome: str
    parts: dict[str, int]
    done: int
    total: int
    reasons: list[str]
    started_at: float | None
    trouble: str = ""


def page(request: Request) -> Response:
    """The page of all plans."""
    cards = [_card(plan) for plan in request.app.state.portfolio.plans()]
    return render(request, "portfolio.html", cards=cards, looked_for=LOOKED_FOR)


def _card(plan: ServedPlan) -> Card:
    try:
        with plan.opened() as view:
            status = run_status(view.state, view.project.now())
            outcome = words.outcome_of(view, view.state)
            parts = parts_of(status.counts)
            reasons = status.reasons() if view.moment.run else []
            names = (plan.id, view.project.title, plan.name, outcome)
            began = view.state.started_at if view.moment.run else None
            return Card(*names, parts, status.done, status.total, reasons, began)
    except MilepostError as error:
        return Card(plan.id, plan.name, plan.name, "", {}, 0, 0, [], None, str(error))


def parts_of(counts: dict[TaskStatus, int]) -> dict[str, int]:
    """The parts of a progress bar, finished ones first."""
    shown = (TaskStatus.DONE, TaskStatus.SKIPPED, TaskStatus.RUNNING, TaskStatus.BLOCKED)
    return {**{status.value: counts[status] for status in shown}, "rest": counts[TaskStatus.PENDING]}
