"""How a page comes about: the pages there are, the frame around them, and the templates."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from milepost.errors import MilepostError, UnknownName
from milepost.execution.queries import awaiting_approval, blocked
from milepost.web.answers import matches
from milepost.web.pages import words
from milepost.web.plan_facts import run_number
from milepost.web.plan_view import PlanView
from milepost.web.problems import status_of

if TYPE_CHECKING:
    from jinja2 import Environment

WEB = Path(__file__).parent.parent
VARY = "Accept-Encoding, Authorization, Cookie"


class Page(NamedTuple):
    """A page of a plan: its place in URLs, its title, its icon, and the key that goes to it after ``g``."""

    name: str
    title: str
    icon: str
    key: str


PAGES = (
    Page("", "Overview", "overview", "o"),
    Page("board", "Board", "board", "b"),
    Page("gantt", "Gantt", "gantt", "t"),
    Page("run", "Run", "run", "r"),
    Page("checkpoints", "Checkpoints", "gate", "c"),
    Page("network", "Network", "network", "n"),
    Page("diagnostics", "Diagnostics", "warning", "d"),
    Page("forecast", "Forecast", "forecast", "f"),
    Page("trace", "Traceability", "trace", "q"),
    Page("front", "Cost and time", "front", "m"),
    Page("ledger", "Ledger", "ledger", "l"),
)


@dataclass(frozen=True)
class Frame:
    """What surrounds every page of a plan; ``tallies`` are counts of what waits for somebody, by page.

    ``stamp`` is what the line of changes tells of the state that the page shows.
    """

    id: str
    title: str
    path: str
    outcome: str
    run: str
    stamp: str
    tallies: Mapping[str, int]

    @property
    def url(self) -> str:
        """The path of the plan's pages."""
        return f"/plans/{self.id}"


def frame_of(view: PlanView) -> Frame:
    """The frame of a plan; one that cannot be run has pages as well."""
    number = run_number(view.moment.run) if view.moment.run else 0
    stamp = f"{view.document_etag} {number} {view.moment.version}"
    try:
        state = view.state
    except MilepostError:
        return Frame(view.id, view.project.title, view.name, "", view.moment.run, stamp, {})
    tallies = {"checkpoints": len(awaiting_approval(state)), "board": len(blocked(state))}
    outcome = words.outcome_of(view, state)
    return Frame(view.id, view.project.title, view.name, outcome, view.moment.run, stamp, tallies)


def plan_page(request: Request, plan: str, name: str, gather: Callable[[PlanView], Mapping[str, Any]]) -> Response:
    """A page of a plan: ``gather`` gives what its template needs besides the frame."""
    try:
        with request.app.state.portfolio.opened(plan) as view:
            frame = frame_of(view)
            try:
                found = gather(view)
            except MilepostError as error:
                return _trouble(request, error, frame, name)
            return render(request, f"{name or 'overview'}.html", plan=frame, page=name, **found)
    except MilepostError as error:
        return _trouble(request, error, None, name)


def plan_part(request: Request, plan: str, name: str, gather: Callable[[PlanView], Mapping[str, Any]]) -> Response:
    """A part that a page asks for once it is there, as it takes some time."""
    try:
        with request.app.state.portfolio.opened(plan) as view:
            return render(request, f"{name}.html", plan_id=plan, **gather(view))
    except MilepostError as error:
        return render(request, "no_part.html", status_of(error), error=error)


def not_found(request: Request) -> Response:
    """The page at an address that leads nowhere."""
    error = UnknownName(f"nothing is at {request.url.path}")
    return render(request, "trouble.html", 404, heading="There is no such page", error=error)


def _trouble(request: Request, error: MilepostError, frame: Frame | None, name: str) -> Response:
    heading = "This page cannot be shown" if frame else "This plan cannot be read"
    if frame is None and isinstance(error, UnknownName):
        heading = "There is no such plan here"
        error = UnknownName(str(error))  # what to ask of the API instead is nothing for people
    return render(request, "trouble.html", status_of(error), heading=heading, error=error, plan=frame, page=name)


def render(request: Request, template: str, http_status: int = 200, **values: Any) -> Response:
    """A page; nothing when the browser has the very same."""
    known = {"plan": None, "page": None, "pages": PAGES, "caller": getattr(request.state, "caller", None)}
    html = environment().get_template(template).render({**known, **values}).encode("utf-8", "replace")
    etag = words.digest(html)
    headers = {"Cache-Control": "no-cache", "ETag": etag, "Vary": VARY}
    if http_status == 200 and matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    if not takes_gzip(request):
        return HTMLResponse(html, http_status, headers)
    return HTMLResponse(gzip.compress(html, 5, mtime=0), http_status, {**headers, "Content-Encoding": "gzip"})


def takes_gzip(request: Request) -> bool:
    """Whether a browser takes an answer that is compressed."""
    return "gzip" in request.headers.get("accept-encoding", "")


@cache
def environment() -> Environment:
    """The templates, with what they may call."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(WEB / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(words.FILTERS)
    made.globals.update(words.GLOBALS)
    return made
