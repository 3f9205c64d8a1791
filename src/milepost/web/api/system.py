"""Whether the server lives, and whether it can work."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from milepost import __version__
from milepost.web.answers import answer
from milepost.web.api.documented import errors, json_of, portfolio_of

router = APIRouter(tags=["system"])


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
    """Looks whether the ledger of every plan answers; 503 when one does not. Needs no token, and names no plan."""
    for plan in portfolio_of(request).plans():
        plan.require_ledger()
    return answer({"status": "ok", "version": __version__})
