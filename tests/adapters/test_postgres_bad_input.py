"""Servers that are not there, asleep, strict, full or odd: one clear message each, never a password, nothing lost."""

from __future__ import annotations

import os
import signal
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from tests.databases import STRANGER, execute

from milepost.adapters.ledger_postgres import PostgresLedger
from milepost.errors import LedgerUnavailable, MilepostError
from milepost.execution.events import TaskCompleted

SECRET = "sesame-0815"
DONE = TaskCompleted(at=1.0, task="1", attempt_no=1, by="w")


def refused(work: Callable[[], object], *words: str) -> LedgerUnavailable:
    with pytest.raises(LedgerUnavailable) as caught:
        work()
    told = f"{caught.value} {caught.value.place} {caught.value.remedy}"
    for word in words:
        assert word in told
    assert SECRET not in told
    assert caught.value.remedy
    return caught.value


def ledger_at(url: str, patience: float = 0.05) -> PostgresLedger:
    return PostgresLedger(url, "shop", patience=patience)


def test_no_server_at_the_address(tmp_path: Path) -> None:
    found = refused(
        lambda: ledger_at(f"postgresql://ann:{SECRET}@/plans?host={tmp_path}").append("a#1", 0, [DONE]),
        "no server answers",
    )
    assert found.place == f"postgresql://ann@{tmp_path}/plans"


def test_no_server_at_a_port_nobody_listens_at() -> None:
    refused(lambda: ledger_at(f"postgresql://ann:{SECRET}@127.0.0.1:1/plans").read("a#1"), "no server answers", ":1/")


def test_a_host_that_does_not_exist() -> None:
    refused(lambda: ledger_at("postgresql://ann@nowhere.invalid/plans").read("a#1"), "no server answers", "nowhere")


