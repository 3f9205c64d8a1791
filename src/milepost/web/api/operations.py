"""All operations of the API, under ``/api/v1``."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from milepost.web.api import checkpoints, logs, plans, runs, system, tasks

PREFIX = "/api/v1"


def install(app: FastAPI) -> None:
    """Add the API to an application."""
    api = APIRouter(prefix=PREFIX)
    for module in (system, plans, runs, logs, tasks, checkpoints):
        api.include_router(module.router)
    app.include_router(api)
