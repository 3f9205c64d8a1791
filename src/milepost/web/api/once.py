"""Requests that are carried out once, however often they are sent with the same ``Idempotency-Key``."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from hashlib import sha256
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from milepost.web.access import Caller
from milepost.web.given_answers import GivenAnswers, Kept

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_KEPT_HEADERS = ("content-type", "etag", "location")


class OnceRoute(APIRoute):
    """A route whose requests with a key are answered from memory when they come again."""

    def get_route_handler(self) -> Handler:
        """The route's handler, asked at most once for each key."""
        handler = super().get_route_handler()
        if "POST" not in (self.methods or ()):
            return handler

        async def once(request: Request) -> Response:
            key = request.headers.get("idempotency-key")
            if key is None:
                return await handler(request)
            return await _once(request, key, handler)

        return once


async def _once(request: Request, key: str, handler: Handler) -> Response:
    """The answer to a request with a key; it is kept where the request did something, else the key is free again."""
    answers: GivenAnswers = request.app.state.given_answers
    caller: Caller = request.scope["state"]["caller"]
    owner = f"{caller.key} {request.url.path}"
    kept = await run_in_threadpool(answers.begin, owner, key, await _digest(request))
    if kept is not None:
        return Response(kept.body, kept.status, headers={**kept.headers, "Idempotency-Replayed": "true"})
    try:
        response = await handler(request)
    except BaseException:
        await run_in_threadpool(answers.forget, owner, key)
        raise
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    await run_in_threadpool(answers.finish, owner, key, Kept(response.status_code, headers, bytes(response.body)))
    return response


async def _digest(request: Request) -> bytes:
    """What a request asks for: with the same key nothing else may be asked."""
    head = f"{request.method} {request.url.path}?{request.url.query} {request.headers.get('if-match', '')}\n"
    return sha256(head.encode() + await request.body()).digest()
