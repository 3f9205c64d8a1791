"""Plans: listed, looked at, checked, scheduled, forecast, traced."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from milepost.web import outlook_facts, plan_facts, run_facts
from milepost.web.access import Caller, allowed
from milepost.web.answers import answer, page, require_match, tagged
from milepost.web.api import bodies, models, outlook_models
from milepost.web.api.documented import ETAG, Cursor, Given, Limit, PlanId, errors, json_of, portfolio_of
from milepost.web.api.once import OnceRoute

router = APIRouter(prefix="/plans", tags=["plans"], route_class=OnceRoute)
Worker = Annotated[Caller, allowed("work")]
_READ = [allowed("read")]


def _shown(model: type[Any], text: str) -> dict[int | str, dict[str, Any]]:
    return {**json_of(model, text, ETag=ETAG), **errors(304, 404, 409, 422)}


@router.get(
    "",
    summary="List the plans",
    dependencies=_READ,
    responses={**json_of(models.PlanPage, "A page of plans."), **errors(404)},
)
def list_plans(request: Request, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """Every plan that is served, in the order of ids; one that cannot be read is in the list, with its problem."""
    found, after = page(portfolio_of(request).plans(), cursor, limit, lambda plan: plan.id)
    return answer({"items": [plan_facts.summary(plan) for plan in found], "next_cursor": after})


@router.get(
    "/{plan}",
    summary="Get a plan",
    dependencies=_READ,
    responses=_shown(models.Plan, "The plan and where its run stands."),
)
def get_plan(request: Request, plan: PlanId) -> Response:
    """The plan with all its tasks and checkpoints, and where each of them stands."""
    with portfolio_of(request).opened(plan) as view:
        return tagged(request, view, "plan", lambda: plan_facts.details(view))


@router.get(
    "/{plan}/diagnostics",
    summary="Check a plan",
    dependencies=_READ,
    responses=_shown(outlook_models.Diagnostics, "What was found."),
)
def get_diagnostics(request: Request, plan: PlanId) -> Response:
    """By the rules that its settings choose, each finding with its fix."""
    with portfolio_of(request).opened(plan) as view:
        return tagged(request, view, "diagnostics", lambda: outlook_facts.diagnostics(view))


@router.post(
    "/{plan}/fixes",
    summary="Correct a plan",
    responses={**json_of(outlook_models.Fixed, "What changes."), **errors(404, 409, 412, 413, 422)},
)
def fix_plan(request: Request, plan: PlanId, body: bodies.FixPlan, caller: Worker, _given: Given) -> Response:
    """Shows what the fixes of findings would change, and with `write` changes it.

    `If-Match` is the `document_etag`: what is confirmed is then what was shown.
    """
    with portfolio_of(request).opened(plan) as view:
        require_match(request, view.document_etag)
        found = outlook_facts.fixed(view, tuple(body.rules), unsafe=body.unsafe, write=body.write)
    return answer(found)


@router.get(
    "/{plan}/schedule",
    summary="Schedule a plan",
    dependencies=_READ,
    responses=_shown(outlook_models.Schedule, "The schedule."),
)
def get_schedule(request: Request, plan: PlanId) -> Response:
    """Critical path, floats, and a schedule within the tiers' capacities, as it goes on from what has happened."""
    with portfolio_of(request).opened(plan) as view:
        return tagged(request, view, "schedule", lambda: outlook_facts.schedule(view), view.minute)


@router.get(
    "/{plan}/forecast",
    summary="Forecast a plan",
    dependencies=_READ,
    responses=_shown(outlook_models.Forecast, "The forecast."),
)
def get_forecast(
    request: Request,
    plan: PlanId,
    confidence: Annotated[float, Query(ge=1, le=99, description="How sure to be, in percent.")] = 80,
) -> Response:
    """When what remains will end, how surely, and which tasks decide that."""
    with portfolio_of(request).opened(plan) as view:
        return tagged(
            request, view, "forecast", lambda: outlook_facts.forecast(view, confidence), confidence, view.minute
        )


@router.get(
    "/{plan}/network",
    summary="Get a plan's network",
    dependencies=_READ,
    responses=_shown(outlook_models.NetworkOf, "Nodes and links."),
)
def get_network(request: Request, plan: PlanId) -> Response:
    """Tasks and checkpoints with what each waits for, and which of it is critical."""
    with portfolio_of(request).opened(plan) as view:
        return tagged(request, view, "network", lambda: outlook_facts.network(view), view.minute)


@router.get(
    "/{plan}/traceability",
    summary="Trace a plan's requirements",
    dependencies=_READ,
    responses=_shown(outlook_models.Traceability, "The matrix."),
)
def get_traceability(request: Request, plan: PlanId) -> Response:
    """Each requirement with the tasks, tests and evidence that serve it. 404 when none are stated beside the plan."""
    with portfolio_of(request).opened(plan) as view:
        return answer(outlook_facts.traceability(view))


@router.get(
    "/{plan}/baseline",
    summary="Compare a plan with its baseline",
    dependencies=_READ,
    responses=_shown(outlook_models.BaselineOf, "Baseline, earned value, differences."),
)
def get_baseline(request: Request, plan: PlanId) -> Response:
    """404 when none was kept: `milepost baseline set` keeps one."""
    with portfolio_of(request).opened(plan) as view:
        return answer(outlook_facts.baseline(view))


@router.get(
    "/{plan}/tiers",
    summary="List a plan's tiers",
    tags=["workers"],
    dependencies=_READ,
    responses=_shown(models.TierList, "All of them."),
)
def list_tiers(request: Request, plan: PlanId) -> Response:
    """How many tasks each may do at once, does, could do now, and what it has spent."""
    with portfolio_of(request).opened(plan) as view:
        return tagged(request, view, "tiers", lambda: {"items": run_facts.tiers(view)})


@router.get(
    "/{plan}/workers",
    summary="List who works on a plan",
    tags=["workers"],
    dependencies=_READ,
    responses=_shown(models.WorkerList, "Who has worked in its run."),
)
def list_workers(request: Request, plan: PlanId) -> Response:
    """What each holds, how many attempts they made and how long they worked."""
    with portfolio_of(request).opened(plan) as view:
        return tagged(request, view, "workers", lambda: {"items": run_facts.workers(view)})
