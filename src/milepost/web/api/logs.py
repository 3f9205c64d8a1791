"""What the attempts at a task write."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from milepost.web import logs
from milepost.web.access import allowed
from milepost.web.answers import answer
from milepost.web.api import models
from milepost.web.api.documented import PlanId, TaskId, errors, json_of, portfolio_of, stream_of_events
from milepost.web.event_stream import EventStream

router = APIRouter(prefix="/plans/{plan}/tasks/{task}/log", tags=["tasks"], dependencies=[allowed("read")])
AttemptNo = Annotated[int | None, Query(alias="attempt", ge=1, le=2**31, description="Which attempt; else the last.")]
LogPlace = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        description="The id of the last event that was received: go on after it.",
        pattern=r"^([0-9]{1,20}\.[0-9]{1,15}|end)$",
    ),
]


@router.get(
    "",
    summary="Get what an attempt wrote",
    responses={**json_of(models.LogPart, "Its last part."), **errors(404, 409, 422)},
)
def get_log(
    request: Request,
    plan: PlanId,
    task: TaskId,
    attempt: AttemptNo = None,
    most: Annotated[int, Query(ge=1, le=4 << 20, description="How many bytes at most, from the end.")] = 1 << 20,
) -> Response:
    """What people and agents do by hand leaves nothing. Colours are ANSI codes, as they were written."""
    with portfolio_of(request).opened(plan) as view:
        log = logs.log_of(view, task, attempt)
        text, size = logs.last_part(log, most)
        found: dict[str, Any] = {
            "task": task,
            "attempt_no": log.attempt.no,
            "tier": log.attempt.tier,
            "worker": log.attempt.worker,
            "over": log.over(view),
            "size": size,
            "start": size - len(text),
            "text": text.decode("utf-8", "replace"),
        }
    return answer(found)


@router.get(
    "/stream",
    summary="Follow what an attempt writes",
    responses={
        **stream_of_events('`log`: data is `{"text"}`; then `end`, once the attempt is over.'),
        204: {"description": "The client has received the end."},
        **errors(404, 409, 422),
    },
    response_class=EventStream,
)
async def follow_log(
    request: Request,
    plan: PlanId,
    task: TaskId,
    attempt: AttemptNo = None,
    last: LogPlace = None,
    readable: Annotated[bool, Query(description="Tell in words what a known coding agent prints as JSON.")] = False,
) -> Response:
    """Server-sent events. `Last-Event-ID` resumes where the line dropped; after `end` there is nothing more (204)."""
    if last == "end":
        return Response(status_code=204)
    portfolio = portfolio_of(request)

    def find() -> logs.AttemptLog:
        with portfolio.opened(plan) as view:
            return logs.log_of(view, task, attempt)

    log = await run_in_threadpool(find)

    def over() -> bool:
        with portfolio.opened(plan) as view:
            return log.over(view)

    stopping = request.app.state.tails.stopping
    return EventStream(logs.follow(log, over, stopping, last or "", readable=readable))
