"""``milepost serve``: the web page and the HTTP API."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from milepost.cli.options import FiniteRange, complete_files, say, whoami
from milepost.errors import UsageError

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping
    from typing import Any

    from starlette.applications import Starlette

    from milepost.web.access import Access

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH...]", shell_complete=complete_files)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8642, show_default=True, help="0: one that is free.")
@click.option("--allow-host", "hosts", multiple=True, metavar="NAME", help="Answer to this host name too.")
@click.option("--require-token", is_flag=True, help="Ask for a token, from this machine too.")
@click.option(
    "--rate", type=FiniteRange(min=1), default=100, show_default=True, help="Requests a second for each token."
)
@click.option("--metrics", is_flag=True, help="Offer /api/v1/metrics, for Prometheus.")
@click.option("--mcp", is_flag=True, help="Offer the first PATH's plans to agents at /mcp, as `milepost mcp` does.")
@click.option("--open", "open_browser", is_flag=True, help="Show the page in a browser.")
def command(
    paths: tuple[str, ...],
    host: str,
    port: int,
    hosts: tuple[str, ...],
    require_token: bool,
    rate: float,
    metrics: bool,
    mcp: bool,
    open_browser: bool,
) -> int:
    """Serve plans as web pages and over an HTTP API, live.

    A PATH is a plan, or a folder to search for plans; the default is the current one. From this machine everybody may
    do everything; to listen on another address, make tokens first with `milepost token create`. Ctrl-C ends it; runs
    that were started from it go on.

    Exit codes: 0 ended by Ctrl-C, 2 called wrongly, 3 a path cannot be read.
    """
    try:
        from milepost.web.app import create_app
        from milepost.web.portfolio import Portfolio
        from milepost.web.serving import listen, serve
    except ImportError as error:
        raise UsageError(
            f"serving needs packages that are not installed ({error.name})", remedy="pip install 'milepost[server]'"
        ) from None
    portfolio = Portfolio(paths or (".",))
    access = _access(host, hosts, require_token, rate)
    count = len(portfolio.plans())
    mounts = {"/mcp": _agents_door(paths[0] if paths else ".")} if mcp else None
    app = create_app(portfolio, access, mounts=mounts, metrics=metrics)
    with listen(host, port) as sock:
        address = _address(sock, host)
        say(f"Serving {_plans(count)} at {address} (Ctrl-C ends it)")
        if not count:
            say(_none_found(paths or (".",)), err=True)
        sys.stdout.flush()
        if open_browser:
            click.launch(address)
        serve(app, sock)
    return 0


command.epilog = "Example: milepost serve specs --open"


def _plans(count: int) -> str:
    return "no plan yet" if not count else "1 plan" if count == 1 else f"{count} plans"


def _none_found(paths: tuple[str, ...]) -> str:
    """What was looked for where, and what to do."""
    from milepost.app.plan_files import LOOKED_FOR

    return (
        f"No plan was found below {', '.join(map(os.path.abspath, paths))}, which was searched for {LOOKED_FOR}.\n"
        "One that comes appears by itself (`milepost init NAME` writes one); to serve a file of another name, name it: "
        "milepost serve FILE"
    )


def _access(host: str, hosts: tuple[str, ...], require_token: bool, rate: float) -> Access:
    """The rules of access.

    Raises:
        UsageError: others than this machine would reach the server, and there is no token.
    """
    import time

    from milepost.app.tokens import TokenStore
    from milepost.web.access import LOOPBACK_NAMES, Access, RateLimit

    store = TokenStore()
    outside = host not in _LOOPBACK
    if (outside or require_token) and all(token.expired(time.time()) for token in store.all()):
        raise UsageError(
            f"whoever reaches {host} could do everything: there is no token" if outside else "there is no token",
            remedy="make one first: milepost token create --name ada --scope admin",
        )
    names = frozenset({*LOOPBACK_NAMES, host.lower(), *(name.lower() for name in hosts)})
    return Access(store, outside or require_token, whoami(), names, RateLimit(rate, 4 * rate))


def _agents_door(place: str) -> Starlette:
    """The tools for agents, whose callers are those of the server."""
    from milepost.mcp_server.callers import APPROVE, EDIT, READ, WORK, Caller
    from milepost.mcp_server.http import http_app

    of_scope = {"read": (READ,), "work": (WORK, EDIT), "approve": (APPROVE,)}

    def authorize(scope: Mapping[str, Any]) -> Caller | None:
        known = scope["state"]["caller"]
        if not known.token:
            return None
        scopes = frozenset(each for name, own in of_scope.items() if known.may(name) for each in own)
        return Caller(known.name, scopes, verified=True)

    return http_app(place, path="/mcp", authorize=authorize, by=whoami(), guarded=True)


def _address(sock: socket.socket, host: str) -> str:
    port = sock.getsockname()[1]
    shown = {"0.0.0.0": os.uname().nodename, "::": os.uname().nodename}.get(host, host)
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"
