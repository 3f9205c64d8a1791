"""Tasks of a plan's newest run: looked at, taken, completed, given up, and what their attempts write."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from milepost.app import tasks
from milepost.execution.records import TaskStatus
from milepost.web import plan_facts
from milepost.web.access import Caller, allowed
from milepost.web.acting import acting
from milepost.web.answers import answer, page, tagged
from milepost.web.api import bodies, models
from milepost.web.api.documented import (
    ETAG,
    Cursor,
    Given,
    Limit,
    PlanId,
    TaskId,
    errors,
    json_of,
    portfolio_of,
)
from milepost.web.api.once import OnceRoute

router = APIRouter(prefix="/plans/{plan}/tasks", tags=["tasks"], route_class=OnceRoute)
Worker = Annotated[Caller, allowed("work")]
_READ = [allowed("read")]
_ACTED = {**json_of(models.ActedTask, "The task as it is now."), **errors(404, 409, 412, 413, 422)}


@router.get(
    "",
    summary="List a plan's tasks",
    dependencies=_READ,
    responses={**json_of(models.TaskPage, "A page of tasks.", ETag=ETAG), **errors(304, 404, 409, 422)},
)
def list_tasks(
    request: Request,
    plan: PlanId,
    status: Annotated[TaskStatus | None, Query(description="Only those that stand there.")] = None,
    tier: Annotated[int | None, Query(ge=1, le=1000, description="Only those of a tier.")] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """In the order of the plan, with where each stands."""
    with portfolio_of(request).opened(plan) as view:

        def found() -> dict[str, Any]:
            everything = view.computed("tasks", lambda: plan_facts.task_list(view))
            items, after = page(everything, cursor, limit, lambda task: task["id"])
            wanted = [t for t in everything if status in (None, t["status"]) and tier in (None, t["tier"])]
            if len(wanted) != len(everything):
                items, after = page(wanted, cursor, limit, lambda task: task["id"])
            return {"items": items, "next_cursor": after}

        return tagged(request, view, "task page", found, status, tier, cursor, limit)


@router.get(
    "/{task}",
    summary="Get a task",
    dependencies=_READ,
    responses={**json_of(models.TaskDetails, "The task with its attempts.", ETag=ETAG), **errors(304, 404, 409, 422)},
)
def get_task(request: Request, plan: PlanId, task: TaskId) -> Response:
    """Where it stands, what it waits for, and every attempt at it."""
    with portfolio_of(request).opened(plan) as view:
        return tagged(request, view, "task", lambda: plan_facts.task_details(view, task), task)


@router.post("/{task}/claim", summary="Take a task", responses=_ACTED)
def claim_task(
    request: Request, plan: PlanId, task: TaskId, body: bodies.ClaimTask, caller: Worker, _given: Given
) -> Response:
    """Nobody else gets it while the lease lasts; `attempt_no` goes with every later report."""
    with acting(request, plan, caller, body.by) as act:
        act.require_task(task)
        lease = act.seconds(body.lease_minutes)
        tasks.claim(act.session, task, worker=act.by, now=act.now, lease=lease, tier=body.tier)
    return answer(act.task_json(task))


@router.post("/{task}/heartbeat", summary="Say that an attempt still lives", responses=_ACTED)
def beat_heart(
    request: Request, plan: PlanId, task: TaskId, body: bodies.BeatHeart, caller: Worker, _given: Given
) -> Response:
    """Extends the lease; 409 when the task is somebody else's by now."""
    with acting(request, plan, caller, body.by) as act:
        act.require_task(task)
        lease = act.seconds(body.lease_minutes)
        tasks.heartbeat(act.session, task, by=act.by, now=act.now, lease=lease, attempt_no=body.attempt_no or 0)
    return answer(act.task_json(task))


@router.post("/{task}/complete", summary="Complete a task", responses=_ACTED)
def complete_task(
    request: Request, plan: PlanId, task: TaskId, body: bodies.CompleteTask, caller: Worker, _given: Given
) -> Response:
    """Its verifications are run first. One that nobody holds is claimed and completed in one step.

    409 when a verification fails, and when the attempt does not hold the task any more.
    """
    with acting(request, plan, caller, body.by) as act:
        act.require_task(task)
        verify = partial(act.project.verify, act.session)
        tasks.complete(
            act.session,
            task,
            by=act.by,
            now=act.project.now,
            attempt_no=body.attempt_no or 0,
            note=body.note,
            verify=verify,
        )
    return answer(act.task_json(task))


def _give_up(
    request: Request, plan: str, task: str, body: bodies.FailTask, caller: Caller, *, escalate: bool
) -> Response:
    with acting(request, plan, caller, body.by) as act:
        act.require_task(task)
        number = body.attempt_no or 0
        tasks.fail(act.session, task, body.reason, by=act.by, now=act.now, attempt_no=number, escalate=escalate)
    return answer(act.task_json(task))


@router.post("/{task}/fail", summary="Report that a task failed", responses=_ACTED)
def fail_task(
    request: Request, plan: PlanId, task: TaskId, body: bodies.FailTask, caller: Worker, _given: Given
) -> Response:
    """It is tried again, escalated to the next stronger tier, or blocked."""
    return _give_up(request, plan, task, body, caller, escalate=False)


@router.post("/{task}/escalate", summary="Hand a task to the next stronger tier", responses=_ACTED)
def escalate_task(
    request: Request, plan: PlanId, task: TaskId, body: bodies.FailTask, caller: Worker, _given: Given
) -> Response:
    """For who holds a task and is stuck."""
    return _give_up(request, plan, task, body, caller, escalate=True)


@router.post("/{task}/block", summary="Stop a task", responses=_ACTED)
def block_task(
    request: Request, plan: PlanId, task: TaskId, body: bodies.Because, caller: Worker, _given: Given
) -> Response:
    """Until somebody unblocks it."""
    with acting(request, plan, caller, body.by) as act:
        act.require_task(task)
        tasks.block(act.session, task, body.reason, by=act.by, now=act.now)
    return answer(act.task_json(task))


@router.post("/{task}/unblock", summary="Let a blocked task go on", responses=_ACTED)
def unblock_task(
    request: Request, plan: PlanId, task: TaskId, body: bodies.By, caller: Worker, _given: Given
) -> Response:
    """Its tries are counted afresh."""
    with acting(request, plan, caller, body.by) as act:
        act.require_task(task)
        tasks.unblock(act.session, task, by=act.by, now=act.now)
    return answer(act.task_json(task))


@router.post("/{task}/skip", summary="Decide that a task will not be done", responses=_ACTED)
def skip_task(
    request: Request, plan: PlanId, task: TaskId, body: bodies.Because, caller: Worker, _given: Given
) -> Response:
    """What waits for it need not wait any more."""
    with acting(request, plan, caller, body.by) as act:
        act.require_task(task)
        tasks.skip(act.session, task, body.reason, by=act.by, now=act.now)
    return answer(act.task_json(task))


@router.post("/{task}/reopen", summary="Have a task done again", responses=_ACTED)
def reopen_task(
    request: Request, plan: PlanId, task: TaskId, body: bodies.Because, caller: Worker, _given: Given
) -> Response:
    """For a task that is done or skipped."""
    with acting(request, plan, caller, body.by) as act:
        act.require_task(task)
        tasks.reopen(act.session, task, body.reason, by=act.by, now=act.now)
    return answer(act.task_json(task))
