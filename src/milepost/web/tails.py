"""The ends of the ledgers' streams, followed once for however many clients look on.

One thread looks at the ledgers while anybody waits; where a ledger tells of news, another one listens to it, and it is
looked at only then. A client keeps nothing here but the version it has seen: a slow
one finds what it missed in memory or in the ledger, so no queue grows, nothing is lost, nothing comes twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from milepost.app.ports import Ledger, Telling
from milepost.errors import MilepostError
from milepost.execution.events import Event, to_payload

LOOK_SECONDS = 0.05
"""Between two looks at the ledgers."""

LISTEN_SECONDS = 5.0
"""After which a ledger that tells of news is looked at all the same."""

_REMEMBERED = 1000
_BATCH = 500


def event_json(version: int, event: Event) -> dict[str, Any]:
    """An event as the API gives it: a specification is only counted, as it is as large as the plan."""
    payload = to_payload(event)
    if "spec" in payload:
        payload["spec"] = f"{len(payload['spec']['tasks'])} tasks"
    return {"version": version, "event": type(event).__name__, **payload}


def frame(version: int, event: Event) -> bytes:
    """An event as server-sent: its id is its version, its type is ``run``, its data JSON."""
    data = json.dumps(event_json(version, event), separators=(",", ":"))
    return f"id: {version}\nevent: run\ndata: {data}\n\n".encode()


@dataclass
class Tail:
    """The end of one run's stream: the frames of its last events, up to ``version`` (-1: not looked at yet)."""

    stream: str
    open_ledger: Callable[[], Ledger]
    version: int = -1
    frames: list[bytes] = field(default_factory=list)
    followers: int = 0
    looked_at: bool = False
    failure: MilepostError | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def remembered(self, after: int) -> bytes | None:
        """What came after a version, in one piece; None when that is no longer remembered."""
        missing = self.version - after
        if missing > len(self.frames):
            return None
        return b"".join(self.frames[len(self.frames) - missing :]) if missing > 0 else b""


