"""Runs of a plan: started, listed, looked at, followed, held, ended."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from milepost.app import runs
from milepost.bootstrap import Project
from milepost.bootstrap.launching import launch
from milepost.errors import Refused
from milepost.web import run_facts
from milepost.web.access import Caller, allowed
from milepost.web.acting import Act, acting
from milepost.web.answers import answer, make_cursor, page, read_cursor, require_match, tagged, unknown_cursor
from milepost.web.api import bodies, models
from milepost.web.api.documented import (
    ETAG,
    Cursor,
    Given,
    LastEventId,
    Limit,
    PlanId,
    RunNumber,
    errors,
    json_of,
    portfolio_of,
    stream_of_events,
)
from milepost.web.api.once import OnceRoute
from milepost.web.event_stream import EventStream
from milepost.web.plan_facts import run_number
from milepost.web.tails import event_json

router = APIRouter(prefix="/plans/{plan}/runs", tags=["runs"], route_class=OnceRoute)
Admin = Annotated[Caller, allowed("admin")]
_READ = [allowed("read")]
_ACTED = {**json_of(models.Run, "The run as it is now."), **errors(404, 409, 412, 413, 422)}


@router.get(
    "",
    summary="List a plan's runs",
    dependencies=_READ,
    responses={**json_of(models.RunPage, "A page of runs, the oldest first.", ETag=ETAG), **errors(304, 404, 409, 422)},
)
def list_runs(request: Request, plan: PlanId, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """In the order in which they began."""
    with portfolio_of(request).opened(plan) as view:

        def found() -> dict[str, Any]:
            everything = view.computed("runs", lambda: run_facts.run_list(view))
            items, after = page(everything, cursor, limit, lambda run: str(run["number"]))
            return {"items": items, "next_cursor": after}

        return tagged(request, view, "run page", found, cursor, limit)


@router.post(
    "",
    summary="Start a run, or go on with one",
    responses={
        **json_of(models.Run, "It went on with the newest run."),
        **json_of(models.Run, "It began a run.", 201, Location="Where the run is."),
        **errors(404, 409, 412, 413, 422),
    },
)
def start_run(request: Request, plan: PlanId, body: bodies.StartRun, caller: Admin, _given: Given) -> Response:
    """A process of its own drives the run, which goes on when the server ends. Nothing that finished is repeated.

    403 when the plan holds commands that nobody on the server's machine has trusted.
    """
    with portfolio_of(request).opened(plan) as view:
        require_match(request, view.run_etag)
        before = view.moment.run
        session = launch(view.project, caller.acting_as(body.by), new=body.new)
    with portfolio_of(request).opened(plan) as view:
        found = run_facts.details(view, run_number(session.stream))
    where = f"{request.url.path}/{found['number']}"
    return answer(found, 200) if session.stream == before else answer(found, 201, {"Location": where})


@router.get(
    "/{run}",
    summary="Get a run",
    dependencies=_READ,
    responses={**json_of(models.Run, "The run.", ETag=ETAG), **errors(304, 404, 409, 422)},
)
def get_run(request: Request, plan: PlanId, run: RunNumber) -> Response:
    """Where it stands, with its tasks, checkpoints and budgets. `run_etag` goes into `If-Match` of what acts on it."""
    with portfolio_of(request).opened(plan) as view:
        return tagged(request, view, "run", lambda: run_facts.details(view, run), run)


@router.get(
    "/{run}/events",
    summary="List a run's events",
    dependencies=_READ,
    responses={**json_of(models.EventPage, "A page of events.", ETag=ETAG), **errors(304, 404, 409, 422)},
)
def list_events(request: Request, plan: PlanId, run: RunNumber, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """What happened, from the first event on. Events are forever: a page never changes but for more to come."""
    after = 0
    if cursor is not None:
        text = read_cursor(cursor)
        if not (text.isascii() and text.isdecimal() and len(text) < 12):
            raise unknown_cursor()
        after = int(text)
    with portfolio_of(request).opened(plan) as view:
        stream = run_facts.stream_of(view, run)

        def found() -> dict[str, Any]:
            events, beyond = run_facts.page_of_events(view, stream, after, limit)
            items = [event_json(after + number, event) for number, event in enumerate(events, 1)]
            return {"items": items, "next_cursor": make_cursor(str(after + len(events))) if beyond else None}

        return tagged(request, view, "events", found, run, after, limit)


@router.get(
    "/{run}/events/stream",
    summary="Follow a run's events",
    dependencies=_READ,
    responses={**stream_of_events("`run`: an event of the run; its id is its version."), **errors(404, 409, 422)},
    response_class=EventStream,
)
async def follow_events(
    request: Request,
    plan: PlanId,
    run: RunNumber,
    last: LastEventId = None,
    after: Annotated[int, Query(ge=0, le=2**31, description="Send what came after this version.")] = 0,
) -> Response:
    """Server-sent events. `Last-Event-ID` resumes: every event comes once, in order, however often the line drops.

    It does not end with the run, as a finished one may be reopened.
    """
    if last is not None:
        after = int(last)

    def place() -> tuple[Project, str]:
        with portfolio_of(request).opened(plan) as view:
            return view.project.again(), run_facts.stream_of(view, run)

    project, stream = await run_in_threadpool(place)
    root = str(project.settings.root)
    return EventStream(request.app.state.tails.follow(root, stream, lambda: project.ledger, after))


@router.post("/{run}/pause", summary="Start nothing new", responses=_ACTED)
def pause_run(
    request: Request, plan: PlanId, run: RunNumber, body: bodies.Perhaps, caller: Admin, _given: Given
) -> Response:
    """What runs goes on. Pausing a paused run changes nothing."""
    with acting(request, plan, caller, body.by) as act:
        _require_newest(act, run)
        runs.pause(act.session, by=act.by, now=act.now, reason=body.reason)
        return answer(_told(act))


@router.post("/{run}/resume", summary="Let a paused run go on", responses=_ACTED)
def resume_run(
    request: Request, plan: PlanId, run: RunNumber, body: bodies.By, caller: Admin, _given: Given
) -> Response:
    """It only lifts the pause: a run that nobody drives is taken up by starting it again."""
    with acting(request, plan, caller, body.by) as act:
        _require_newest(act, run)
        runs.resume(act.session, by=act.by, now=act.now)
        return answer(_told(act))


@router.post("/{run}/cancel", summary="End a run before its end", responses=_ACTED)
def cancel_run(
    request: Request, plan: PlanId, run: RunNumber, body: bodies.Perhaps, caller: Admin, _given: Given
) -> Response:
    """Its commands are stopped. What is done stays done; the next run begins anew."""
    with portfolio_of(request).opened(plan) as view:
        require_match(request, view.run_etag)
        stream = run_facts.stream_of(view, run)
        session = runs.latest_run(view.project.ledger, view.project.identity)
        if session is None or session.stream != stream:
            raise Refused(f"run {run} is not the plan's newest one: it is over")
        act = Act(view, caller.acting_as(body.by), session)
        runs.cancel(session, by=act.by, now=act.now, reason=body.reason)
        view.project.engine(session).stop_leftovers()
        act.write_back()
        return answer(_told(act))


def _require_newest(act: Act, run: int) -> None:
    run_facts.stream_of(act.view, run)
    if run_number(act.session.stream) != run:
        raise Refused(f"run {run} is not the plan's newest one: that is {run_number(act.session.stream)}")


def _told(act: Act) -> dict[str, Any]:
    return {**run_facts.run_json(act.view, act.session.state, act.session.state.version), **act.aside()}
