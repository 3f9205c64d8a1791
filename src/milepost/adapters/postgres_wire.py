"""Statements that are sent often, past the driver's cursors: these take more time than the server does.

When a call is interrupted, or the server stays silent, the connection ends: what it would answer next is not known.
"""

from __future__ import annotations

import contextlib
import select
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn, PGresult

    from milepost.adapters.postgres_link import Connection

INT2, INT4, INT8, TEXT, BYTEA = 21, 23, 20, 25, 17
"""Numbers of types. Values are given as bytes, those of integers of that length with the highest first."""

SILENCE = 60.0
"""Seconds after which a server that says nothing is taken for lost: no statement waits for others as long as that."""

_BINARY = 1


class Statement(NamedTuple):
    """A statement with places ``$1``, ``$2``, … for values of so many types; prepared once on each connection."""

    name: bytes
    text: bytes
    types: tuple[int, ...]


class Wire:
    """A connection, as the library below the driver has it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        from psycopg.pq import ExecStatus

        self._bare: PGconn = connection.pgconn
        self._done = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)
        self._failed, self._sync = ExecStatus.FATAL_ERROR, ExecStatus.PIPELINE_SYNC
        self._known: set[bytes] = set()

    def ask(self, statement: Statement, *values: bytes) -> PGresult:
        """Carry out a statement; what it gives is in binary form. Raises ``psycopg.Error``."""
        self._prepare(statement)
        with self._open():
            self._send(statement, values)
            return self._checked(self._answer())

    def ask_both(
        self, one: Statement, values: tuple[bytes, ...], other: Statement, others: tuple[bytes, ...]
    ) -> PGresult:
        """Carry out two statements, each a transaction, in one message; gives what the first one gave.

        Raises ``psycopg.Error``.
        """
        for statement in (one, other):
            self._prepare(statement)
        with self._open():
            self._bare.enter_pipeline_mode()
            for statement, given in ((one, values), (other, others)):
                self._send(statement, given)
                self._bare.pipeline_sync()
            found = [self._answer(), self._answer()]
            self._bare.exit_pipeline_mode()
            first, _ = map(self._checked, found)
            return first

    def ask_together(
        self, one: Statement, values: tuple[bytes, ...], other: Statement, others: tuple[bytes, ...]
    ) -> PGresult:
        """Carry out two statements in one transaction and one message; gives what the second one gave.

        Raises ``psycopg.Error``.
        """
        for statement in (one, other):
            self._prepare(statement)
        with self._open():
            self._bare.enter_pipeline_mode()
            self._send(one, values)
            self._send(other, others)
            self._bare.pipeline_sync()
            found = self._answer()
            self._bare.exit_pipeline_mode()
            return self._checked(found)

    def _send(self, statement: Statement, values: tuple[bytes, ...]) -> None:
        self._bare.send_query_prepared(statement.name, values, [_BINARY] * len(values), _BINARY)

    def _answer(self) -> PGresult:
        """What the last statement in a message gave, or the error that ended it."""
        last: PGresult | None = None
        while True:
            self._wait()
            result = self._bare.get_result()
            if result is None:
                if last is not None and not self._bare.pipeline_status:
                    return last
                if last is None and not self._bare.pipeline_status:
                    raise self._lost()
            elif result.status == self._sync:
                if last is None:
                    raise self._lost()
                return last
            elif last is None or last.status != self._failed:
                last = result
                if self.connection.closed:
                    raise self._lost()

    def _wait(self) -> None:
        """Wait until there is a result to get; a signal may come in between."""
        bare = self._bare
        unsent = bare.flush()
        while unsent or bare.is_busy():
            ready, able, _ = select.select([bare.socket], [bare.socket] if unsent else [], [], SILENCE)
            if not ready and not able:
                raise self._lost("the server says nothing")
            if ready:
                bare.consume_input()
            unsent = bare.flush()

    @contextlib.contextmanager
    def _open(self) -> Iterator[None]:
        """A question to the server: unless it is answered, be it by an error, the connection ends."""
        try:
            yield
        except BaseException as error:
            from psycopg import Error

            if not (isinstance(error, Error) and error.sqlstate):
                self.connection.close()
            raise

    def _prepare(self, statement: Statement) -> None:
        if statement.name not in self._known:
            with self._open():
                self._bare.send_prepare(statement.name, statement.text, statement.types)
                self._checked(self._answer())
            self._known.add(statement.name)

    def _checked(self, result: PGresult) -> PGresult:
        if result.status not in self._done:
            from psycopg.errors import error_from_result

            error = error_from_result(result)
            raise error if error.sqlstate else self._lost()
        return result

    def _lost(self, why: str = "") -> Exception:
        from psycopg import OperationalError

        return OperationalError(why or self._bare.get_error_message() or "the connection is lost")
