"""Appends to a PostgreSQL ledger, each one statement that may be sent again, and turns made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from uuid import UUID

from milepost.adapters.event_rows import EventRow
from milepost.adapters.postgres_link import Link
from milepost.errors import TurnLost

if TYPE_CHECKING:
    from milepost.adapters.postgres_link import Connection

_T = TypeVar("_T")

_BEGIN_STREAM = """
    INSERT INTO milepost.stream (project, name, version, hash) VALUES (%(project)s, %(stream)s, %(to)s, %(hash)s)
    ON CONFLICT (project, name) DO NOTHING RETURNING id
"""
_MOVE_STREAM = """
    UPDATE milepost.stream SET version = %(to)s, hash = %(hash)s
    WHERE project = %(project)s AND name = %(stream)s AND version = %(version)s AND hash = %(previous)s
    RETURNING id
"""
_ONE = "(VALUES (%(to)s, %(kind)s, %(v)s, %(payload)s, %(hash)s))"
_MANY = (
    "unnest(%(versions)s::integer[], %(kinds)s::text[], %(vs)s::smallint[], %(payloads)s::text[], %(hashes)s::bytea[])"
)
# Whoever waits for news of a stream shares its lock. Where nobody does, nobody is told: to tell costs all writers of
# the database a common lock while they commit.
_ADD = """
WITH head AS ({head}), added AS (
    INSERT INTO milepost.event (stream_id, version, kind, v, payload, hash, append_id)
    SELECT head.id, row.version, row.kind, row.v, row.payload, row.hash, %(id)s
    FROM head, {rows} AS row (version, kind, v, payload, hash)
)
SELECT CASE WHEN pg_try_advisory_xact_lock(%(key)s) THEN '' ELSE pg_notify(%(channel)s, '')::text END FROM head
"""
_STATEMENTS = {
    (begins, single): _ADD.format(head=head, rows=rows)
    for begins, head in ((True, _BEGIN_STREAM), (False, _MOVE_STREAM))
    for single, rows in ((True, _ONE), (False, _MANY))
}
_HEAD = "SELECT version, hash FROM milepost.stream WHERE project = %s AND name = %s"
_KEPT = """
SELECT EXISTS (
    SELECT FROM milepost.event JOIN milepost.stream ON stream.id = stream_id
    WHERE project = %s AND name = %s AND event.version = %s AND append_id = %s
)
"""
_LOCK_STREAM = "SELECT FROM milepost.stream WHERE project = %s AND name = %s FOR UPDATE"
_LOCK_ALL = "LOCK TABLE milepost.stream IN SHARE ROW EXCLUSIVE MODE"


class Head(NamedTuple):
    """The end of a stream: its version, and the hash of its last event."""

    version: int
    hash: bytes


class Batch(NamedTuple):
    """Rows that are to follow on a version of a stream. ``id`` tells this append from one that says the very same."""

    stream: str
    after: Head
    rows: list[EventRow]
    id: UUID

    @property
    def head(self) -> Head:
        """The end of the stream when the rows are added."""
        return Head(self.rows[-1].version, self.rows[-1].hash)


def channel_of(project: str, stream: str) -> tuple[int, str]:
    """The number of the lock, and the name of the channel, by which those who wait for news of a stream are known."""
    digest = hashlib.sha256(f"{project}\0{stream}".encode("utf-8", "surrogatepass")).digest()[:8]
    return int.from_bytes(digest, "big", signed=True), f"milepost_{digest.hex()}"


def head_of(connection: Connection, project: str, stream: str) -> Head:
    """The end of a stream; version 0 of one that there is not. Raises ``psycopg.Error``."""
    found = connection.execute(_HEAD, (project, stream), binary=True).fetchone()
    return Head(*found) if found else Head(0, b"")


def add(connection: Connection, project: str, batch: Batch) -> bool:
    """Add a batch, unless the stream does not end where it follows on; true also when it was added before.

    Raises ``psycopg.Error``.
    """
    key, channel = channel_of(project, batch.stream)
    values = {
        "project": project,
        "stream": batch.stream,
        "version": batch.after.version,
        "previous": batch.after.hash,
        "to": batch.head.version,
        "hash": batch.head.hash,
        "id": batch.id,
        "key": key,
        "channel": channel,
    }
    single = len(batch.rows) == 1
    if single:
        values |= {"kind": batch.rows[0].kind, "v": batch.rows[0].v, "payload": batch.rows[0].payload}
    else:
        versions, kinds, vs, payloads, hashes = (list(column) for column in zip(*batch.rows, strict=True))
        values |= {"versions": versions, "kinds": kinds, "vs": vs, "payloads": payloads, "hashes": hashes}
    statement = _STATEMENTS[batch.after.version == 0, single].encode()
    return bool(connection.execute(statement, values).fetchone()) or kept(connection, project, batch)


def kept(connection: Connection, project: str, batch: Batch) -> bool:
    """Whether a batch is in the ledger. Raises ``psycopg.Error``."""
    found = connection.execute(_KEPT, (project, batch.stream, batch.head.version, batch.id)).fetchone()
    return found == (True,)


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
            connection.execute("ROLLBACK")
            connection.execute("BEGIN")
            self._connection = connection
            if self.stream:
                connection.execute(_LOCK_STREAM, (self.project, self.stream))
            else:
                connection.execute(_LOCK_ALL)
            for batch in self.batches:
                if not add(connection, self.project, batch):
                    raise TurnLost(
                        place=str(self.link.address), remedy="try again: the run goes on from what is recorded"
                    )
        return connection

    def _is_open_on(self, connection: Connection) -> bool:
        from psycopg.pq import TransactionStatus

        return connection is self._connection and connection.info.transaction_status == TransactionStatus.INTRANS
