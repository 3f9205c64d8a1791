"""A connection to PostgreSQL that comes back when it breaks, and says in our own words why it cannot."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from milepost.adapters.postgres_wire import Wire
from milepost.errors import LedgerUnavailable

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

SCHEMA = 1
"""The number of the schema that this version of Milepost reads and writes."""

FIRST_PATIENCE = 10.0
"""Seconds that a server gets which has not answered yet: perhaps it is just being started."""

PATIENCE = 60.0
"""Seconds that a server gets which answered before: it is restarted, or another takes its place."""

_T = TypeVar("_T")
_PAUSES = (0.02, 2.0)
_SESSION = (
    "SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = '20s'; "
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; "
    # Each statement finds its rows by an index, so that one plan is right for all values, and to plan anew only costs.
    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off; "
    "SET client_min_messages = 'warning'; SET TimeZone = 'UTC'; SET client_encoding = 'UTF8'"
)
_DEFAULTS = {
    "connect_timeout": "10",
    "fallback_application_name": "milepost",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
_GONE = {"57P01", "57P02", "57P03", "57P05", "25P03", "53300"}
"""States of a server that ends, starts, or has no room for another connection; class 08 is trouble on the way to it."""

_AGAIN = {"40001", "40P01"}
"""States of a transaction that came in another's way."""

