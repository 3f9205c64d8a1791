"""An application on a socket, until somebody ends it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from fastapi import FastAPI

from milepost.errors import UsageError

GRACE_SECONDS = 5


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on an address.

    Raises:
        UsageError: it cannot, as another program does, or the address is none of this machine's.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
        with contextlib.ExitStack() as stack:
            sock = stack.enter_context(socket.socket(family, kind))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(address)
            sock.listen(1024)
            stack.pop_all()
    except OSError as error:
        raise UsageError(
            f"it cannot listen on {host}, port {port}: {error.strerror or error}",
            remedy="choose another with --host and --port; --port 0 takes one that is free",
        ) from None
    return sock


class Server(uvicorn.Server):
    """A server that ends its event streams when it is asked to end."""

    def stop(self) -> None:
        """End, once what is being answered is answered."""
        app: Any = self.config.app
        app.state.tails.stop()
        app.state.changes.stop()
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End in good order on SIGINT and SIGTERM, at once on the second."""
        loop = asyncio.get_running_loop()
        asked = 0

        def end() -> None:
            nonlocal asked
            asked += 1
            self.force_exit = asked > 1
            self.stop()

        with contextlib.ExitStack() as stack:
            for number in (signal.SIGINT, signal.SIGTERM):
                with contextlib.suppress(
                    RuntimeError, ValueError
                ):  # not in the main thread: whoever started it ends it
                    loop.add_signal_handler(number, end)
                    stack.callback(loop.remove_signal_handler, number)
            yield


def make_server(app: FastAPI) -> Server:
    """A server for an application. It logs warnings and errors, never a request: those may hold a token."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=GRACE_SECONDS,
        lifespan="on",
    )
    return Server(config)


def serve(app: FastAPI, sock: socket.socket) -> None:
    """Serve on a socket until SIGINT or SIGTERM."""
    make_server(app).run(sockets=[sock])
