"""The server over stdin and stdout: one client, which started it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from typing import TYPE_CHECKING, Any

from milepost.mcp_server.callers import Caller
from milepost.mcp_server.sdk import lean_import, require_sdk

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

    from milepost.mcp_server.office import Office

_ODD = re.compile(r"[^\w.-]+")


def serve_stdio(place: str, *, by: str = "", scopes: frozenset[str]) -> None:
    """Serve the plans at a place until the client closes our stdin.

    ``by`` is the name under which the client's actions are recorded; without one it is the client's own, and the
    number of our process.

    Raises:
        WorkerUnavailable: the SDK is not installed.
    """
    require_sdk()
    lean_import()
    from milepost.mcp_server.office import Office

    office = Office(place)
    try:
        asyncio.run(_serve(office, by, scopes))
    finally:
        office.close()


async def _serve(office: Office, by: str, scopes: frozenset[str]) -> None:
    from mcp.server.stdio import stdio_server

    from milepost.mcp_server.server import make_server

    server = make_server(office, lambda context: Caller(by or client_name(context), scopes))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _leave, office)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def _leave(office: Office) -> None:
    """End at once, but with every document up to date; a thread that still reads stdin would hold up a usual end."""
    office.close(patient=False)
    os._exit(0)


def client_name(context: ServerRequestContext[Any, Any]) -> str:
    """What the client calls itself, with our process's number."""
    return f"{plain_name(context)}-{os.getpid()}"


def plain_name(context: ServerRequestContext[Any, Any]) -> str:
    """What the client calls itself, made fit for a name; ``agent`` when it does not say."""
    params = context.session.client_params
    short = _ODD.sub("-", params.client_info.name).strip("-")[:40] if params is not None else ""
    return short or "agent"
