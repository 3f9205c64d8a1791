"""Plans: listed, looked at, checked, scheduled, forecast, traced."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from milepost.web import plan_facts
from milepost.web.access import allowed
from milepost.web.answers import answer, page, tagged
from milepost.web.api import models
from milepost.web.api.documented import ETAG, Cursor, Limit, PlanId, errors, json_of, portfolio_of

router = APIRouter(tags=["plans"], dependencies=[allowed("read")])


@router.get("/plans", summary="List the plans", responses={**json_of(models.PlanPage, "A page of plans."), **errors()})
def list_plans(request: Request, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """Every plan that is served, in the order of ids; one that cannot be read is in the list, with its problem."""
    found, after = page(portfolio_of(request).plans(), cursor, limit, lambda plan: plan.id)
    return answer({"items": [plan_facts.summary(plan) for plan in found], "next_cursor": after})


@router.get(
    "/plans/{plan}",
    summary="Get a plan",
    responses={**json_of(models.Plan, "The plan and where its run stands.", ETag=ETAG), **errors(304, 404, 409, 422)},
)
def get_plan(request: Request, plan: PlanId) -> Response:
    """The plan with all its tasks and checkpoints, and where each of them stands."""
    with portfolio_of(request).opened(plan) as view:
        return tagged(request, view, "plan", lambda: plan_facts.details(view))
