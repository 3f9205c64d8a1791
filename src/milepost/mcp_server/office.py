"""Where calls are carried out: one thread with the plans at hand, others for calls that take long."""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from milepost.bootstrap.desks import Desk
from milepost.errors import MilepostError, UnknownName
from milepost.mcp_server import replies
from milepost.mcp_server.callers import Caller
from milepost.mcp_server.parameters import checked
from milepost.mcp_server.replies import Reply
from milepost.mcp_server.tool import Call, Tool
from milepost.mcp_server.tools import TOOLS

_QUIET, _LONGEST = 0.1, 1.0
"""After so many seconds without a change documents are brought up to date, and after so many in any case."""

_SLOW_CALLS = 4


class Office:
    """Carries out calls on the plans of a place. What runs know is in the ledger when a call is answered; documents
    are brought up to date a moment later, once for many calls, and at the end.
    """

    def __init__(self, place: str) -> None:
        """Serve the plan at ``place``, or those in that folder."""
        self._desk = Desk(place)
        self._thread = ThreadPoolExecutor(1, "milepost-desk")
        self._slow = ThreadPoolExecutor(_SLOW_CALLS, "milepost-slow")
        self._saving: asyncio.TimerHandle | None = None
        self._unsaved_since = 0.0
        self._trouble = ""

    async def call(self, name: str, given: Mapping[str, Any], caller: Caller) -> Reply:
        """Carry out a call; every mistake and trouble is an answer."""
        loop = asyncio.get_running_loop()
        try:
            tool = _tool(name)
            caller.require(tool.scope, f"use {name}")
            call = Call(self._desk, caller, checked(tool.parameters, given))
            slow = await loop.run_in_executor(self._thread, tool.slow, call)
            if slow:
                reply = await loop.run_in_executor(self._slow, self._apart, tool, call)
            else:
                reply = await loop.run_in_executor(self._thread, tool.run, call)
        except MilepostError as error:
            reply = replies.error(error)
        except Exception as error:  # a bug of ours must not end the connection of an agent at work
            traceback.print_exc(file=sys.stderr)
            found = MilepostError(f"the server failed: {type(error).__name__}", remedy="tell a person; call again")
            reply = replies.error(found)
        else:
            if tool.writes:
                self._save_soon()
        return replace(reply, text=f"{reply.text}\n{self._trouble}") if self._trouble else reply

    def _apart(self, tool: Tool, call: Call) -> Reply:
        """Carry out a call on plans of its own, so that it holds nobody up."""
        desk = self._desk.beside()
        try:
            return tool.run(replace(call, desk=desk))
        finally:
            if failures := desk.close():
                self._note(failures)

    def _save_soon(self) -> None:
        now = time.monotonic()
        if self._saving is not None:
            if now - self._unsaved_since > _LONGEST:
                return
            self._saving.cancel()
        else:
            self._unsaved_since = now
        self._saving = asyncio.get_running_loop().call_later(_QUIET, self._save)

    def _save(self) -> None:
        self._saving = None
        self._thread.submit(self._save_all)

    def _save_all(self) -> None:
        self._note(self._desk.save())

    def _note(self, failures: list[MilepostError]) -> None:
        self._trouble = "".join(f"note: the plan's file is not up to date: {error}" for error in failures[:1])

    def close(self, *, patient: bool = True) -> None:
        """Bring every document up to date and end; only if ``patient`` calls that take long are finished first."""
        if self._saving is not None:
            self._saving.cancel()
        self._slow.shutdown(wait=patient, cancel_futures=not patient)
        self._thread.submit(self._desk.close).result()
        self._thread.shutdown()


def _tool(name: str) -> Tool:
    if name in TOOLS:
        return TOOLS[name]
    from difflib import get_close_matches

    near = get_close_matches(name, TOOLS, n=1)
    remedy = f"did you mean {near[0]}?" if near else "there are " + ", ".join(TOOLS)
    raise UnknownName(f"there is no tool {name[:60]}", remedy=remedy)
