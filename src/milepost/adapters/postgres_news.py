"""Events of a stream in PostgreSQL as they are read: past the driver's cursors, which cost more than the server."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from milepost.adapters.postgres_wire import INT4, TEXT, Statement

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

NEWS = Statement(
    b"milepost_news",
    b"""
    SELECT version, kind, v, payload, hash, stream_id, append_id FROM milepost.event
    WHERE stream_id = (SELECT id FROM milepost.stream WHERE project = $1 AND name = $2) AND version > $3
    ORDER BY version
    """,
    (TEXT, TEXT, INT4),
)
"""Asked with :func:`asked`, understood with :func:`rows`."""

_int4 = struct.Struct("!i").pack
_number = int.from_bytes


class Row(NamedTuple):
    """An event as it is stored; ``stream`` is the number of its stream, ``append_id`` that of its append."""

    version: int
    kind: str
    v: int
    payload: str
    hash: bytes
    stream: int
    append_id: int


def asked(project: str, stream: str, after: int) -> tuple[bytes, ...]:
    """What to ask :data:`NEWS` for: the events of a stream after a version."""
    return project.encode(), stream.encode(), _int4(after)


def rows(found: PGresult) -> list[Row]:
    """The rows that were found, in order."""
    return [_row([found.get_value(row, column) or b"" for column in range(7)]) for row in range(found.ntuples)]


def _row(fields: list[bytes]) -> Row:
    version, kind, v, payload, digest, stream, append_id = fields
    return Row(
        _number(version, "big"),
        kind.decode(),
        _number(v, "big"),
        payload.decode(),
        digest,
        _number(stream, "big"),
        _number(append_id, "big", signed=True),
    )
