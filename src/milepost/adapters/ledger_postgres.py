"""The ledger of several projects: events in a PostgreSQL database that many machines share.

Rows carry the same chain of hashes as in :mod:`milepost.adapters.ledger_sqlite`. A stream's row knows its version and
last hash: to append is to compare and set it, in the same statement that adds the events, so that a statement whose
answer was lost can be sent again.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from milepost.adapters import postgres_archive as archive
from milepost.adapters.event_rows import Known, event_of, nothing_known, rows_of
from milepost.adapters.postgres_appends import Batch, Head, Turn, add, head_of, kept, key_of, more_follows, new_id
from milepost.adapters.postgres_line import Line
from milepost.adapters.postgres_link import FIRST_PATIENCE, PATIENCE, Address, Link
from milepost.adapters.postgres_news import NEWS, Row, asked, rows
from milepost.adapters.postgres_schema import lay_out, migrate
from milepost.adapters.postgres_watch import Watch
from milepost.app.ports import LedgerRow, StreamInfo
from milepost.errors import LedgerUnavailable, Refused, VersionConflict
from milepost.execution.events import Event

if TYPE_CHECKING:
    from milepost.adapters.postgres_link import Connection

_T = TypeVar("_T")

_STREAMS = """
SELECT name, version FROM milepost.stream WHERE project = %s AND name >= %s AND starts_with(name, %s) ORDER BY id
"""
_HASH = """
SELECT event.hash FROM milepost.event JOIN milepost.stream ON stream.id = stream_id
WHERE project = %s AND name = %s AND event.version = %s
"""
_PAUSE = 0.5
"""Seconds between looks whether the run is still driven by another one."""
_KNOWN_HEADS = 64
"""Of how many streams the end is remembered, so that an append need not ask for it."""


class PostgresLedger:
    """A :class:`~milepost.app.ports.LedgerArchive` of one project in a database, which the first append lays out.

    ``patience`` and ``first_patience`` are how many seconds to try for to reach a server that answered before, and one
    that never did. ``known`` gives the JSON text of a specification that runs likely begin with, and what it means.

    Raises:
        LedgerUnavailable: the extra is not installed, or ``url`` is no address.
    """

    def __init__(
        self,
        url: str,
        project: str,
        *,
        patience: float = PATIENCE,
        first_patience: float = FIRST_PATIENCE,
        known: Known = nothing_known,
    ) -> None:
        _require_driver()
        self.project = project
        self.known = known
        self.link = Link(Address.parse(url), patience, first_patience)
        self._heads: dict[str, Head] = {}
        self._turn: Turn | None = None
        self._line = Line(self.link, project)
        self._watch: Watch | None = None

    @property
    def place(self) -> str:
        """The server, the database and the project, for messages; no password."""
        return f"{self.link.address} ({self.project})"

    def append(self, stream: str, expected_version: int, events: Sequence[Event]) -> int:
        """Add events, all or none, and give the new version.

        Raises:
            VersionConflict: the stream is not at ``expected_version``.
            LedgerUnavailable: the store cannot be used; nothing was written.
            TurnLost: in a turn, which cannot be made again since its connection broke.
        """
        self._require_schema()
        head = self._heads.pop(stream, None) or self._run(lambda connection: head_of(connection, self.project, stream))
        if head.version != expected_version:
            self._line.spell.end()
            raise VersionConflict(f"{stream} is at version {head.version}, not {expected_version}")
        if not events:
            return expected_version
        if not self._add(stream, head, events):
            raise VersionConflict(f"{stream} is not at version {expected_version} any more")
        return expected_version + len(events)

    @contextlib.contextmanager
    def turn(self, stream: str = "") -> Iterator[None]:
        """Be the only one who appends to a stream (to any, if none is named) until the end; keep all or nothing.

        Raises:
            LedgerUnavailable: the store cannot be used; nothing was written.
            TurnLost: the connection broke, and somebody else appended before it was there again.
        """
        self._require_schema()
        turn = Turn(self.link, self.project, stream)
        turn.run(lambda connection: None)
        self._turn = turn
        try:
            yield
            turn.commit()
        except BaseException:
            turn.roll_back()
            for batch in turn.batches:
                self._heads.pop(batch.stream, None)
            raise
        finally:
            self._turn = None

    @contextlib.contextmanager
    def in_line(self, stream: str, after: int) -> Iterator[Iterable[Event]]:
        """Wait until those have appended who stood in line before; gives the events after a version, as they come.

        The first append from here ends our own turn. Who appends again at once may do so a few times without standing
        in line, and without reading on.

        Raises:
            LedgerUnavailable: the store cannot be used, or holds events that only a newer Milepost understands.
        """
        if self._goes_on(stream, after):
            yield []
            return
        found = self._line.stand(stream, after) if self._turn is None and self._has_schema() else None
        try:
            yield self.read(stream, after) if found is None else self._followed(stream, found)
        finally:
            self._line.leave()

    def _goes_on(self, stream: str, after: int) -> bool:
        head = self._heads.get(stream)
        return self._line.spell.goes_on(stream) and self._turn is None and head is not None and head.version == after

    def _followed(self, stream: str, found: list[Row]) -> Iterable[Event]:
        """Events that were found, and those that come until our turn begins."""
        events = self._events(stream, found)
        if not found or not more_follows(found[-1].append_id):
            return events
        more = self._line.follow(stream, found[-1])
        return chain(events, chain.from_iterable(self._events(stream, one) for one in more))

    @contextlib.contextmanager
    def driving(self, stream: str, on_wait: Callable[[str], None] | None = None) -> Iterator[None]:
        """Be the only one who drives a run, from whichever machine, for as long as the server knows us to be there.

        Raises:
            Refused: another one does, and it is not to be waited for.
            LedgerUnavailable: the store cannot be used, or another one took over while the connection was broken.
        """
        self._require_schema()
        key = key_of(self.project, f"{stream}\0driven")
        while not self.link.hold(key):
            if on_wait is None:
                raise Refused(
                    "the run is driven from another machine already",
                    place=self.place,
                    remedy="watch it with `milepost status`, or end that process first",
                )
            on_wait("the run is driven from another machine; waiting to take over when it ends")
            while not self.link.hold(key):
                time.sleep(_PAUSE)
            break
        try:
            yield
        finally:
            self.link.let_go(key)

    def read(self, stream: str, after: int = 0) -> list[Event]:
        """Events of a stream after a version, in order.

        Raises:
            LedgerUnavailable: the store cannot be used, or holds events that only a newer Milepost understands.
        """
        if not self._has_schema():
            return []
        question = asked(self.project, stream, after)
        return self._events(stream, self._run(lambda connection: rows(self.link.wire(connection).ask(NEWS, *question))))

    def _events(self, stream: str, found: list[Row]) -> list[Event]:
        if found:
            last = found[-1]
            self._remember(stream, Head(last.stream, last.version, last.hash))
        place = self.place
        return [event_of(stream, row[:4], place, self.known) for row in found]

    def streams(self, prefix: str = "") -> list[StreamInfo]:
        """Streams whose names start with a prefix, in the order in which they began."""
        return [StreamInfo(*row) for row in self._rows(_STREAMS, (self.project, prefix, prefix))]

    def wait(self, stream: str, after: int, seconds: float) -> None:
        """Come back when a stream may hold more than so many events, or when so many seconds are over."""
        self.wait_for_any({stream: after}, seconds)

    def wait_for_any(self, versions: Mapping[str, int], seconds: float) -> None:
        """Come back when a stream may hold more events than it is given with, when woken, or when time is over.

        The server tells; nothing is looked for meanwhile. Another thread may read, but not wait.
        """
        if self._watch is None:
            self._watch = Watch(self.link, self.project)
        self._watch.wait(versions, seconds)

    def wake(self) -> None:
        """Have whoever waits in another thread come back."""
        if self._watch is not None:
            self._watch.wake()

    def hash_at(self, stream: str, version: int) -> str:
        """The hash of an event of a stream; empty when there is none."""
        found = self._rows(_HASH, (self.project, stream, version))
        return str(found[0][0].hex()) if found else ""

    def exists(self) -> bool:
        """Whether the project has any event yet."""
        return bool(self._rows("SELECT FROM milepost.stream WHERE project = %s LIMIT 1", (self.project,)))

    def rows(self) -> Iterator[LedgerRow]:
        """Every event as it is stored, in the order in which they were appended, whether understood or not."""
        if self._has_schema():
            yield from archive.rows(self.link, self.project)

    def restore(self, rows: Iterable[LedgerRow]) -> int:
        """Add events as they were stored elsewhere, all or none, and give how many; those known already are skipped.

        Raises:
            LedgerUnavailable: an event is not the one that follows in its stream here, or its hash is wrong.
        """
        self._require_schema()
        self._heads.clear()
        given = list(rows)
        return self.link.run(lambda connection: archive.restore(connection, self.project, given, self.place))

    def events_ever(self) -> int:
        """How many events were ever appended: what the streams say of themselves."""
        found = self._rows("SELECT coalesce(sum(version), 0)::bigint FROM milepost.stream WHERE project = %s")
        return int(found[0][0]) if found else 0

    def backup(self, path: str | Path) -> None:
        """Copy the project's events into a ledger in one file, as SQLite keeps them, while others go on writing."""
        from milepost.adapters.ledger_sqlite import SqliteLedger

        copy = SqliteLedger(path)
        try:
            copy.restore(self.rows())
        finally:
            copy.close()

    def facts(self) -> dict[str, str]:
        """What to know of the store: the ``server``, how long it takes to ``answer``, the number of its ``schema``."""
        return {**self.link.run(archive.server_facts), "schema": str(self.link.schema or "none yet")}

    def migrate(self) -> tuple[int, int]:
        """Bring the schema up to date, each step in one transaction; gives the numbers before (0: none) and after.

        Raises:
            LedgerUnavailable: alembic is not installed, the server refuses, or its schema is newer.
        """
        return migrate(self.link)

    def rebuild(self) -> int:
        """Derive anew from the events where every stream ends, and give of how many streams.

        Raises:
            LedgerUnavailable: events are missing; what the streams say of them would be lost.
        """
        self._heads.clear()
        if not self._has_schema():
            return 0
        return self.link.run(lambda connection: archive.rebuild(connection, self.project, self.place))

    def close(self) -> None:
        """Let go of the server; the next use connects again."""
        self._heads.clear()
        self._close_watch()
        self.link.close()

    def _add(self, stream: str, after: Head, events: Sequence[Event]) -> bool:
        """Add events where a stream is believed to end; false when it does not end there."""
        batch = Batch(stream, after, rows_of(stream, after.version, after.hash, events), self._next_id(stream))
        connects = self.link.connects
        head = self._run(lambda connection: self._sent(connection, batch))
        if head is None and self.link.connects != connects:  # what was sent first may have arrived
            head = self._run(lambda connection: self._arrived(connection, batch))
        self._line.appended(batch, head is not None)
        if head is None:
            return False
        if self._turn is not None:
            self._turn.batches.append(batch)
        self._remember(stream, head)
        return True

    def _next_id(self, stream: str) -> int:
        return self._line.next_id(stream) if self._turn is None else new_id()

    def _sent(self, connection: Connection, batch: Batch) -> Head | None:
        if self._line.first:
            return self._line.add(connection, batch)
        return add(self.link.wire(connection), self.project, batch)

    def _arrived(self, connection: Connection, batch: Batch) -> Head | None:
        head = kept(connection, self.project, batch)
        if head and self._line.first:
            self._line.go(connection)
        return head

    def _remember(self, stream: str, head: Head) -> None:
        self._heads.pop(stream, None)
        self._heads[stream] = head
        if len(self._heads) > _KNOWN_HEADS:
            del self._heads[next(iter(self._heads))]

    def _run(self, work: Callable[[Connection], _T]) -> _T:
        return self.link.run(work) if self._turn is None else self._turn.run(work)

    def _rows(self, query: str, values: tuple[Any, ...] | None = None) -> list[tuple[Any, ...]]:
        """What a query finds; nothing where nothing has been laid out yet. Without values it is about the project."""
        if not self._has_schema():
            return []
        given = (self.project,) if values is None else values
        return self._run(lambda connection: connection.execute(query.encode(), given, binary=True).fetchall())

    def _has_schema(self) -> bool:
        return self.link.schema is not None or self.link.run(self.link.look) is not None

    def _require_schema(self) -> None:
        if not self._has_schema():
            self.link.run(lay_out)
            self._has_schema()

    def _close_watch(self) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = None


def _require_driver() -> None:
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise LedgerUnavailable(
            "a ledger in PostgreSQL needs psycopg", remedy="pip install 'milepost[postgres]'"
        ) from None