class Tails:
    """All tails that somebody follows. Everything but :meth:`stop` is called in the event loop's thread."""

    def __init__(self, look_seconds: float = LOOK_SECONDS) -> None:
        self._look_seconds = look_seconds
        self._tails: dict[tuple[str, str], Tail] = {}
        self._ledgers: dict[str, Ledger] = {}
        self._looker: asyncio.Task[None] | None = None
        self._listeners: dict[str, asyncio.Task[None]] = {}
        self._tellers: dict[str, Telling] = {}
        self._thread: ThreadPoolExecutor | None = None
        self.stopping = asyncio.Event()
        self.followers = 0

    async def follow(
        self, place: str, stream: str, open_ledger: Callable[[], Ledger], after: int = 0
    ) -> AsyncIterator[bytes]:
        """Frames of a run's events after a version, as they come, several in a piece.

        ``place`` names the ledger. Ends only when the server stops: what is finished may be reopened.

        Raises:
            LedgerUnavailable: the ledger cannot be read.
        """
        tail = self._join(place, stream, open_ledger)
        try:
            while not self.stopping.is_set():
                if tail.failure is not None:
                    raise tail.failure
                waiting = tail.changed
                if tail.version <= after:
                    await waiting.wait()
                    continue
                piece = tail.remembered(after)
                if piece is not None:
                    after = tail.version
                else:
                    piece, after = await self._call(self._read, place, tail, after)
                yield piece
        finally:
            self._leave(place, tail)

    def stop(self) -> None:
        """End every stream, so that the server can end."""
        self.stopping.set()
        for tail in self._tails.values():
            tail.changed.set()
        for teller in self._tellers.values():
            teller.wake()

    async def close(self) -> None:
        """Let go of the ledgers."""
        self.stop()
        if self._looker is not None:
            self._looker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looker
        await asyncio.gather(*self._listeners.values(), return_exceptions=True)
        if self._thread is not None:
            for ledger in self._ledgers.values():
                await self._call(ledger.close)
            self._thread.shutdown()

    def _join(self, place: str, stream: str, open_ledger: Callable[[], Ledger]) -> Tail:
        tail = self._tails.setdefault((place, stream), Tail(stream, open_ledger))
        tail.followers += 1
        self.followers += 1
        if self._looker is None or self._looker.done():
            self._looker = asyncio.create_task(self._look())
        return tail

    def _leave(self, place: str, tail: Tail) -> None:
        tail.followers -= 1
        self.followers -= 1
        if not tail.followers:
            self._tails.pop((place, tail.stream), None)
            if place in self._tellers:
                self._tellers[place].wake()

    async def _look(self) -> None:
        """Read what is new, again and again, while anybody follows: also who came while the ledgers were let go of."""
        while self._tails and not self.stopping.is_set():
            for (place, _), tail in list(self._tails.items()):
                if tail.version < 0 or place not in self._tellers:
                    await self._advance(place, tail)
                    self._listen(place, tail)
            await asyncio.sleep(self._look_seconds)
            if not self._tails:
                await self._let_go()

    def _listen(self, place: str, tail: Tail) -> None:
        """Have a ledger tell of a stream whose end is known, if it can."""
        if tail.version < 0 or not isinstance(self._ledgers.get(place), Telling):
            return
        if place in self._tellers:
            self._tellers[place].wake()
        elif place not in self._listeners:
            listener = asyncio.create_task(self._hear(place, tail.open_ledger))
            self._listeners[place] = listener
            listener.add_done_callback(lambda _: self._listeners.pop(place, None))

    async def _hear(self, place: str, open_ledger: Callable[[], Ledger]) -> None:
        """Look at the tails of a ledger whenever it tells of news; once that fails they are looked at as others are."""
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, "milepost-news") as thread:
            ledger = await loop.run_in_executor(thread, open_ledger)
            try:
                assert isinstance(ledger, Telling)
                await loop.run_in_executor(thread, ledger.wait_for_any, {}, 0.0)
                self._tellers[place] = ledger
                while (tails := self._tails_of(place)) and not self.stopping.is_set():
                    for tail in tails:
                        await self._advance(place, tail)
                    known = {tail.stream: tail.version for tail in self._tails_of(place) if tail.version >= 0}
                    await loop.run_in_executor(thread, ledger.wait_for_any, known, LISTEN_SECONDS)
            except MilepostError:
                pass  # whoever looks next finds out why
            finally:
                self._tellers.pop(place, None)
                await loop.run_in_executor(thread, ledger.close)

    def _tails_of(self, place: str) -> list[Tail]:
        return [tail for (each, _), tail in self._tails.items() if each == place]

    async def _let_go(self) -> None:
        for place in list(self._ledgers):
            if not self._tails_of(place):
                await self._call(self._ledgers.pop(place).close)

    async def _advance(self, place: str, tail: Tail) -> None:
        if tail.looked_at:
            return
        tail.looked_at = True
        try:
            await self._read_on(place, tail)
        finally:
            tail.looked_at = False

    async def _read_on(self, place: str, tail: Tail) -> None:
        try:
            if tail.version < 0:  # what is old already is read by those who want it
                tail.version = await self._call(self._count, place, tail)
            else:
                news = await self._call(self._frames, place, tail, tail.version)
                if not news:
                    return
                tail.frames = [*tail.frames, *news][-_REMEMBERED:]
                tail.version += len(news)
        except MilepostError as error:
            tail.failure = error
            self._tails.pop((place, tail.stream), None)
        tail.changed.set()
        tail.changed = asyncio.Event()

    async def _call(self, work: Callable[..., Any], *values: Any) -> Any:
        """Do something with a ledger in the one thread that they are opened in."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "milepost-tails")
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *values)

    def _ledger(self, place: str, tail: Tail) -> Ledger:
        if place not in self._ledgers:
            self._ledgers[place] = tail.open_ledger()
        return self._ledgers[place]

    def _count(self, place: str, tail: Tail) -> int:
        found = self._ledger(place, tail).streams(tail.stream)
        return next((stream.version for stream in found if stream.name == tail.stream), 0)

    def _frames(self, place: str, tail: Tail, after: int) -> list[bytes]:
        events = self._ledger(place, tail).read(tail.stream, after)
        return [frame(after + number, event) for number, event in enumerate(events, 1)]

    def _read(self, place: str, tail: Tail, after: int) -> tuple[bytes, int]:
        frames = self._frames(place, tail, after)[:_BATCH]
        return b"".join(frames), after + len(frames)
