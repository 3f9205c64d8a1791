"""Standing in line for a stream of a PostgreSQL ledger, where many append to it at once.

Whoever is too late has decided in vain, and the more there are, the more of them are too late. In line each reads,
decides and appends while the others wait. It is a courtesy: appends compare the end of the stream all the same, so
that nothing depends on who stands in line, or on for how long.

The next one's turn comes when an append is committed, not when it is on the disk, which may take ten times as long:
what several append goes to the disk together. An append is over when it is there. To be quick, a turn is two messages:
one that waits and reads, one that appends and lets go. Who then goes on at once, for a
:mod:`spell <milepost.adapters.postgres_spell>`, needs one more for each append; the next in line reads along.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from milepost.adapters.postgres_appends import Batch, Head, added, key_of, more_follows, new_id, statement_of
from milepost.adapters.postgres_link import Link
from milepost.adapters.postgres_news import NEWS, Row, asked, rows
from milepost.adapters.postgres_spell import Spell
from milepost.adapters.postgres_wire import INT8, TEXT, Statement

if TYPE_CHECKING:
    from milepost.adapters.postgres_link import Connection

PATIENCE = 2.0
"""Seconds to wait in line: everybody's turn takes milliseconds, so somebody hangs in his."""

_REST = 30.0
"""Seconds in which nobody stands in a line that does not move."""

_PAUSE = 0.0002
_QUIET = 2
"""Who goes on for a spell is looked after at such intervals, and is done when so many looks find nothing new."""

_SPELLS = 0.5
"""Seconds to look after others who go on and on."""

_STAND = Statement(
    b"milepost_stand", b"SELECT set_config('lock_timeout', $2 || 'ms', true), pg_advisory_lock($1)", (INT8, TEXT)
)
# A transaction that writes something, however little, ends when all that was written before is as durable as the
# server's settings ask.
_GO = Statement(
    b"milepost_go", b"SELECT pg_advisory_unlock($1), pg_logical_emit_message(true, 'milepost', '')", (INT8,)
)

_LET_GO = Statement(b"milepost_let_go", b"SELECT pg_advisory_unlock($1)", (INT8,))


class Line:
    """The lines of one project's streams; a process stands in one at a time."""

    def __init__(self, link: Link, project: str) -> None:
        self.link = link
        self.project = project
        self.patience = PATIENCE
        self.spell = Spell()
        self._key = 0
        self._rest_until = 0.0
        self._last_id = 0
        self._waited = 0.0

    def stand(self, stream: str, after: int) -> list[Row] | None:
        """Wait until it is our turn, and give the rows after a version; None if that takes too long.

        Raises:
            LedgerUnavailable: no server answers, or it refuses.
        """
        began = time.monotonic()
        if began < self._rest_until:
            return None
        key = key_of(self.project, f"{stream}\0line")
        try:
            found = self.link.run(lambda connection: self._stand(connection, key, stream, after))
        except BaseException as error:
            if not isinstance(error, Exception):  # interrupted: it may be our turn already, and nobody would end it
                self.link.close()
            raise
        if found is None:
            self._rest_until = time.monotonic() + _REST
            return None
        self._key = key
        self._waited = time.monotonic() - began
        self.spell.begin(stream, self._waited)
        return found

    def follow(self, stream: str, last: Row) -> Iterator[list[Row]]:
        """Wait while somebody else goes on for a spell, whose last row is given; gives more rows as they come.

        Raises:
            LedgerUnavailable: no server answers, or it refuses.
        """
        began, quiet = time.monotonic(), 0
        while more_follows(last.append_id) and last.append_id != self._last_id and quiet < _QUIET:
            time.sleep(_PAUSE)
            more = self._news(stream, last.version)
            quiet = 0 if more else quiet + 1
            if more:
                last = more[-1]
                yield more
            if time.monotonic() - began > _SPELLS:
                break
        self.spell.begin(stream, self._waited)

    def _news(self, stream: str, after: int) -> list[Row]:
        question = asked(self.project, stream, after)
        return self.link.run(lambda connection: rows(self.link.wire(connection).ask(NEWS, *question)))

    @property
    def first(self) -> bool:
        """Whether it is our turn."""
        return self._key != 0

    def add(self, connection: Connection, batch: Batch) -> Head | None:
        """Add a batch and let the next one's turn come; gives the end of the stream when it is durable.

        None when the stream does not end where the batch follows on. Raises ``psycopg.Error``.
        """
        goes_on = more_follows(batch.id)  # then nobody is held up by the disk
        statement, values = statement_of(self.project, batch, loose=not goes_on)
        go = _LET_GO if goes_on else _GO
        return added(self.link.wire(connection).ask_both(statement, values, go, (_name_of(self._key),)), batch)

    def go(self, connection: Connection) -> None:
        """Let the next one's turn come, and wait until all that was committed so far is durable.

        Raises ``psycopg.Error``.
        """
        self.link.wire(connection).ask(_GO, _name_of(self._key))

    def leave(self) -> None:
        """Stand in line no more."""
        if self._key:
            self.link.let_go(self._key)
            self._key = 0

    def next_id(self, stream: str) -> int:
        """The number of our next append to a stream; it tells the others whether to wait for more of ours."""
        return new_id(self.spell.may_go_on(stream))

    def appended(self, batch: Batch, arrived: bool) -> None:
        """Note that the next one's turn has come: a batch was added, or somebody else was faster."""
        self._key = 0
        self._last_id = batch.id
        if arrived:
            self.spell.appended(batch.stream, more_follows(batch.id))
        else:
            self.spell.end()

    def _stand(self, connection: Connection, key: int, stream: str, after: int) -> list[Row] | None:
        from psycopg.errors import LockNotAvailable

        question = (_name_of(key), str(round(self.patience * 1000)).encode())
        news = asked(self.project, stream, after)
        try:  # what is read after the lock is there was committed by then: each statement sees what there is
            return rows(self.link.wire(connection).ask_together(_STAND, question, NEWS, news))
        except LockNotAvailable:
            return None


def _name_of(key: int) -> bytes:
    return key.to_bytes(8, "big", signed=True)
