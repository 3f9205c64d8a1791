"""Appends to a PostgreSQL ledger, each one statement that may be sent again, and turns made of them."""

from __future__ import annotations

import functools
import hashlib
import os
import struct
from collections.abc import Callable
from itertools import product
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from milepost.adapters.event_rows import EventRow
from milepost.adapters.postgres_link import Link
from milepost.adapters.postgres_wire import BYTEA, INT2, INT4, INT8, TEXT, Statement, Wire
from milepost.errors import TurnLost

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

    from milepost.adapters.postgres_link import Connection

_T = TypeVar("_T")
_int2, _int4, _int8 = (struct.Struct(form).pack for form in ("!h", "!i", "!q"))

_BEGIN_STREAM = """
    INSERT INTO milepost.stream (version, hash, project, name) VALUES ($1, $2, $3, $4)
    ON CONFLICT (project, name) DO NOTHING RETURNING id
"""
# The hash covers the stream's name and the version, so it tells the end of a stream from any other.
_MOVE_STREAM = "UPDATE milepost.stream SET version = $1, hash = $2 WHERE id = $3 AND hash = $4 RETURNING id"
_ONE = "(VALUES ($7::integer, $8::text, $9::smallint, $10::text, $11::bytea))"
_MANY = "unnest($7::integer[], $8::text[], $9::smallint[], $10::text[], $11::bytea[])"
# Whoever waits for news of a stream shares its lock. Where nobody does, nobody is told: to tell costs all writers of
# the database a common lock while they commit.
_ADD = """
WITH head AS ({head}), added AS (
    INSERT INTO milepost.event (stream_id, version, kind, v, payload, hash, append_id)
    SELECT head.id, row.version, row.kind, row.v, row.payload, row.hash, $5
    FROM head, {rows} AS row (version, kind, v, payload, hash)
)
SELECT id, CASE WHEN pg_try_advisory_xact_lock($6) THEN '' ELSE pg_notify('milepost_' || $6::text, '')::text END{more}
FROM head
"""
# Committed, and seen by others, before it is on the disk: something else has to be committed before it counts.
_LOOSE = ", set_config('synchronous_commit', 'off', true)"
_ROW = (INT4, TEXT, INT2, TEXT, BYTEA)
_ROWS = (1007, 1009, 1005, 1009, 1001)  # arrays of these


def _statement(begins: bool, single: bool, loose: bool) -> Statement:
    head, where = (_BEGIN_STREAM, (TEXT, TEXT)) if begins else (_MOVE_STREAM, (INT8, BYTEA))
    rows, columns = (_ONE, _ROW) if single else (_MANY, _ROWS)
    text = _ADD.format(head=head, rows=rows, more=_LOOSE if loose else "")
    types = (INT4, BYTEA, *where, INT8, INT8, *columns)
    return Statement(f"milepost_add_{begins:d}{single:d}{loose:d}".encode(), text.encode(), types)


_STATEMENTS = {key: _statement(*key) for key in product((False, True), repeat=3)}
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


def new_id(more: bool = False) -> int:
    """What tells an append from any other: 62 bits by chance, and whether its writer is about to append ``more``."""
    return int.from_bytes(os.urandom(8), "big") >> 2 << 1 | more


def more_follows(append_id: int) -> bool:
    """Whether who made an append was about to make another one."""
    return bool(append_id & 1)


@functools.lru_cache(64)
def key_of(project: str, stream: str) -> int:
    """The number of the lock by which those who wait for news of a stream are known; their channel ends with it."""
    digest = hashlib.sha256(f"{project}\0{stream}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def head_of(connection: Connection, project: str, stream: str) -> Head:
    """The end of a stream; version 0 of one that there is not. Raises ``psycopg.Error``."""
    found = connection.execute(_HEAD, (project, stream), binary=True).fetchone()
    return Head(*found) if found else Head(0, 0, b"")


def add(wire: Wire, project: str, batch: Batch) -> Head | None:
    """Add a batch, and give the end of its stream; None when it does not end where the batch follows on.

    Raises ``psycopg.Error``.
    """
    statement, values = statement_of(project, batch)
    return added(wire.ask(statement, *values), batch)


def statement_of(project: str, batch: Batch, *, loose: bool = False) -> tuple[Statement, tuple[bytes, ...]]:
    """What adds a batch.

    A ``loose`` one others may follow on before it is on the disk, of which nothing is known until something else is
    committed.
    """
    stream, after, rows, name = batch
    last = rows[-1]
    begins, single = after.version == 0, len(rows) == 1
    where = (project.encode(), stream.encode()) if begins else (_int8(after.stream_id), after.hash)
    if single:
        columns = _fields(last)
    else:
        fields = zip(*map(_fields, rows), strict=True)
        columns = tuple(_array(of, column) for of, column in zip(_ROW, fields, strict=True))
    values = (_int4(last.version), last.hash, *where, _int8(name), _int8(key_of(project, stream)), *columns)
    return _STATEMENTS[begins, single, loose], values


def _fields(row: EventRow) -> tuple[bytes, ...]:
    return _int4(row.version), row.kind.encode(), _int2(row.v), row.payload.encode(), row.hash


def _array(of: int, values: tuple[bytes, ...]) -> bytes:
    """An array: of one dimension, without nulls, the elements' type, how many, counted from 1; each with its length."""
    head = struct.pack("!iiIii", 1, 0, of, len(values), 1)
    return head + b"".join(part for value in values for part in (_int4(len(value)), value))


def added(result: PGresult, batch: Batch) -> Head | None:
    """The end of its stream after a batch was sent; None when it did not follow on."""
    last, found = batch.rows[-1], result.get_value(0, 0) if result.ntuples else None
    return Head(int.from_bytes(found, "big"), last.version, last.hash) if found else None


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
                if not (add(self.link.wire(connection), self.project, batch) or kept(connection, self.project, batch)):
                    raise TurnLost(
                        place=str(self.link.address), remedy="try again: the run goes on from what is recorded"
                    )
        return connection

    def _is_open_on(self, connection: Connection) -> bool:
        from psycopg.pq import TransactionStatus

        return connection is self._connection and connection.info.transaction_status == TransactionStatus.INTRANS
