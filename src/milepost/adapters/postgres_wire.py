"""Statements that are sent often, past the driver's cursors: these take more time than the server does.

A call comes back when the server has answered; a signal is seen to afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn, PGresult

    from milepost.adapters.postgres_link import Connection

INT2, INT4, INT8, TEXT, BYTEA = 21, 23, 20, 25, 17
"""Numbers of types. Values are given as bytes, those of integers of that length with the highest first."""

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
        self._bare: PGconn = connection.pgconn
        self._known: set[bytes] = set()

    def ask(self, statement: Statement, *values: bytes) -> PGresult:
        """Carry out a statement; what it gives is in binary form. Raises ``psycopg.Error``."""
        self._prepare(statement)
        return self._checked(self._bare.exec_prepared(statement.name, values, [_BINARY] * len(values), _BINARY))

    def ask_both(
        self, one: Statement, values: tuple[bytes, ...], other: Statement, others: tuple[bytes, ...]
    ) -> PGresult:
        """Carry out two statements, each a transaction, in one message; gives what the first one gave.

        Raises ``psycopg.Error``.
        """
        bare = self._bare
        for statement in (one, other):
            self._prepare(statement)
        bare.enter_pipeline_mode()
        try:
            for statement, given in ((one, values), (other, others)):
                bare.send_query_prepared(statement.name, given, [_BINARY] * len(given), _BINARY)
                bare.pipeline_sync()
            found = [self._answer(), self._answer()]
            if self.connection.closed:
                raise self._lost()
            bare.exit_pipeline_mode()
        except BaseException:  # what it would answer next is not known any more
            self.connection.close()
            raise
        for result in found:
            self._checked(result)
        assert found[0] is not None
        return found[0]

    def simple(self, text: bytes) -> PGresult:
        """Carry out statements without values, all or none; what the last one gives is text.

        Raises ``psycopg.Error``.
        """
        return self._checked(self._bare.exec_(text))

    def _answer(self) -> PGresult | None:
        """What a statement in a message gave: the first result up to where the server says that it is over."""
        from psycopg.pq import ExecStatus

        first: PGresult | None = None
        while not self.connection.closed:
            result = self._bare.get_result()
            if result is None:
                continue
            if result.status == ExecStatus.PIPELINE_SYNC:
                break
            first = first or result
        return first

    def _prepare(self, statement: Statement) -> None:
        if statement.name not in self._known:
            self._checked(self._bare.prepare(statement.name, statement.text, statement.types))
            self._known.add(statement.name)

    def _checked(self, result: PGresult | None) -> PGresult:
        from psycopg.errors import error_from_result
        from psycopg.pq import ExecStatus

        if result is None:
            raise self._lost()
        if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
            error = error_from_result(result)
            raise error if error.sqlstate else self._lost()
        return result

    def _lost(self) -> Exception:
        from psycopg import OperationalError

        return OperationalError(self._bare.get_error_message() or "the connection is lost")
