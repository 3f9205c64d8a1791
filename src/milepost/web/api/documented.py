"""How operations describe their errors and headers in the OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Header, Path, Query, Request

from milepost.web.answers import MAX_LIMIT
from milepost.web.portfolio import Portfolio
from milepost.web.problems import MEDIA_TYPE

_MEANINGS = {
    304: "What the client has is still true.",
    400: "The request makes no sense: a malformed body, parameter or cursor.",
    401: "A token is needed, or the one that was sent is unknown, revoked or expired.",
    403: "The token lacks the scope; a page of another site asked; or commands nobody has trusted would be run.",
    404: "There is nothing of that name.",
    409: "The plan or the run does not allow it now; the code and the detail say why.",
    412: "It has changed since the client looked: `If-Match` does not match.",
    413: "The body is too large.",
    421: "The server does not answer to this host name.",
    422: "The document, its settings or another file on the server cannot be read.",
    429: "Too many requests; `Retry-After` says when to go on.",
    503: "The ledger, a file or the disk cannot be used now; nothing was changed.",
}
_ALWAYS = (400, 401, 403, 421, 429, 503)
_PROBLEM = {"$ref": "#/components/schemas/Problem"}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of an operation, besides those that any may answer with."""
    found: dict[int | str, dict[str, Any]] = {}
    for status in sorted({*_ALWAYS, *statuses}):
        found[status] = {"description": _MEANINGS[status]}
        if status != 304:
            found[status]["content"] = {MEDIA_TYPE: {"schema": _PROBLEM}}
    return found


def json_of(model: type[Any], description: str, status: int = 200, **headers: str) -> dict[int | str, dict[str, Any]]:
    """What an operation answers with when it succeeds: a model, and headers by name."""
    shown = {
        name.replace("_", "-"): {"description": text, "schema": {"type": "string"}} for name, text in headers.items()
    }
    return {status: {"model": model, "description": description, **({"headers": shown} if shown else {})}}


def stream_of_events(types: str) -> dict[int | str, dict[str, Any]]:
    """What an operation answers with that does not end."""
    return {
        200: {
            "description": f"Server-sent events. {types}",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    }


PlanId = Annotated[
    str,
    Path(
        description="The plan's id, as the list of plans gives it.",
        examples=["lighthouse"],
        min_length=1,
        max_length=200,
    ),
]
TaskId = Annotated[
    str, Path(description="The task's id, as the plan writes it.", examples=["1.3"], min_length=1, max_length=200)
]
CheckpointId = Annotated[
    str,
    Path(description="The checkpoint's id, name, or number.", examples=["Checkpoint 1"], min_length=1, max_length=200),
]
RunNumber = Annotated[int, Path(description="Counts the plan's runs from 1.", examples=[1], ge=1, le=2**31)]


def _conditions(
    _match: Annotated[
        str | None,
        Header(alias="If-Match", description="Act only if this is still the entity tag; else 412.", max_length=1000),
    ] = None,
    _key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="The same request with the same key within a day is answered as the first time.",
            pattern=r"^[!-~]{1,200}$",
        ),
    ] = None,
) -> None:
    """What requests that change something may carry; the headers are looked at where they count."""


Given = Annotated[None, Depends(_conditions)]
LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        description="The id of the last event that was received: go on after it.",
        pattern=r"^[0-9]{1,9}$",
    ),
]
Cursor = Annotated[
    str | None,
    Query(description="Where to go on: the `next_cursor` of the page before.", pattern=r"^[A-Za-z0-9_-]{1,1000}$"),
]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many at most.")]
ETAG = "Changes whenever the representation does; send it back as `If-None-Match`."


def portfolio_of(request: Request) -> Portfolio:
    """The plans that are served."""
    found: Portfolio = request.app.state.portfolio
    return found
