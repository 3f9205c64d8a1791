"""What every request passes before anything else: host, origin, size, token, rate; and what every answer carries."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from milepost.errors import MilepostError
from milepost.web.access import COOKIE, Access, Caller
from milepost.web.problems import RequestProblem, problem_of, problem_of_request

MAX_BODY = 1024 * 1024
_LINGER_BYTES = 256 * MAX_BODY
_LINGER_SECONDS = 20.0
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_PATHS = frozenset({"/api/v1/health", "/api/v1/ready", "/login", "/favicon.ico"})
"""What answers whoever asks: it tells nothing of any plan."""

OPEN_FOLDER = "/assets/"
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Gate:
    """Stands before an application; lets through who may come in."""

    def __init__(self, app: ASGIApp, access: Access, mounts: Sequence[str] = ()) -> None:
        """Guard ``app`` by the rules of ``access``; what is mounted at ``mounts`` needs the scope ``read``."""
        self._app = app
        self._access = access
        self._mounts = tuple(mounts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer why not."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        body = _Body(scope, receive)
        adorned = _adorning(send, body)
        try:
            self._admit(scope)
        except RequestProblem as error:
            await self._refuse(problem_of_request(error), scope, adorned)
        except MilepostError as error:
            await self._refuse(problem_of(error), scope, adorned)
        else:
            await self._app(scope, body.receive, adorned)

    def _admit(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        _require_host(headers, scope, self._access)
        _require_size(headers)
        bearer = _bearer(headers)
        if bearer is None and scope["method"] not in _SAFE:
            _require_same_origin(headers)
        scope.setdefault("state", {})["caller"] = caller = self._caller(scope, headers, bearer)
        if caller.key:
            self._access.require_rate(caller)
        mounted = any(scope["path"] == path or scope["path"].startswith(f"{path}/") for path in self._mounts)
        if mounted and not caller.may("read"):
            raise RequestProblem(403, "this needs a token with the scope read")

    def _caller(self, scope: Scope, headers: Headers, bearer: str | None) -> Caller:
        address = (scope.get("client") or ("unknown", 0))[0]
        path = scope["path"]
        try:
            return self._access.caller(bearer, _cookie(headers), address)
        except RequestProblem:
            if path in OPEN_PATHS or path.startswith(OPEN_FOLDER):
                return Caller("nobody", frozenset(), f"address {address}")
            raise

    async def _refuse(self, response: Any, scope: Scope, send: Send) -> None:
        """Answer instead of the application; the connection is not used again."""
        response.headers["Connection"] = "close"
        if response.status_code == 401 and wants_page(scope):
            from starlette.responses import RedirectResponse

            response = RedirectResponse("/login", 303)
        await response(scope, _nothing, send)


def wants_page(scope: Scope) -> bool:
    """Whether a browser asks for something to show to a person."""
    accepted = Headers(scope=scope).get("accept", "")
    return "text/html" in accepted and scope["method"] in _SAFE and not scope["path"].startswith("/api/")


class _Body:
    """A body that may not become too large on the way, and is read to its end in any case.

    A connection that is closed with something unread is reset, and the answer is lost with it.
    """

    def __init__(self, scope: Scope, receive: Receive) -> None:
        headers = Headers(scope=scope)
        self._receive = receive
        self._bytes = 0
        self._unread = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers

    async def receive(self) -> Message:
        """The next part.

        Raises:
            RequestProblem: 413, it is too large.
        """
        message = await self._next()
        if self._bytes > MAX_BODY:
            raise _too_large()
        return message

    async def drop(self) -> None:
        """Read what is left, within reason, and forget it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                while self._unread and self._bytes < _LINGER_BYTES:
                    await self._next()

    async def _next(self) -> Message:
        message = await self._receive()
        self._bytes += len(message.get("body", b""))
        self._unread = self._unread and message.get("more_body", False)
        return message


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def _adorning(send: Send, body: _Body) -> Send:
    async def adorned(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        elif not message.get("more_body", False):
            await send({**message, "more_body": True})
            await body.drop()
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await send(message)

    return adorned


def _require_host(headers: Headers, scope: Scope, access: Access) -> None:
    """Answer only to the server's own names: a page elsewhere may have its own name lead here (DNS rebinding)."""
    hosts = headers.getlist("host")
    host = _host_name(hosts[0]) if len(hosts) == 1 else None
    if host is None or not (host in access.hosts or _is_own_address(host, scope)):
        raise RequestProblem(
            421,
            "the server does not answer to this name",
            code="unknown-host",
            remedy="use the address that `milepost serve` printed, or start it with --allow-host NAME",
        )


def _host_name(host: str) -> str | None:
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    if parts.username is not None or parts.path or parts.query or parts.fragment:
        return None
    return parts.hostname


def _is_own_address(host: str, scope: Scope) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    own = (scope.get("server") or ("", 0))[0]
    return str(address) == own


def _require_same_origin(headers: Headers) -> None:
    """Refuse what a page of another site has a browser send: it would come with the user's cookie or address."""
    site = headers.get("sec-fetch-site")
    origin = headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        raise _foreign()
    if origin is not None and (origin == "null" or urlsplit(origin).netloc.lower() != headers.get("host", "").lower()):
        raise _foreign()


def _foreign() -> RequestProblem:
    return RequestProblem(
        403, "a page of another site may not do this", code="foreign-origin", remedy="send a token as Authorization"
    )


def _require_size(headers: Headers) -> None:
    length = headers.get("content-length")
    if length is not None and (not length.isdecimal() or int(length) > MAX_BODY):
        raise _too_large()


def _too_large() -> RequestProblem:
    return RequestProblem(
        413, f"a body may have {MAX_BODY:,} bytes at most", remedy="send less", headers={"Connection": "close"}
    )


def _bearer(headers: Headers) -> str | None:
    kind, _, text = headers.get("authorization", "").partition(" ")
    return text.strip() if kind.lower() == "bearer" else None


def _cookie(headers: Headers) -> str | None:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found else None
