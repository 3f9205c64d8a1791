"""The ledger of one project: events in a SQLite file that many processes share.

Every event carries the hash of the one before it in its stream, so loss and tampering can be found later.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from milepost.adapters.event_rows import Known, another_event, event_of, nothing_known, restored, rows_of
from milepost.adapters.own_folder import make_own_folder
from milepost.app.ports import LedgerRow, StreamInfo
from milepost.errors import LedgerUnavailable, VersionConflict
from milepost.execution.events import Event

SCHEMA = 1
APPLICATION_ID = 0x4D505354  # "MPST": tells a ledger from another program's database
PATIENCE = 30.0
_PAUSE = 0.002
"""Seconds between looks whether it is our turn: left to itself, SQLite sleeps for longer and longer."""
_LOOK = 0.1
"""Seconds between looks whether somebody appended."""

_CREATE = """
CREATE TABLE event (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    stream TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    kind TEXT NOT NULL,
    v INTEGER NOT NULL,
    payload TEXT NOT NULL,
    hash BLOB NOT NULL,
    UNIQUE (stream, version)
) STRICT;
CREATE TRIGGER event_is_never_updated BEFORE UPDATE ON event
BEGIN SELECT raise(ABORT, 'events are never updated'); END;
CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
BEGIN SELECT raise(ABORT, 'events are never deleted'); END;
"""
_LAST = "SELECT version, hash FROM event WHERE stream = ? ORDER BY version DESC LIMIT 1"
_INSERT = "INSERT INTO event (stream, version, kind, v, payload, hash) VALUES (?, ?, ?, ?, ?, ?)"
_READ = "SELECT version, kind, v, payload FROM event WHERE stream = ? AND version > ? ORDER BY version"
# One step of the index per stream: the number of events does not matter.
_STREAMS = """
WITH RECURSIVE name (stream) AS (
    SELECT (SELECT min(stream) FROM event WHERE stream >= :prefix)
    UNION ALL
    SELECT (SELECT min(stream) FROM event WHERE stream > name.stream) FROM name
    WHERE substr(name.stream, 1, length(:prefix)) = :prefix
)
SELECT stream, (SELECT max(version) FROM event WHERE stream = name.stream) FROM name
WHERE stream IS NOT NULL AND substr(stream, 1, length(:prefix)) = :prefix
ORDER BY (SELECT position FROM event WHERE stream = name.stream AND version = 1)
"""
_ROWS = (
    "SELECT position, stream, version, kind, v, payload, hash FROM event WHERE position > ? ORDER BY position LIMIT ?"
)
_PAGE = 1000
_T = TypeVar("_T")


class SqliteLedger:
    """A :class:`~milepost.app.ports.Ledger` in one SQLite file, which the first append creates.

    Not ``durable``, it survives the crash of any process; ``durable``, a loss of power too, at 20 times the price.
    ``patience`` is how many seconds to wait for other writers. ``known`` gives the JSON text of a specification
    that runs are likely to begin with, and what it means; it is not parsed again.
    """

    def __init__(
        self,
        path: str | Path,
        durable: bool = False,
        patience: float = PATIENCE,
        known: Known = nothing_known,
    ) -> None:
        self.path = Path(path)
        self.durable = durable
        self.patience = patience
        self.known = known
        self._connection: sqlite3.Connection | None = None

    def append(self, stream: str, expected_version: int, events: Sequence[Event]) -> int:
        """Add events, all or none, and give the new version.

        Raises:
            VersionConflict: the stream is not at ``expected_version``.
            LedgerUnavailable: the store cannot be used; nothing was written.
        """
        return self._guard(lambda: self._append(stream, expected_version, events))

    @contextlib.contextmanager
    def turn(self, stream: str = "") -> Iterator[None]:
        """Be the only one who appends until the end; keep all that was appended in one step, or nothing of it.

        Whichever ``stream`` it is for, the file has one writer at a time.

        Raises:
            LedgerUnavailable: the store cannot be used; nothing was written.
        """
        connection = self._guard(self._begin)
        try:
            yield
        except BaseException:
            self._guard(lambda: _roll_back(connection))
            raise
        self._guard(lambda: self._commit(connection))

    def read(self, stream: str, after: int = 0) -> list[Event]:
        """Events of a stream after a version, in order.

        Raises:
            LedgerUnavailable: the store cannot be used, or holds events that only a newer Milepost understands.
        """
        if not self.exists():
            return []
        rows = self._guard(lambda: self._open().execute(_READ, (stream, after)).fetchall())
        return [event_of(stream, row, self.place, self.known) for row in rows]

    def streams(self, prefix: str = "") -> list[StreamInfo]:
        """Streams whose names start with a prefix, in the order in which they began."""
        if not self.exists():
            return []
        rows = self._guard(lambda: self._open().execute(_STREAMS, {"prefix": prefix}).fetchall())
        return [StreamInfo(name, version) for name, version in rows]

    def rows(self) -> Iterator[LedgerRow]:
        """Every event as it is stored, in the order in which they were appended, whether understood or not."""
        position = 0
        while self.exists():
            page = self._guard(partial(self._page, position))
            yield from page
            position = page[-1].position if page else position
            if len(page) < _PAGE:
                return

    def restore(self, rows: Iterable[LedgerRow]) -> int:
        """Add events as they were stored elsewhere, all or none, and give how many; those known already are skipped.

        Raises:
            LedgerUnavailable: an event is not the one that follows in its stream here, or its hash is wrong.
        """
        return self._guard(lambda: self._restore(rows))

    def events_ever(self) -> int:
        """How many events were ever appended; fewer rows than that mean that some were taken away."""
        if not self.exists():
            return 0
        query = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'event'), 0)"
        return int(self._guard(lambda: _one(self._open(), query)))

    def backup(self, path: str | Path) -> None:
        """Copy the ledger to another file while others go on writing."""
        from milepost.adapters.ledger_copies import copy_ledger

        self._guard(lambda: copy_ledger(self._open(), Path(path)))

    def in_line(self, stream: str, after: int) -> AbstractContextManager[list[Event]]:
        """Give the events after a version: appends to a file are so short that nobody stands in line."""
        return contextlib.nullcontext(self.read(stream, after))

    def driving(self, stream: str, on_wait: Callable[[str], None] | None = None) -> AbstractContextManager[None]:
        """Whoever has the file is on this machine, where the lock in the run's folder is enough."""
        return contextlib.nullcontext()

    def wait(self, stream: str, after: int, seconds: float) -> None:
        """Come back when a stream holds more than so many events, or when so many seconds are over."""
        until = time.monotonic() + seconds
        while not self._version_of(stream) > after and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK))

    def hash_at(self, stream: str, version: int) -> str:
        """The hash of an event of a stream; empty when there is none."""
        if not self.exists():
            return ""
        query = "SELECT hash FROM event WHERE stream = ? AND version = ?"
        found = self._guard(lambda: self._open().execute(query, (stream, version)).fetchone())
        return str(found[0].hex()) if found else ""

    def _version_of(self, stream: str) -> int:
        """How many events a stream holds."""
        if not self.exists():
            return 0
        found = self._guard(lambda: self._open().execute(_LAST, (stream,)).fetchone())
        return int(found[0]) if found else 0

    @property
    def place(self) -> str:
        """The file, for messages."""
        return str(self.path)

    def exists(self) -> bool:
        """Whether there is a file yet."""
        return self._connection is not None or self.path.exists()

    def facts(self) -> dict[str, str]:
        """What to know of the store: the number of its schema."""
        return {"schema": str(self._guard(lambda: _pragma(self._open(), "user_version")))}

    def migrate(self) -> tuple[int, int]:
        """Bring the schema up to date; gives the numbers before and after. There has been one so far."""
        before = SCHEMA if self.exists() else 0
        self._guard(self._open)
        return before, SCHEMA

    def rebuild(self) -> int:
        """Derive anew what is derived from events, and give for how many streams: the file holds only events."""
        return 0

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _append(self, stream: str, expected_version: int, events: Sequence[Event]) -> int:
        with self._transaction() as connection:
            version, previous = connection.execute(_LAST, (stream,)).fetchone() or (0, b"")
            if version != expected_version:
                raise VersionConflict(f"{stream} is at version {version}, not {expected_version}")
            rows = rows_of(stream, version, previous, events)
            connection.executemany(_INSERT, [(stream, *row) for row in rows])
        return expected_version + len(rows)

    def _page(self, after: int) -> list[LedgerRow]:
        found = self._open().execute(_ROWS, (after, _PAGE)).fetchall()
        return [LedgerRow._make((*row[:-1], row[-1].hex())) for row in found]

    def _restore(self, rows: Iterable[LedgerRow]) -> int:
        added = 0
        with self._transaction() as connection:
            for row in rows:
                version, previous = connection.execute(_LAST, (row.stream,)).fetchone() or (0, b"")
                if row.version <= version:
                    known = connection.execute(
                        "SELECT hash FROM event WHERE stream = ? AND version = ?", (row.stream, row.version)
                    ).fetchone()
                    if known[0].hex() != row.hash:
                        raise another_event(row, self.place)
                    continue
                connection.execute(_INSERT, (row.stream, *restored(row, version, previous, self.place)))
                added += 1
        return added

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """What happens inside happens in one step: that of the turn, if it is somebody's."""
        if self._connection is not None and self._connection.in_transaction:
            yield self._connection
            return
        connection = self._begin()
        try:
            yield connection
        except BaseException:
            _roll_back(connection)
            raise
        self._commit(connection)

    def _begin(self) -> sqlite3.Connection:
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        return connection

    def _commit(self, connection: sqlite3.Connection) -> None:
        try:
            connection.execute("COMMIT")
        except BaseException:
            _roll_back(connection)
            raise

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            make_own_folder(self.path.parent)
            connection = sqlite3.connect(self.path, timeout=_PAUSE, isolation_level=None)
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        if _pragma(connection, "user_version") == 0:
            self._create(connection)
        schema = _pragma(connection, "user_version")
        if schema > SCHEMA:
            raise self._unavailable(
                f"its schema is number {schema}, this version of Milepost knows {SCHEMA}",
                "update Milepost: a newer version wrote this ledger",
            )
        if _pragma(connection, "application_id") != APPLICATION_ID:
            raise self._unavailable("it is another program's database", "move it away; Milepost starts a new one")
        connection.execute(f"PRAGMA synchronous = {'FULL' if self.durable else 'NORMAL'}")

    def _create(self, connection: sqlite3.Connection) -> None:
        """Lay out an empty database; the folder's lock keeps two first users from tripping over each other."""
        import fcntl

        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            if _pragma(connection, "user_version") or _one(connection, "SELECT count(*) FROM sqlite_master"):
                return
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(
                f"BEGIN IMMEDIATE; {_CREATE} PRAGMA application_id = {APPLICATION_ID};"
                f"PRAGMA user_version = {SCHEMA}; COMMIT;"
            )
        finally:
            os.close(folder)

    def _guard(self, work: Callable[[], _T]) -> _T:
        """Do some work, again while others are in the way, and say in our own words why the store failed."""
        deadline = None
        while True:
            try:
                return work()
            except sqlite3.Error as error:
                now = time.monotonic()
                deadline = now + self.patience if deadline is None else deadline
                if _code(error) == sqlite3.SQLITE_BUSY and now < deadline:
                    continue  # SQLite has paused
                message, remedy = _explain(error)
                raise self._unavailable(message, remedy) from None
            except OSError as error:
                raise self._unavailable(
                    f"its folder cannot be used: {error.strerror}", "make the project's folder writable"
                ) from None

    def _unavailable(self, message: str, remedy: str) -> LedgerUnavailable:
        return LedgerUnavailable(message, place=self.place, remedy=remedy)


