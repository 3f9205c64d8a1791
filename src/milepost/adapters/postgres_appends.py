"""Appends to a PostgreSQL ledger, each one statement that may be sent again, and turns made of them."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from milepost.adapters.event_rows import EventRow
from milepost.adapters.postgres_link import Link
from milepost.errors import TurnLost

if TYPE_CHECKING:
    from milepost.adapters.postgres_link import Connection, Cursor

_T = TypeVar("_T")

_BEGIN_STREAM = """
    INSERT INTO milepost.stream (version, hash, project, name) VALUES (%s, %b, %s, %s)
    ON CONFLICT (project, name) DO NOTHING RETURNING id
"""
# The hash covers the stream's name and the version, so it tells the end of a stream from any other.
_MOVE_STREAM = "UPDATE milepost.stream SET version = %s, hash = %b WHERE id = %s AND hash = %b RETURNING id"
_ONE = "(VALUES (%s::integer, %s, %s::smallint, %s, %b))"
_MANY = "unnest(%s::integer[], %s::text[], %s::smallint[], %s::text[], %s::bytea[])"
# Whoever waits for news of a stream shares its lock. Where nobody does, nobody is told: to tell costs all writers of
# the database a common lock while they commit.
_ADD = """
WITH head AS ({head}), added AS (
    INSERT INTO milepost.event (stream_id, version, kind, v, payload, hash, append_id)
    SELECT head.id, row.version, row.kind, row.v, row.payload, row.hash, %s::bigint
    FROM head, {rows} AS row (version, kind, v, payload, hash)
)
SELECT id, CASE WHEN pg_try_advisory_xact_lock(%s::bigint) THEN '' ELSE pg_notify('milepost_' || %s, '')::text END
FROM head
"""
_STATEMENTS = {
    (begins, single): _ADD.format(head=head, rows=rows).encode()
    for begins, head in ((True, _BEGIN_STREAM), (False, _MOVE_STREAM))
    for single, rows in ((True, _ONE), (False, _MANY))
}
_HEAD = "SELECT id, version, hash FROM milepost.stream WHERE project = %s AND name = %s"
_KEPT = """
SELECT stream_id FROM milepost.event JOIN milepost.stream ON stream.id = stream_id
WHERE project = %s AND name = %s AND event.version = %s AND append_id = %s
"""
_LOCK_STREAM = "SELECT FROM milepost.stream WHERE project = %s AND name = %s FOR UPDATE"
_LOCK_ALL = "LOCK TABLE milepost.stream IN SHARE ROW EXCLUSIVE MODE"


class Head(NamedTuple):
    """The end of a stream: its number in the database, its version, and the hash of its last event."""

    stream_id: int
    version: int
    hash: bytes


class Batch(NamedTuple):
    """Rows that are to follow on a version of a stream. ``id`` tells this append from one that says the very same."""

    stream: str
    after: Head
    rows: list[EventRow]
    id: int


def new_id() -> int:
    """What tells an append from any other: 63 bits by chance."""
    return int.from_bytes(os.urandom(8), "big") >> 1


@functools.lru_cache(64)
def key_of(project: str, stream: str) -> int:
    """The number of the lock by which those who wait for news of a stream are known; their channel ends with it."""
    digest = hashlib.sha256(f"{project}\0{stream}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def head_of(connection: Connection, project: str, stream: str) -> Head:
    """The end of a stream; version 0 of one that there is not. Raises ``psycopg.Error``."""
    found = connection.execute(_HEAD, (project, stream), binary=True).fetchone()
    return Head(*found) if found else Head(0, 0, b"")


def add(cursor: Connection | Cursor, project: str, batch: Batch) -> Head | None:
    """Add a batch, and give the end of its stream; None when it does not end where the batch follows on.

    Raises ``psycopg.Error``.
    """
    stream, after, rows, name = batch
    last = rows[-1]
    begins, single = after.version == 0, len(rows) == 1
    where = (project, stream) if begins else (after.stream_id, after.hash)
    columns = last if single else map(list, zip(*rows, strict=True))
    key = key_of(project, stream)
    values = (last.version, last.hash, *where, name, *columns, key, key)
    added = cursor.execute(_STATEMENTS[begins, single], values).fetchone()
    return Head(added[0], last.version, last.hash) if added else None


def kept(connection: Connection, project: str, batch: Batch) -> Head | None:
    """Where a batch ends in the ledger; None when it is not there. Raises ``psycopg.Error``."""
    last = batch.rows[-1]
    found = connection.execute(_KEPT, (project, batch.stream, last.version, batch.id)).fetchone()
    return Head(found[0], last.version, last.hash) if found else None


class Turn:
    """A transaction in which nobody else appends. When its connection breaks it is made again on another one.

    The server lets go of it when this process dies, or is silent for too long.
    """

    def __init__(self, link: Link, project: str, stream: str) -> None:
        self.link = link
        self.project = project
        self.stream = stream
        self.batches: list[Batch] = []
        self._connection: Connection | None = None

    def run(self, work: Callable[[Connection], _T]) -> _T:
        """Do some work within the turn.

        Raises:
            LedgerUnavailable: no server answers for too long, or it refuses.
            TurnLost: the turn cannot be made again, as somebody else appended since the connection broke.
        """
        return self.link.run(lambda connection: work(self._begun(connection)))

    def commit(self) -> None:
        """Keep what was added. Raises as :meth:`run`."""
        self.link.run(self._commit)

    def roll_back(self) -> None:
        """Leave nothing of it; a connection that is gone has done so itself."""
        if self._connection is not None and not self._connection.closed:
            try:
                self._connection.execute("ROLLBACK")
            except Exception:  # nothing is kept of a transaction whose connection ends
                self._connection.close()

    def _commit(self, connection: Connection) -> None:
        if not self._is_open_on(connection):
            if not self.batches or kept(connection, self.project, self.batches[-1]):
                return
            self._begun(connection)
        connection.execute("COMMIT")

    def _begun(self, connection: Connection) -> Connection:
        if not self._is_open_on(connection):
            connection.rollback()
            connection.execute("BEGIN")
            self._connection = connection
            if self.stream:
                connection.execute(_LOCK_STREAM, (self.project, self.stream))
            else:
                connection.execute(_LOCK_ALL)
            for batch in self.batches:
                if not (add(connection, self.project, batch) or kept(connection, self.project, batch)):
                    raise TurnLost(
                        place=str(self.link.address), remedy="try again: the run goes on from what is recorded"
                    )
        return connection

    def _is_open_on(self, connection: Connection) -> bool:
        from psycopg.pq import TransactionStatus

        return connection is self._connection and connection.info.transaction_status == TransactionStatus.INTRANS
