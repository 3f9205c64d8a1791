"""Waiting for news of a stream in PostgreSQL: who appends tells those who wait, if there are any."""

from __future__ import annotations

import contextlib
import select
import time
from typing import TYPE_CHECKING

from milepost.adapters.postgres_appends import head_of, key_of
from milepost.adapters.postgres_link import Link, read_schema

if TYPE_CHECKING:
    from milepost.adapters.postgres_link import Connection

_NAP = 0.2
"""Seconds until the server is looked for again after it went away."""


class Watch:
    """Waits on a connection of its own, which it opens when it first waits."""

    def __init__(self, link: Link, project: str, stream: str) -> None:
        self.link = link
        self.project = project
        self.stream = stream
        self._connection: Connection | None = None
        self._told = False

    def wait(self, after: int, seconds: float) -> None:
        """Come back when the stream may hold more than so many events, or when so many seconds are over.

        Raises:
            LedgerUnavailable: the server refuses, and not because it is away for a moment.
        """
        import psycopg

        until = time.monotonic() + seconds
        try:
            connection = self._listening()
            while not self._told and self._version(connection) <= after and (left := until - time.monotonic()) > 0:
                select.select([connection.fileno()], [], [], left)
        except psycopg.Error as error:
            self.close()
            self.link.require_passing(error)
            time.sleep(max(0.0, min(until - time.monotonic(), _NAP)))

    def close(self) -> None:
        """Wait no more."""
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.close()
            self._connection = None

    def __del__(self) -> None:
        self.close()

    def _version(self, connection: Connection) -> int:
        if read_schema(connection) is None:
            return 0
        return head_of(connection, self.project, self.stream).version

    def _listening(self) -> Connection:
        if self._connection is None:
            self._connection = self.link.connect()
            self._connection.add_notify_handler(self._tell)
            key = key_of(self.project, self.stream)
            # An append that saw nobody wait is over once the lock is ours: what it added is seen by whoever looks now.
            self._connection.execute(f'LISTEN "milepost_{key}"'.encode())
            self._connection.execute("SELECT pg_advisory_lock_shared(%s)", (key,))
        self._told = False
        return self._connection

    def _tell(self, _: object) -> None:
        self._told = True
