"""Requests that are carried out once, however often they are sent with the same ``Idempotency-Key``."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from hashlib import sha256
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from milepost.errors import MilepostError
from milepost.web.access import Caller
from milepost.web.given_answers import GivenAnswers, Kept
from milepost.web.problems import RequestProblem, problem_of, problem_of_request

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
    answers: GivenAnswers = request.app.state.given_answers
    caller: Caller = request.scope["state"]["caller"]
    digest = await _digest(request)
    kept = await run_in_threadpool(answers.begin, caller.key, key, digest)
    if kept is not None:
        return Response(kept.body, kept.status, headers={**kept.headers, "Idempotency-Replayed": "true"})
    response = None
    try:
        response = await _answered(request, handler)
    finally:
        if response is None or response.status_code >= 500 or response.status_code in (401, 403, 429):
            await run_in_threadpool(answers.forget, caller.key, key)
    if response.status_code < 500 and response.status_code not in (401, 403, 429):
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        kept = Kept(response.status_code, headers, bytes(response.body))
        await run_in_threadpool(answers.finish, caller.key, key, kept)
    return response


async def _answered(request: Request, handler: Handler) -> Response:
    """The answer, also where it tells of an error."""
    try:
        return await handler(request)
    except RequestProblem as error:
        return problem_of_request(error)
    except MilepostError as error:
        return problem_of(error)
    except RequestValidationError:
        raise


async def _digest(request: Request) -> bytes:
    """What a request asks for: with the same key nothing else may be asked."""
    head = f"{request.method} {request.url.path}?{request.url.query} {request.headers.get('if-match', '')}\n"
    return sha256(head.encode() + await request.body()).digest()
