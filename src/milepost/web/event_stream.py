"""Server-sent events as an answer: kept open by comments, ended for clients that do not read."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

KEEP_ALIVE_SECONDS = 15.0
PATIENCE_SECONDS = 60.0
"""How long a client may leave what it is sent unread before its line is cut."""

_KEEP_ALIVE = b": still here\n\n"
_START = b"retry: 1000\n\n"


class EventStream(Response):
    """Sends pieces of server-sent events as they come, until they end or the client goes away."""

    media_type = "text/event-stream"

    def __init__(self, pieces: AsyncIterator[bytes], status_code: int = 200) -> None:
        super().__init__(None, status_code, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        sending = asyncio.create_task(self._send_all(send))
        gone = asyncio.create_task(_until_gone(receive))
        try:
            await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, gone):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task
            await self._pieces.aclose()  # type: ignore[attr-defined]
        with contextlib.suppress(Exception):
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_all(self, send: Send) -> None:
        await _send(send, _START)
        following = asyncio.ensure_future(anext(self._pieces, None))
        try:
            while True:
                done, _ = await asyncio.wait((following,), timeout=KEEP_ALIVE_SECONDS)
                if not done:
                    await _send(send, _KEEP_ALIVE)
                    continue
                piece = following.result()
                if piece is None:
                    return
                await _send(send, piece)
                following = asyncio.ensure_future(anext(self._pieces, None))
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await following


async def _send(send: Send, body: bytes) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        await send({"type": "http.response.body", "body": body, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    message: Any = {}
    while message.get("type") != "http.disconnect":
        message = await receive()