_FINAL = (
    ("password authentication failed", "it refuses the password"),
    ("no password supplied", "it asks for a password"),
    ("authentication failed", "it refuses to let the user in"),
    ("pg_hba.conf", "it does not let this user in from here"),
    ("role ", "it does not know the user"),
    ("database ", "it has no such database"),
    ("certificate", "its certificate is not accepted"),
    ("does not support SSL", "it does not encrypt"),
)
_SIGN_IN = "check user and password: in the address, in PGPASSWORD, or in ~/.pgpass"
_REMEDIES = {
    "25006": (
        "it takes no writes: it is a standby, or was set to read-only",
        "name the primary server; `target_session_attrs=read-write` in the address picks it among several",
    ),
    "53100": ("its disk is full", "free some space there, then try again; what was recorded is safe"),
    "53200": ("it is out of memory", "try again in a moment; what was recorded is safe"),
    "42501": (
        "the user lacks a permission",
        "let the owner of the database run `milepost ledger migrate`, and grant the user the schema `milepost`",
    ),
    "55P03": (
        "another process has kept it locked for too long",
        "end the process that holds it, then try again; nothing was lost",
    ),
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is. Its text names the server and never a password."""

    parameters: dict[str, str]

    @classmethod
    def parse(cls, url: str) -> Address:
        """Read ``postgresql://user@host:port/database?…``.

        Raises:
            LedgerUnavailable: that is none; nothing of it is repeated, as it may hold a password.
        """
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict

        broken = LedgerUnavailable(
            "the address of the ledger cannot be read",
            remedy="write postgresql://USER@HOST:PORT/DATABASE; signs such as @ : / # % in a password are written as "
            "%40 %3A %2F %23 %25",
        )
        head = url.partition("?")[0]
        if not url.startswith(("postgresql://", "postgres://")) or head.count("@") > 1 or "#" in head:
            raise broken
        try:
            found = {name: str(value) for name, value in conninfo_to_dict(url).items() if value not in (None, "")}
        except ProgrammingError:
            raise broken from None
        ports = found.get("port", "5432").split(",")
        if not all(port.isdecimal() and 0 < int(port) < 65536 for port in ports if port):
            raise broken
        return cls({**_DEFAULTS, **found})

    def __str__(self) -> str:
        """The server and the database, for messages."""
        get = self.parameters.get
        user = f"{get('user')}@" if get("user") else ""
        host, port = get("host") or get("hostaddr") or "localhost", get("port")
        return f"postgresql://{user}{host}{f':{port}' if port else ''}/{get('dbname', '')}"

    def masked(self, text: str) -> str:
        """A message of the driver on one line, without the password."""
        for name in ("password", "sslpassword", "passfile"):
            if secret := self.parameters.get(name):
                text = text.replace(secret, "***")
        return " ".join(text.split())


class Link:
    """The connection of one process to a ledger's database, opened when it is first used.

    ``patience`` and ``first_patience`` are how many seconds to try for: a server that answered before, one that never
    did. ``schema`` is the number of the database's schema, None where there is none or it is not known yet;
    ``connects`` counts how often a connection was made.
    """

    def __init__(self, address: Address, patience: float = PATIENCE, first_patience: float = FIRST_PATIENCE) -> None:
        self.address = address
        self.patience = patience
        self.first_patience = min(first_patience, patience)
        self.schema: int | None = None
        self.migrating = False
        self.connects = 0
        self._held: set[int] = set()
        self._wire: Wire | None = None
        self._connection: Connection | None = None
        self._answered = False

    def run(self, work: Callable[[Connection], _T]) -> _T:
        """Do some work; when the connection breaks, do it again on another one. The work bears to be done twice.

        Raises:
            LedgerUnavailable: no server answers for too long, or it refuses.
        """
        import psycopg

        until = pause = 0.0
        while True:
            try:
                return work(self.connection())
            except psycopg.Error as error:
                self.require_passing(error)
                now = time.monotonic()
                until = until or now + (self.patience if self._answered else self.first_patience)
                if now >= until:
                    raise self.explained(error) from None
                if self.broken:
                    self.close()
                pause = min(max(_PAUSES[0], pause * 2), _PAUSES[1], until - now)
                time.sleep(pause * random.uniform(0.5, 1.0))

    def connection(self) -> Connection:
        """The connection, opened if it is not.

        Raises:
            LedgerUnavailable: the ledger's schema is another than this version of Milepost knows.
            psycopg.Error: there is none to be had.
        """
        if self._connection is None or self._connection.closed:
            self._connection = self.connect()
            self.connects += 1
            self._answered = True
            self.schema = self._require_known(read_schema(self._connection))
            self._take_again(self._connection)
        return self._connection

    def hold(self, key: int) -> bool:
        """Take a lock if nobody else has it, and take it again whenever the connection is made again.

        :meth:`run` raises ``LedgerUnavailable`` when somebody else took it meanwhile, and keeps it.
        """
        query = "SELECT pg_try_advisory_lock(%s)"
        if self.run(lambda connection: connection.execute(query, (key,)).fetchone()) != (True,):
            return False
        self._held.add(key)
        return True

    def let_go(self, key: int) -> None:
        """Leave a lock to others."""
        self._held.discard(key)
        if self._connection is not None and not self._connection.closed:
            with contextlib.suppress(Exception):  # with the connection the lock ends too
                self._connection.execute("SELECT pg_advisory_unlock(%s)", (key,))

    def _take_again(self, connection: Connection) -> None:
        """Take what was held; that waits until the server has found that we have left the connection before."""
        try:
            for key in self._held:
                connection.execute("SELECT pg_advisory_lock(%s)", (key,))
        except BaseException:
            connection.close()
            raise

    def wire(self, connection: Connection) -> Wire:
        """The way past the driver, for what is sent often."""
        if self._wire is None or self._wire.connection is not connection:
            self._wire = Wire(connection)
        return self._wire

    def look(self, connection: Connection) -> int | None:
        """Look for the schema again where there was none: somebody else may have laid it out."""
        if self.schema is None:
            self.schema = self._require_known(read_schema(connection))
        return self.schema

    def connect(self) -> Connection:
        """Another connection, for what needs one of its own. Raises ``psycopg.Error``."""
        import psycopg

        # The driver takes a dictionary of what the address says; a type for each key would say nothing more.
        parameters: dict[str, Any] = self.address.parameters
        connection = psycopg.connect(**parameters, autocommit=True)
        connection.execute(_SESSION)
        return connection

    def _require_known(self, schema: int | None) -> int | None:
        if schema is not None and schema > SCHEMA:
            raise LedgerUnavailable(
                f"its schema is number {schema}, this version of Milepost knows {SCHEMA}",
                place=str(self.address),
                remedy="update Milepost: a newer version keeps this ledger",
            )
        if schema is not None and schema < SCHEMA and not self.migrating:
            raise LedgerUnavailable(
                f"its schema is number {schema}, this version of Milepost needs {SCHEMA}",
                place=str(self.address),
                remedy="`milepost ledger migrate` brings it up to date; older versions cannot use it then",
            )
        return schema

    @property
    def broken(self) -> bool:
        """Whether the connection is of no use any more."""
        return self._connection is None or self._connection.closed

    def close(self) -> None:
        """Let go of the connection; the next use opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self.schema = None

    def __del__(self) -> None:
        with contextlib.suppress(Exception):  # whoever forgets to close it has nothing more to do with it
            self.close()

    def require_passing(self, error: psycopg.Error) -> None:
        """Check that an error is one that may pass by itself.

        Raises:
            LedgerUnavailable: it is not.
        """
        import psycopg

        state = error.sqlstate or ""
        if state in _GONE or state in _AGAIN or state[:2] == "08":
            return
        if isinstance(error, psycopg.OperationalError) and not state and self._reason(error) is None:
            return
        raise self.explained(error) from None

    def explained(self, error: psycopg.Error) -> LedgerUnavailable:
        """What to say about an error."""
        message, remedy = _REMEDIES.get(error.sqlstate or "", ("", ""))
        reason = self._reason(error)
        said = self.address.masked(str(error))
        if message:
            pass
        elif reason:
            message, remedy = f"{reason}: {said}", _SIGN_IN
        elif error.sqlstate and error.sqlstate not in _GONE:
            message, remedy = f"it refuses: {said}", "look into the log of the server; what was recorded is safe"
        else:
            message = f"no server answers: {said}"
            remedy = "see that the server runs and can be reached from here; what was recorded is safe"
        return LedgerUnavailable(message, place=str(self.address), remedy=remedy)

    def _reason(self, error: psycopg.Error) -> str | None:
        """Why a server that answers does not let us in; None when it is something that may pass."""
        if error.sqlstate:
            return None
        said = str(error)
        return next((reason for sign, reason in _FINAL if sign in said and not _starting(said)), None)


def _starting(said: str) -> bool:
    """Whether a server says that it is not there yet, or not there any more."""
    return any(sign in said for sign in ("starting up", "shutting down", "recovery mode", "accepting connections"))


def read_schema(connection: Connection) -> int | None:
    """The number of a database's schema; None where there is none yet."""
    from psycopg import errors

    try:
        row = connection.execute("SELECT version_num FROM milepost.alembic_version").fetchone()
    except (errors.UndefinedTable, errors.InvalidSchemaName):
        return None
    return int(row[0]) if row else 0
