"""Errors as HTTP answers: ``application/problem+json`` (RFC 9457) with the stable codes of :mod:`milepost.errors`."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from milepost import errors
from milepost.errors import MilepostError

MEDIA_TYPE = "application/problem+json"
_LOG = logging.getLogger("milepost.web")

_STATUS: Mapping[type[MilepostError], int] = {
    errors.UnknownName: 404,
    errors.RequirementsNotFound: 404,
    errors.UsageError: 400,
    errors.InputError: 422,
    errors.NotTrusted: 403,
    errors.LedgerUnavailable: 503,
    errors.DocumentUnwritable: 503,
    errors.WorkerUnavailable: 503,
    errors.EngineUnavailable: 503,
    errors.WorkspaceUnavailable: 503,
    errors.TransportUnavailable: 503,
    errors.TransportRefused: 503,
    errors.TokensUnusable: 503,
    errors.MilepostError: 409,
}
"""The status of each family of errors: that of the nearest class counts."""

_OWN_CODES = {
    400: "invalid-request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    412: "precondition-failed",
    413: "body-too-large",
    415: "unsupported-media-type",
    421: "unknown-host",
    429: "too-many-requests",
}


class Problem(BaseModel):
    """What went wrong, and what to do about it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Conflict",
                    "status": 409,
                    "code": "refused",
                    "detail": "attempt 1 does not hold task 2.1 any more: grace holds it now, by attempt 2",
                    "place": "",
                    "remedy": "",
                }
            ]
        }
    )
    type: str = Field(description="Always `about:blank`: `code` tells errors apart.")
    title: str = Field(description="The meaning of the status.")
    status: int
    code: str = Field(description="A stable code; see the list of codes in the documentation.")
    detail: str = Field(description="What went wrong, in words.")
    place: str = Field(description="Where: a path, perhaps with line and column; empty where that makes no sense.")
    remedy: str = Field(description="What to do about it; may be empty.")


class RequestProblem(HTTPException):
    """A request that is refused before any use case hears of it."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        code: str = "",
        remedy: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.code, self.remedy = code or _OWN_CODES[status], remedy


def problem(
    status: int, code: str, detail: str, place: str = "", remedy: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """The answer that tells of an error."""
    from http import HTTPStatus

    told = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "place": place,
        "remedy": remedy,
    }
    body = json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")
    return Response(body, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def problem_of(error: MilepostError) -> Response:
    """The answer that tells of one of Milepost's own errors."""
    status = status_of(error)
    return problem(
        status,
        error.code,
        str(error),
        _shown(error.place),
        error.remedy,
        {"Retry-After": "2"} if status == 503 else None,
    )


def problem_of_request(error: RequestProblem) -> Response:
    """The answer that tells of a request that is refused."""
    return problem(error.status_code, error.code, error.detail, remedy=error.remedy, headers=error.headers)


def status_of(error: MilepostError) -> int:
    """The status of the nearest class of an error; a document that is gone is not found."""
    gone = isinstance(error, errors.PlanUnreadable | errors.BaselineUnreadable)
    if gone and error.place and not os.path.lexists(error.place):
        return 404
    return next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)


def install(app: FastAPI) -> None:
    """Have an application answer every error as a problem."""

    @app.exception_handler(MilepostError)
    async def _own(_request: Request, error: MilepostError) -> Response:
        return problem_of(error)

    @app.exception_handler(RequestProblem)
    async def _refused(_request: Request, error: RequestProblem) -> Response:
        return problem_of_request(error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> Response:
        return problem(400, _OWN_CODES[400], "; ".join(map(_in_words, error.errors()[:5])))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        code = _OWN_CODES.get(error.status_code, "http-error")
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = _methods(app, request.url.path) or headers.get("Allow", "")
        return problem(error.status_code, code, str(error.detail), headers=headers)

    @app.exception_handler(OSError)
    async def _world(_request: Request, error: OSError) -> Response:
        detail = f"the server cannot use one of its files: {error.strerror or error}"
        return problem(
            503, "file-unavailable", detail, remedy="look at the server's disk", headers={"Retry-After": "2"}
        )

    @app.exception_handler(Exception)
    async def _unexpected(_request: Request, error: Exception) -> Response:
        return problem(500, "internal-error", f"a mistake of the program: {type(error).__name__}")


def _methods(app: FastAPI, path: str) -> str:
    """Every method that the description knows for a path: the framework tells only those of its first route."""
    for template, operations in app.openapi()["paths"].items():
        if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)), path):
            return ", ".join(method.upper() for method in operations)
    return ""


def _in_words(error: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in error.get("loc", ()))
    return f"{where}: {error.get('msg', 'invalid')}"


def _shown(place: str) -> str:
    """A place without the folders above the server's own: who asks from afar need not know them."""
    here = os.getcwd() + os.sep
    return place.removeprefix(here)
