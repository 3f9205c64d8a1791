"""Standing in line for a stream of a PostgreSQL ledger, where many append to it at once.

Whoever is too late has decided in vain, and the more there are, the more of them are too late. In line each reads,
decides and appends while the others wait. It is a courtesy: appends compare the end of the stream all the same, so
that nothing depends on who stands in line, or on for how long.

The next one's turn comes when an append is committed, not when it is on the disk, which may take ten times as long:
what several append goes to the disk together. An append is over when it is there. To be quick, a turn is two messages:
one that waits and reads, one that appends and lets go.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from milepost.adapters.postgres_appends import Batch, Head, added, key_of, statement_of
from milepost.adapters.postgres_link import Link
from milepost.adapters.postgres_wire import INT8, Statement

if TYPE_CHECKING:
    from milepost.adapters.postgres_link import Connection

PATIENCE = 2.0
"""Seconds to wait in line: everybody's turn takes milliseconds, so somebody hangs in his."""

_REST = 30.0
"""Seconds in which nobody stands in a line that does not move."""

# What is read after the lock is there was committed by then: each statement sees what there is when it begins.
_PREPARE = b"""
PREPARE milepost_stand (bigint) AS
SELECT set_config('lock_timeout', '%dms', true), pg_advisory_lock($1);
PREPARE milepost_news (text, text, integer) AS
SELECT version, kind, v, payload, hash, stream_id FROM milepost.event
WHERE stream_id = (SELECT id FROM milepost.stream WHERE project = $1 AND name = $2) AND version > $3
ORDER BY version
"""
_STAND = b"EXECUTE milepost_stand (%d); EXECUTE milepost_news (%s, %s, %d)"
# A transaction that writes something, however little, ends when all that was written before is as durable as the
# server's settings ask.
_GO = Statement(
    b"milepost_go", b"SELECT pg_advisory_unlock($1), pg_logical_emit_message(true, 'milepost', '')", (INT8,)
)


class Line:
    """The lines of one project's streams; a process stands in one at a time."""

    def __init__(self, link: Link, project: str) -> None:
        self.link = link
        self.project = project
        self.patience = PATIENCE
        self._key = 0
        self._rest_until = 0.0
        self._prepared: Connection | None = None

    def stand(self, stream: str, after: int) -> list[tuple[Any, ...]] | None:
        """Wait until it is our turn, and give the rows after a version; None if that takes too long.

        Raises:
            LedgerUnavailable: no server answers, or it refuses.
        """
        if time.monotonic() < self._rest_until:
            return None
        key = key_of(self.project, f"{stream}\0line")
        try:
            rows = self.link.run(lambda connection: self._stand(connection, key, stream, after))
        except BaseException as error:
            if not isinstance(error, Exception):  # interrupted: it may be our turn already, and nobody would end it
                self.link.close()
            raise
        if rows is None:
            self._rest_until = time.monotonic() + _REST
        else:
            self._key = key
        return rows

    @property
    def first(self) -> bool:
        """Whether it is our turn."""
        return self._key != 0

    def add(self, connection: Connection, batch: Batch) -> Head | None:
        """Add a batch and let the next one's turn come; gives the end of the stream when it is durable.

        None when the stream does not end where the batch follows on. Raises ``psycopg.Error``.
        """
        statement, values = statement_of(self.project, batch, loose=True)
        return added(self.link.wire(connection).ask_both(statement, values, _GO, (self._name,)), batch)

    def go(self, connection: Connection) -> None:
        """Let the next one's turn come, and wait until all that was committed so far is durable.

        Raises ``psycopg.Error``.
        """
        self.link.wire(connection).ask(_GO, self._name)

    @property
    def _name(self) -> bytes:
        return self._key.to_bytes(8, "big", signed=True)

    def leave(self) -> None:
        """Stand in line no more."""
        if self._key:
            self.link.let_go(self._key)
            self._key = 0

    def left(self) -> None:
        """Note that the next one's turn has come."""
        self._key = 0

    def _stand(self, connection: Connection, key: int, stream: str, after: int) -> list[tuple[Any, ...]] | None:
        from psycopg.errors import LockNotAvailable
        from psycopg.pq import Escaping

        wire = self.link.wire(connection)
        if self._prepared is not connection:
            wire.simple(_PREPARE % round(self.patience * 1000))
            self._prepared = connection
        quote = Escaping(connection.pgconn).escape_literal
        try:
            found = wire.simple(_STAND % (key, quote(self.project.encode()), quote(stream.encode()), after))
        except LockNotAvailable:
            return None
        return [_row([found.get_value(row, column) or b"" for column in range(6)]) for row in range(found.ntuples)]


def _row(fields: list[bytes]) -> tuple[Any, ...]:
    """A row as the driver would give it."""
    version, kind, v, payload, digest, stream = fields
    return int(version), kind.decode(), int(v), payload.decode(), bytes.fromhex(digest[2:].decode()), int(stream)
