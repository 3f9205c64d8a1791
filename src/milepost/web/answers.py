"""What the API's operations answer with: JSON that is encoded once, entity tags, pages of lists."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from milepost.web.plan_view import PlanView
from milepost.web.problems import RequestProblem

MAX_LIMIT = 1000


def encode(value: Any) -> bytes:
    """A value as JSON; what no text can hold is replaced."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A value that is made anew for each request."""
    return Response(
        encode(value), status, headers={"Cache-Control": "no-store", **(headers or {})}, media_type="application/json"
    )


def tagged(request: Request, view: PlanView, name: str, make: Callable[[], Any], *parts: object) -> Response:
    """A representation of a plan with its entity tag: nothing when the client has it, else encoded once for all."""
    etag = view.etag(name, *parts)
    headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Authorization, Cookie"}
    if matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    body = view.computed(name, lambda: encode(make()), *parts)
    return Response(body, headers=headers, media_type="application/json")


def matches(header: str | None, etag: str) -> bool:
    """Whether a list of entity tags has one (compared weakly)."""
    if header is None:
        return False
    return any(each.strip().removeprefix("W/") in (etag, "*") for each in header.split(","))


def require_match(request: Request, etag: str) -> None:
    """Check the ``If-Match`` of a request that changes something, if it has one.

    Raises:
        RequestProblem: 412, what is to be changed is not what the client has seen.
    """
    wanted = request.headers.get("if-match")
    if wanted is not None and not any(each.strip() in (etag, "*") for each in wanted.split(",")):
        raise RequestProblem(
            412,
            f"it has changed: its entity tag is {etag} now",
            remedy="look at it again, and send the new ETag as If-Match",
            headers={"ETag": etag},
        )


def page(
    items: Sequence[Any], cursor: str | None, limit: int, key: Callable[[Any], str]
) -> tuple[Sequence[Any], str | None]:
    """Part of a list after a cursor, and the cursor to go on with (None: that was all).

    Raises:
        RequestProblem: 404, the cursor is none that this list gave, or what it points at is gone.
    """
    start = 0
    if cursor is not None:
        after = read_cursor(cursor)
        start = next((place for place, item in enumerate(items, 1) if key(item) == after), -1)
        if start < 0:
            raise unknown_cursor()
    found = items[start : start + limit]
    return found, make_cursor(key(found[-1])) if found and start + limit < len(items) else None


def unknown_cursor() -> RequestProblem:
    """What is to be said of a cursor that leads nowhere."""
    return RequestProblem(
        404,
        "this cursor leads nowhere: it is of another list, or what it points at is gone",
        code="unknown-cursor",
        remedy="send a `next_cursor` as it was given, or none to begin anew",
    )


def make_cursor(after: str) -> str:
    """A cursor: opaque to clients."""
    return base64.urlsafe_b64encode(f"1{after}".encode("utf-8", "surrogateescape")).decode().rstrip("=")


def read_cursor(cursor: str) -> str:
    """What :func:`make_cursor` was given.

    Raises:
        RequestProblem: 404, it is no cursor.
    """
    try:
        text = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        text = ""
    if not text.startswith("1"):
        raise unknown_cursor()
    return text[1:]
