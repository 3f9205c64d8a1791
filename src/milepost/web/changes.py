"""What changes in the plans that are served, told to whoever looks on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.concurrency import run_in_threadpool

from milepost.errors import MilepostError
from milepost.web.plan_facts import run_number
from milepost.web.portfolio import Portfolio, ServedPlan

LOOK_SECONDS = 0.3


class Changes:
    """The state of every plan, looked at once for however many clients look on."""

    def __init__(self, portfolio: Portfolio, stopping: asyncio.Event) -> None:
        """Look at the plans of a portfolio until ``stopping``."""
        self._portfolio = portfolio
        self._stopping = stopping
        self._known: dict[str, str] = {}
        self._followers = 0
        self._looker: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    async def follow(self, plan: str | None = None) -> AsyncIterator[bytes]:
        """Server-sent events of type ``plan``: first how every plan stands (or one), then each that changes.

        A plan that is gone is told once, as ``{"plan", "gone": true}``.
        """
        told: dict[str, str] = {}
        self._followers += 1
        try:
            if self._looker is None or self._looker.done():
                self._known = await run_in_threadpool(self._look)
                self._looker = asyncio.create_task(self._look_on())
            while not self._stopping.is_set():
                changed = self._changed
                now = {key: data for key, data in self._known.items() if plan in (None, key)}
                gone = [key for key in told if key not in now]
                news = [data for key, data in now.items() if told.get(key) != data]
                news += [json.dumps({"plan": key, "gone": True}) for key in gone]
                told = now
                if news:
                    yield "".join(f"event: plan\ndata: {data}\n\n" for data in news).encode()
                await changed.wait()
        finally:
            self._followers -= 1

    def stop(self) -> None:
        """Wake everybody up, so that they see that the server ends."""
        self._changed.set()

    async def _look_on(self) -> None:
        while self._followers and not self._stopping.is_set():
            await asyncio.sleep(LOOK_SECONDS)
            found = await run_in_threadpool(self._look)
            if found != self._known:
                self._known = found
                self._changed.set()
                self._changed = asyncio.Event()

    def _look(self) -> dict[str, str]:
        return {plan.id: json.dumps(_state(plan)) for plan in self._portfolio.plans()}


def _state(plan: ServedPlan) -> dict[str, Any]:
    """A plan's document and run as far as it shows whether they have changed."""
    found: dict[str, Any] = {"plan": plan.id, "document": "", "run": 0, "version": 0, "problem": ""}
    try:
        with plan.opened() as view:
            moment = view.moment
            number = run_number(moment.run) if moment.run else 0
            return {**found, "document": view.document_etag, "run": number, "version": moment.version}
    except MilepostError as error:
        return {**found, "problem": error.code}