_REMEDIES = {
    sqlite3.SQLITE_BUSY: (
        "another process has kept it locked for too long",
        "end the process that holds it, then try again; nothing was lost",
    ),
    sqlite3.SQLITE_LOCKED: ("another process has locked it", "try again in a moment; nothing was lost"),
    sqlite3.SQLITE_NOTADB: ("it is not a Milepost ledger", "move it away or restore it from a backup"),
    sqlite3.SQLITE_CORRUPT: ("it is damaged", "restore it from a backup, or move it away to start anew"),
    sqlite3.SQLITE_READONLY: ("it cannot be written", "make the file and its folder writable"),
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", "make the file and its folder readable and writable"),
    sqlite3.SQLITE_FULL: ("the disk is full", "free some space, then try again; what was recorded is safe"),
    sqlite3.SQLITE_IOERR: ("the disk reported an error", "check the disk; what was recorded before is safe"),
}


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _explain(error: sqlite3.Error) -> tuple[str, str]:
    return _REMEDIES.get(_code(error), (f"it does not answer: {error}", "restore it from a backup, or move it away"))


def _roll_back(connection: sqlite3.Connection) -> None:
    """End a transaction without a trace, unless the store has done so itself."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _one(connection: sqlite3.Connection, query: str) -> Any:
    return connection.execute(query).fetchone()[0]


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(_one(connection, f"PRAGMA {name}"))
