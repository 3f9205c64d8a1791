"""Whether the server lives and can work, its figures, and what changes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from milepost import __version__
from milepost.web import metrics
from milepost.web.access import allowed
from milepost.web.answers import answer
from milepost.web.api.documented import errors, json_of, portfolio_of, stream_of_events
from milepost.web.event_stream import EventStream
from milepost.web.problems import RequestProblem

router = APIRouter(tags=["system"])
_READ = [allowed("read")]


class Health(BaseModel):
    """The server lives."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ok", "version": "0.1.0"}]})
    status: str
    version: str


@router.get("/health", summary="Does the server live?", responses={**json_of(Health, "It does."), **errors()})
async def health() -> Response:
    """Needs no token."""
    return answer({"status": "ok", "version": __version__})


@router.get("/ready", summary="Can the server work?", responses={**json_of(Health, "It can."), **errors()})
def ready(request: Request) -> Response:
    """Looks whether the ledger of every plan answers; 503 when one does not. Needs no token."""
    for plan in portfolio_of(request).plans():
        plan.require_ledger()
    return answer({"status": "ok", "version": __version__})


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    dependencies=_READ,
    responses={
        200: {"description": "In its text format.", "content": {"text/plain": {"schema": {"type": "string"}}}},
        **errors(404),
    },
    response_class=Response,
)
def get_metrics(request: Request) -> Response:
    """404 unless the server was started with `--metrics`."""
    if not request.app.state.metrics:
        raise RequestProblem(404, "this server offers no metrics", remedy="start it with --metrics")
    text = metrics.text_of(portfolio_of(request), request.app.state.tails, request.scope.get("requests"))
    return Response(text, media_type=metrics.MEDIA_TYPE)


@router.get(
    "/changes",
    summary="Follow what changes",
    dependencies=_READ,
    responses={
        **stream_of_events("`plan`: data is `{plan, document, run, version, problem}`, or `{plan, gone}`."),
        **errors(404),
    },
    response_class=EventStream,
)
async def follow_changes(
    request: Request,
    plan: Annotated[str | None, Query(max_length=200, description="Only this plan; else all.")] = None,
) -> Response:
    """Server-sent events: first how the plans stand, then each that changes. After a break it begins anew."""
    if plan is not None:
        await run_in_threadpool(portfolio_of(request).find, plan)
    return EventStream(request.app.state.changes.follow(plan))
