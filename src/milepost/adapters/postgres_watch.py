"""Waiting for news of streams in PostgreSQL: who appends tells those who wait, if there are any."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from milepost.adapters.postgres_appends import key_of
from milepost.adapters.postgres_link import Link, read_schema

if TYPE_CHECKING:
    from milepost.adapters.postgres_link import Connection

_NAP = 0.2
"""Seconds until the server is looked for again after it went away."""

_VERSIONS = "SELECT name, version FROM milepost.stream WHERE project = %s AND name = ANY(%s)"


class Watch:
    """Waits on a connection of its own, which it opens when it first waits."""

    def __init__(self, link: Link, project: str) -> None:
        self.link = link
        self.project = project
        self._connection: Connection | None = None
        self._streams: set[str] = set()
        self._told = False
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)

    def wait(self, versions: Mapping[str, int], seconds: float) -> None:
        """Come back when a stream may hold more events than it is given with, when woken, or when time is over.

        Raises:
            LedgerUnavailable: the server refuses, and not because it is away for a moment.
        """
        import psycopg

        until = time.monotonic() + seconds
        try:
            connection = self._listening(versions)
            while not self._told and not self._news(connection, versions) and (left := until - time.monotonic()) > 0:
                ready, _, _ = select.select([connection.fileno(), self._woken.fileno()], [], [], left)
                if self._woken.fileno() in ready:
                    self._woken.recv(1000)
                    return
        except psycopg.Error as error:
            self._let_go()
            self.link.require_passing(error)
            time.sleep(max(0.0, min(until - time.monotonic(), _NAP)))

    def wake(self) -> None:
        """Have whoever waits in another thread come back; the next one, if nobody does."""
        with contextlib.suppress(OSError):
            self._waker.send(b"!")

    def close(self) -> None:
        """Wait no more."""
        self._let_go()
        self._woken.close()
        self._waker.close()

    def __del__(self) -> None:
        self.close()

    def _let_go(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.close()
            self._connection = None

    def _news(self, connection: Connection, versions: Mapping[str, int]) -> bool:
        """Whether a stream holds more than it is given with."""
        if not versions or read_schema(connection) is None:
            return False
        found = connection.execute(_VERSIONS, (self.project, list(versions))).fetchall()
        return any(version > versions[name] for name, version in found)

    def _listening(self, streams: Collection[str]) -> Connection:
        """A connection that hears of these streams, and of no others."""
        if self._connection is None:
            self._connection = self.link.connect()
            self._connection.add_notify_handler(self._tell)
            self._streams = set()
        for stream in self._streams.difference(streams):
            self._streams.discard(stream)
            key = key_of(self.project, stream)
            self._connection.execute(f'UNLISTEN "milepost_{key}"'.encode())
            self._connection.execute("SELECT pg_advisory_unlock_shared(%s)", (key,))
        for stream in set(streams).difference(self._streams):
            key = key_of(self.project, stream)
            # An append that saw nobody wait is over once the lock is ours: what it added is seen by whoever looks now.
            self._connection.execute(f'LISTEN "milepost_{key}"'.encode())
            self._connection.execute("SELECT pg_advisory_lock_shared(%s)", (key,))
            self._streams.add(stream)
        self._told = False
        return self._connection

    def _tell(self, _: object) -> None:
        self._told = True
