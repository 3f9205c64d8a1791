"""Checkpoints of a plan's newest run: looked at, judged again, approved, rejected."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from milepost.app import checkpoints
from milepost.web import plan_facts
from milepost.web.access import Caller, allowed
from milepost.web.acting import Act, acting
from milepost.web.answers import answer, tagged
from milepost.web.api import bodies, models
from milepost.web.api.documented import ETAG, CheckpointId, Given, PlanId, errors, json_of, portfolio_of
from milepost.web.api.once import OnceRoute

router = APIRouter(prefix="/plans/{plan}/checkpoints", tags=["checkpoints"], route_class=OnceRoute)
Approver = Annotated[Caller, allowed("approve")]
_READ = [allowed("read")]
_ACTED = {**json_of(models.ActedCheckpoint, "The checkpoint as it is now."), **errors(404, 409, 412, 413, 422)}


@router.get(
    "",
    summary="List a plan's checkpoints",
    dependencies=_READ,
    responses={**json_of(models.CheckpointList, "All of them.", ETag=ETAG), **errors(304, 404, 409, 422)},
)
def list_checkpoints(request: Request, plan: PlanId) -> Response:
    """With their criteria, and who judged each on what evidence."""
    with portfolio_of(request).opened(plan) as view:
        return tagged(request, view, "checkpoints", lambda: {"items": plan_facts.checkpoint_list(view)})


@router.get(
    "/{checkpoint}",
    summary="Get a checkpoint",
    dependencies=_READ,
    responses={**json_of(models.CheckpointDetails, "The checkpoint.", ETag=ETAG), **errors(304, 404, 409, 422)},
)
def get_checkpoint(request: Request, plan: PlanId, checkpoint: CheckpointId) -> Response:
    """By its id, its name, or the end of its name."""
    with portfolio_of(request).opened(plan) as view:
        return tagged(request, view, "gate", lambda: plan_facts.checkpoint_named(view, checkpoint), checkpoint)


@router.post("/{checkpoint}/run", summary="Have the commands of a checkpoint judge again", responses=_ACTED)
def run_checkpoint(
    request: Request, plan: PlanId, checkpoint: CheckpointId, body: bodies.By, caller: Approver, _given: Given
) -> Response:
    """A run that goes on does it at once, otherwise the next one does. 409 when none of its commands has failed."""
    with acting(request, plan, caller, body.by) as act:
        name = act.checkpoint(checkpoint)
        checkpoints.recheck(act.session, name, by=act.by, now=act.now)
    return answer(_told(act, name))


@router.post("/{checkpoint}/approve", summary="Sign off a checkpoint", responses=_ACTED)
def approve_checkpoint(
    request: Request,
    plan: PlanId,
    checkpoint: CheckpointId,
    body: bodies.ApproveCheckpoint,
    caller: Approver,
    _given: Given,
) -> Response:
    """Every criterion that no command can judge. 409 when it is not due, or has passed: of two approvals one counts."""
    with acting(request, plan, caller, body.by) as act:
        name = act.checkpoint(checkpoint)
        checkpoints.approve(act.session, name, by=act.by, now=act.now, comment=body.comment)
    return answer(_told(act, name))


@router.post("/{checkpoint}/reject", summary="Refuse a checkpoint", responses=_ACTED)
def reject_checkpoint(
    request: Request,
    plan: PlanId,
    checkpoint: CheckpointId,
    body: bodies.RejectCheckpoint,
    caller: Approver,
    _given: Given,
) -> Response:
    """What comes after it is held back again, until it is approved or the tasks in `reopen` were done again."""
    with acting(request, plan, caller, body.by) as act:
        name = act.checkpoint(checkpoint)
        reopen = tuple(body.reopen)
        checkpoints.reject(act.session, name, body.reason, by=act.by, now=act.now, reopen=reopen)
    return answer(_told(act, name))


def _told(act: Act, name: str) -> dict[str, Any]:
    return {**plan_facts.checkpoint_json(act.session.state.checkpoints[name]), **act.aside()}
