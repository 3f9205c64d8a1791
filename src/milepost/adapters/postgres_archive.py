"""Looking after a ledger in PostgreSQL: all rows out, rows in, what is derived from them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from milepost.adapters.event_rows import EventRow, another_event, restored
from milepost.adapters.postgres_appends import Head, head_of, key_of, new_id
from milepost.adapters.postgres_link import Link
from milepost.app.ports import LedgerRow
from milepost.errors import LedgerUnavailable

if TYPE_CHECKING:
    from milepost.adapters.postgres_link import Connection

_ROWS = """
SELECT name, event.version, kind, v, payload, encode(event.hash, 'hex')
FROM milepost.event JOIN milepost.stream ON stream.id = stream_id WHERE project = %s ORDER BY position
"""
_HASHES = """
SELECT event.version, event.hash FROM milepost.event JOIN milepost.stream ON stream.id = stream_id
WHERE project = %s AND name = %s
"""
_SET_HEAD = """
INSERT INTO milepost.stream (project, name, version, hash) VALUES (%s, %s, %s, %s)
ON CONFLICT (project, name) DO UPDATE SET version = excluded.version, hash = excluded.hash RETURNING id
"""
_COPY = "COPY milepost.event (stream_id, version, kind, v, payload, hash, append_id) FROM STDIN"
_MISSING = """
SELECT name, stream.version - count(event.version) FROM milepost.stream
LEFT JOIN milepost.event ON stream_id = stream.id
WHERE project = %s GROUP BY stream.id HAVING count(event.version) < stream.version ORDER BY name
"""
_REBUILD = """
UPDATE milepost.stream SET version = last.version, hash = last.hash FROM (
    SELECT DISTINCT ON (stream_id) stream_id, version, hash FROM milepost.event ORDER BY stream_id, version DESC
) AS last
WHERE project = %s AND id = last.stream_id
"""
_PAGE = 1000


def rows(link: Link, project: str) -> Iterator[LedgerRow]:
    """Every event of a project as it is at one moment, in the order in which they were appended.

    Raises:
        LedgerUnavailable: the connection breaks on the way, or the server refuses.
    """
    import psycopg

    connection = link.run(lambda _: link.connect())
    try:
        with connection.transaction(), connection.cursor(name="rows") as cursor:
            cursor.itersize = _PAGE
            cursor.execute(_ROWS, (project,))
            for position, row in enumerate(cursor, 1):
                yield LedgerRow(position, *row)
    except psycopg.Error as error:
        raise link.explained(error) from None
    finally:
        connection.close()


def restore(connection: Connection, project: str, given: Sequence[LedgerRow], place: str) -> int:
    """Add the rows that are not there yet, all or none, and give how many. Raises ``psycopg.Error``.

    Raises:
        LedgerUnavailable: an event is not the one that follows in its stream here, or its hash is wrong.
    """
    with connection.transaction():
        connection.execute("LOCK TABLE milepost.stream IN SHARE ROW EXCLUSIVE MODE")
        heads: dict[str, Head] = {}
        hashes: dict[str, dict[int, bytes]] = {}
        added: list[tuple[str, EventRow]] = []
        for row in given:
            head = heads.get(row.stream) or head_of(connection, project, row.stream)
            heads[row.stream] = head
            if row.version <= head.version:
                if row.stream not in hashes:
                    hashes[row.stream] = _hashes(connection, project, row.stream)
                if hashes[row.stream].get(row.version, b"").hex() != row.hash:
                    raise another_event(row, place)
                continue
            found = restored(row, head.version, head.hash, place)
            added.append((row.stream, found))
            heads[row.stream] = Head(head.stream_id, found.version, found.hash)
            hashes.setdefault(row.stream, {})[found.version] = found.hash
        _write(connection, project, added, heads)
    return len(added)


def _hashes(connection: Connection, project: str, stream: str) -> dict[int, bytes]:
    return dict(connection.execute(_HASHES, (project, stream), binary=True).fetchall())


def _write(connection: Connection, project: str, added: Sequence[tuple[str, EventRow]], heads: dict[str, Head]) -> None:
    ids = {}
    for stream in dict.fromkeys(stream for stream, _ in added):
        found = connection.execute(_SET_HEAD, (project, stream, heads[stream].version, heads[stream].hash)).fetchone()
        ids[stream] = found[0] if found else 0
    mark = new_id()
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for stream, row in added:
            copy.write_row((ids[stream], *row, mark))
    for stream in ids:
        connection.execute("SELECT pg_notify(%s, '')", (f"milepost_{key_of(project, stream)}",))


def server_facts(connection: Connection) -> dict[str, str]:
    """The version of the server, and how long it takes to answer. Raises ``psycopg.Error``."""
    began = time.perf_counter()
    found = connection.execute("SHOW server_version").fetchone()
    took = (time.perf_counter() - began) * 1000
    return {"server": f"PostgreSQL {str(found[0]).split()[0] if found else '?'}", "answer": f"{took:.1f} ms"}


def rebuild(connection: Connection, project: str, place: str) -> int:
    """Derive anew where streams end, and give of how many. Raises ``psycopg.Error``.

    Raises:
        LedgerUnavailable: a stream has fewer events than it says.
    """
    with connection.transaction():
        connection.execute("LOCK TABLE milepost.stream IN SHARE ROW EXCLUSIVE MODE")
        missing = connection.execute(_MISSING, (project,)).fetchone()
        if missing is not None:
            raise LedgerUnavailable(
                f"{missing[0]} lacks {missing[1]} of its events, and only its end still tells",
                place=place,
                remedy="bring the events back from a backup: `milepost ledger import`",
            )
        return connection.execute(_REBUILD, (project,)).rowcount