def test_a_server_that_wakes_up_is_waited_for(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its socket appears while the ledger pauses between two tries."""
    folder = parse_qs(urlsplit(postgres_url).query).get("host", [""])[0]
    if not folder.startswith("/"):
        pytest.skip("the server is reached over a network: its socket cannot be hidden")
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            os.symlink(f"{folder}/.s.PGSQL.5432", tmp_path / ".s.PGSQL.5432")

    monkeypatch.setattr("milepost.adapters.postgres_link.time.sleep", pause)
    url = postgres_url.replace(folder, str(tmp_path))
    ledger = PostgresLedger(url, uuid.uuid4().hex, patience=3600)
    assert ledger.append("a#1", 0, [DONE]) == 1
    assert len(pauses) == 3
    assert pauses[2] > pauses[0]  # each waits longer than the one before


def test_a_database_that_lets_nobody_in(empty_database: str, postgres_server: str) -> None:
    """It may be asleep, or just be restored: it is waited for, and then said."""
    name = urlsplit(empty_database).path[1:]
    execute(postgres_server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    refused(lambda: ledger_at(empty_database).read("a#1"), "no server answers", "not currently accepting connections")
    execute(postgres_server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert ledger_at(empty_database).append("a#1", 0, [DONE]) == 1


def test_a_server_that_says_nothing_any_more(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process is frozen. What it was sent is sent again elsewhere, and is not taken twice when it wakes up."""
    if "MILEPOST_TEST_POSTGRES" in os.environ:
        pytest.skip("the processes of the server that was given are not ours to stop")
    ledger = PostgresLedger(postgres_url, uuid.uuid4().hex)
    ledger.append("a#1", 0, [DONE])
    monkeypatch.setattr("milepost.adapters.postgres_wire.SILENCE", 0.2)
    frozen = ledger.link.connection().info.backend_pid
    os.kill(frozen, signal.SIGSTOP)
    try:
        with ledger.in_line("a#1", 1):
            assert ledger.append("a#1", 1, [DONE]) == 2
    finally:
        os.kill(frozen, signal.SIGCONT)
    with psycopg.connect(postgres_url, autocommit=True) as connection:  # until it has ended
        while connection.execute("SELECT FROM pg_stat_activity WHERE pid = %s", (frozen,)).fetchall():
            pass
    assert ledger.read("a#1") == [DONE, DONE]


def test_a_wrong_password(postgres_server: str) -> None:
    execute(
        postgres_server,
        f"DROP ROLE IF EXISTS {STRANGER}",
        f"CREATE ROLE {STRANGER} LOGIN PASSWORD 'another one'",
    )
    parts = urlsplit(postgres_server)
    url = parts._replace(netloc=f"{STRANGER}:{SECRET}@{parts.netloc.rpartition('@')[2]}").geturl()
    try:
        if "MILEPOST_TEST_POSTGRES" in os.environ and lets_in(url):
            pytest.skip("the server that was given lets everybody in")
        refused(lambda: ledger_at(url, patience=3600).read("a#1"), "refuses the password", STRANGER)
    finally:
        execute(postgres_server, f"DROP ROLE {STRANGER}")


def lets_in(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def test_no_such_database_and_no_such_user(postgres_server: str) -> None:
    parts = urlsplit(postgres_server)
    refused(lambda: ledger_at(parts._replace(path="/nothing").geturl(), 3600).read("a#1"), "no such database")
    netloc = f"nobody@{parts.netloc.rpartition('@')[2]}"
    refused(lambda: ledger_at(parts._replace(netloc=netloc).geturl(), 3600).read("a#1"), "does not know the user")


def test_a_server_that_takes_no_writes(empty_database: str) -> None:
    ledger = ledger_at(empty_database)
    ledger.append("a#1", 0, [DONE])
    name = urlsplit(empty_database).path[1:]
    execute(empty_database, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    reader = ledger_at(empty_database)
    refused(lambda: reader.append("a#1", 1, [DONE]), "takes no writes", "standby")
    assert reader.read("a#1") == [DONE]
    assert ledger.append("a#1", 1, [DONE]) == 2  # its session began before


def test_a_full_disk_loses_nothing_that_was_recorded(empty_database: str) -> None:
    """A trigger stands in for the disk: the server reports with the same code."""
    ledger = ledger_at(empty_database)
    ledger.append("a#1", 0, [DONE])
    full = "BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END"
    execute(
        empty_database,
        f"CREATE FUNCTION public.no_space() RETURNS trigger LANGUAGE plpgsql AS $$ {full} $$",
        "CREATE TRIGGER no_space BEFORE INSERT ON milepost.event FOR EACH ROW EXECUTE FUNCTION public.no_space()",
    )
    refused(lambda: ledger.append("a#1", 1, [DONE]), "disk is full", "safe")
    with pytest.raises(LedgerUnavailable, match="disk is full"), ledger.turn("a#1"):
        ledger.append("a#1", 1, [DONE])
    assert ledger.read("a#1") == [DONE]
    execute(empty_database, "DROP TRIGGER no_space ON milepost.event")
    assert ledger.append("a#1", 1, [DONE]) == 2


def test_a_user_who_may_not_lay_out_the_schema(empty_database: str) -> None:
    role = f"reader_{uuid.uuid4().hex}"
    parts = urlsplit(empty_database)
    execute(empty_database, f"CREATE ROLE {role} LOGIN")
    try:
        url = parts._replace(netloc=f"{role}@{parts.netloc.rpartition('@')[2]}").geturl()
        refused(lambda: ledger_at(url).append("a#1", 0, [DONE]), "lacks a permission", "ledger migrate")
    finally:
        execute(empty_database, f"DROP ROLE {role}")


def test_a_stream_that_somebody_keeps_locked(postgres_url: str) -> None:
    ledger = PostgresLedger(postgres_url, uuid.uuid4().hex)
    ledger.append("a#1", 0, [DONE])
    ledger.link.connection().execute("SET lock_timeout = '50ms'")
    holder = PostgresLedger(postgres_url, ledger.project)
    with holder.turn("a#1"):
        holder.read("a#1")
        refused(lambda: ledger.append("a#1", 1, [DONE]), "locked for too long")
        assert ledger.append("b#1", 0, [DONE]) == 1  # other streams go on
    assert ledger.append("a#1", 1, [DONE]) == 2


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ann:{SECRET}@host:none/plans",
        f"postgresql://ann:{SECRET}@host:99999/plans",
        f"postgresql://ann:ses@me/{SECRET}@host/plans",
        f"postgresql://ann:#{SECRET}@host/plans",
        f"postgresql://ann:{SECRET}@host/plans?nonsense=1",
        f"postgresql://ann:{SECRET}@[::1/plans",
        f"mysql://ann:{SECRET}@host/plans",
        SECRET,
        "",
    ],
)
def test_an_address_that_is_none(url: str) -> None:
    refused(lambda: ledger_at(url), "cannot be read", "postgresql://USER@HOST")


def test_the_extra_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    refused(lambda: ledger_at("postgresql://host/plans"), "psycopg", "pip install 'milepost[postgres]'")


def test_migrating_without_alembic(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "alembic", None)
    ledger = ledger_at(empty_database)
    refused(ledger.migrate, "alembic", "pip install 'milepost[postgres]'")
    assert ledger.append("a#1", 0, [DONE]) == 1  # to lay out a ledger does not need it


def test_no_error_of_the_driver_escapes(postgres_url: str) -> None:
    ledger = PostgresLedger(postgres_url, uuid.uuid4().hex)

    def fail(_: object) -> None:
        raise psycopg.errors.SyntaxError("what is this")

    with pytest.raises(MilepostError, match="what is this"):
        ledger.link.run(fail)
