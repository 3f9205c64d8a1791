"""The server over streamable HTTP: an application of its own, or one mounted in another."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any

from milepost.mcp_server.callers import AGENT_SCOPES, Caller
from milepost.mcp_server.sdk import require_sdk
from milepost.mcp_server.stdio import plain_name

if TYPE_CHECKING:
    from starlette.applications import Starlette

MAX_BODY = 16 * 1024 * 1024
"""Bytes of a request; what is larger is refused before it is read."""

Authorize = Callable[[Mapping[str, Any]], Caller | None]
"""Tells from a request's ASGI scope who makes it, None where that is nobody in particular."""


def http_app(
    place: str,
    *,
    path: str = "/",
    authorize: Authorize = lambda scope: None,
    scopes: frozenset[str] = AGENT_SCOPES,
    by: str = "",
    guarded: bool = False,
) -> Starlette:
    """The application that serves the plans at a place at ``path``. Its lifespan has to be entered, once.

    ``authorize`` says who makes a request. Whoever is nobody in particular is called what the client calls itself, or
    ``by``, and has ``scopes``. An application that is not ``guarded`` by one around it answers only to names of this
    machine.

    Raises:
        WorkerUnavailable: the SDK is not installed.
    """
    require_sdk()
    from mcp.server.transport_security import TransportSecuritySettings

    from milepost.mcp_server.office import Office
    from milepost.mcp_server.server import make_server

    office = Office(place)

    def identify(context: Any) -> Caller:
        known = authorize(context.request.scope) if context.request is not None else None
        return known or Caller(by or plain_name(context), scopes)

    app = make_server(office, identify).streamable_http_app(
        streamable_http_path=path,
        json_response=True,
        max_request_body_size=MAX_BODY,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False) if guarded else None,
    )
    inner = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(served: Any) -> AsyncIterator[Any]:
        try:
            async with inner(served) as state:
                yield state
        finally:
            await asyncio.to_thread(office.close, patient=False)

    app.router.lifespan_context = lifespan
    return app


def serve_http(place: str, *, by: str, scopes: frozenset[str], port: int, tell: Callable[[str], None]) -> None:
    """Serve the plans at a place on this machine until somebody ends it; ``tell`` hears the address.

    Raises:
        WorkerUnavailable: the SDK is not installed.
        UsageError: the port is taken.
    """
    import socket

    from milepost.errors import UsageError

    app = http_app(place, path="/mcp", scopes=scopes, by=by)
    import uvicorn

    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise UsageError(
                f"it cannot listen on port {port}: {error.strerror}", remedy="choose another with --port; 0 takes any"
            ) from None
        listener.listen(128)
        tell(f"MCP at http://127.0.0.1:{listener.getsockname()[1]}/mcp (Ctrl-C ends it)")
        config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=5)
        uvicorn.Server(config).run(sockets=[listener])
