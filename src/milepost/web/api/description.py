"""The API's OpenAPI document."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from milepost.web.problems import Problem

_TEXT = """Plans, their runs, tasks and checkpoints, as the command line has them.

Times are seconds since 1970 (UTC), lengths working seconds. Lists page by `next_cursor`. Errors are
`application/problem+json` with a stable `code`. What changes something may carry `If-Match` and `Idempotency-Key`.
"""
_TAGS = {
    "plans": "What is intended, and what can be computed of it.",
    "runs": "What happens.",
    "tasks": "What there is to do.",
    "checkpoints": "What is to be judged.",
    "workers": "Who does it.",
    "system": "The server itself.",
}


def operation_id(route: APIRoute) -> str:
    """The name of an operation: that of its function."""
    return route.name


def describe(app: FastAPI) -> None:
    """Have an application describe itself with its own errors instead of its framework's."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    tags = [{"name": name, "description": text} for name, text in _TAGS.items()]
    found = get_openapi(title=app.title, version=app.version, description=_TEXT, routes=app.routes, tags=tags)
    schemas = found["components"]["schemas"]
    for framework in ("HTTPValidationError", "ValidationError"):
        schemas.pop(framework, None)
    problem = Problem.model_json_schema()
    schemas["Problem"] = problem
    for path in found["paths"].values():
        for operation in path.values():
            _tidy(operation)
    return found


def _tidy(operation: dict[str, Any]) -> None:
    """Take out the framework's own answer to invalid requests, which is never given."""
    answers = operation["responses"]
    if "HTTPValidationError" in str(answers.get("422", "")):
        del answers["422"]
    example = answers.get("200", {}).get("content", {}).get("application/json")
    if example == {"schema": {}}:
        del answers["200"]["content"]
