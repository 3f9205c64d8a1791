"""What the PostgreSQL ledger promises beyond the contract: projects apart, news by notification, archives."""

from __future__ import annotations

import threading
import uuid
from pathlib import Path

import psycopg
import pytest
from tests.databases import end_connection_of, execute

from milepost.adapters.ledger_postgres import PostgresLedger
from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.app.ledgers import export_lines, import_lines, verify
from milepost.app.ports import StreamInfo
from milepost.errors import LedgerUnavailable, Refused, VersionConflict
from milepost.execution.events import TaskBlocked, TaskCompleted


def completed(task: str) -> TaskCompleted:
    return TaskCompleted(at=1.0, task=task, attempt_no=1, by="w", evidence={"said": "“€” \udc80"})


@pytest.fixture
def ledger(postgres_url: str) -> PostgresLedger:
    return PostgresLedger(postgres_url, uuid.uuid4().hex)


@pytest.fixture
def filled(tmp_path: Path) -> SqliteLedger:
    """Two runs whose events were appended by turns, in one file."""
    ledger = SqliteLedger(tmp_path / "ledger.db")
    for number in range(3):
        ledger.append("a#1", number, [completed(str(number))])
        ledger.append("b#1", 2 * number, [completed(str(number)), TaskBlocked(2.0, "x", "why")])
    return ledger


def unavailable(work: object, *words: str) -> None:
    assert callable(work)
    with pytest.raises(LedgerUnavailable) as caught:
        work()
    for word in words:
        assert word in str(caught.value)
    assert caught.value.remedy


def test_projects_in_one_database_do_not_see_each_other(ledger: PostgresLedger, postgres_url: str) -> None:
    other = PostgresLedger(postgres_url, uuid.uuid4().hex)
    ledger.append("a#1", 0, [completed("1")])
    other.append("a#1", 0, [completed("2")])
    assert ledger.read("a#1") == [completed("1")]
    assert [row.stream for row in other.rows()] == ["a#1"]
    assert (ledger.events_ever(), other.events_ever()) == (1, 1)


def test_a_ledger_sees_what_another_connection_appended(ledger: PostgresLedger, postgres_url: str) -> None:
    other = PostgresLedger(postgres_url, ledger.project)
    ledger.append("a#1", 0, [completed("1")])
    other.append("a#1", 1, [completed("2")])
    with pytest.raises(VersionConflict):
        ledger.append("a#1", 1, [completed("3")])
    assert ledger.read("a#1", 1) == [completed("2")]
    assert ledger.append("a#1", 2, [completed("3")]) == 3


@pytest.mark.parametrize(
    "statement",
    ["UPDATE milepost.event SET kind = 'x'", "DELETE FROM milepost.event", "TRUNCATE milepost.event",
     "DELETE FROM milepost.stream"],
)  # fmt: skip
def test_events_are_for_ever(ledger: PostgresLedger, postgres_url: str, statement: str) -> None:
    ledger.append("a#1", 0, [completed("1")])
    with pytest.raises(psycopg.errors.RaiseException, match="never"):
        execute(postgres_url, statement)


def test_who_waits_is_told_by_the_server(ledger: PostgresLedger, postgres_url: str) -> None:
    """The wait is far longer than the test may last, so only a notification can end it."""
    ledger.append("a#1", 0, [completed("1")])
    waiting = PostgresLedger(postgres_url, ledger.project)
    thread = threading.Thread(target=lambda: waiting.wait("a#1", 1, 3600))
    thread.start()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        listens = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted"
        while not connection.execute(listens).fetchall() and thread.is_alive():
            pass
    ledger.append("b#1", 0, [completed("1")])  # no news of the stream that is waited for
    ledger.append("a#1", 1, [completed("2")])
    thread.join(60)
    assert not thread.is_alive()
    waiting.close()


def test_waiting_for_a_stream_that_begins(ledger: PostgresLedger, empty_database: str) -> None:
    """Not even the schema is there yet."""
    waiting = PostgresLedger(empty_database, "shop")
    waiting.wait("a#1", 0, 0.01)
    PostgresLedger(empty_database, "shop").append("a#1", 0, [completed("1")])
    waiting.wait("a#1", 0, 3600)


def test_events_move_to_the_database_and_back_with_their_hashes(
    filled: SqliteLedger, ledger: PostgresLedger, tmp_path: Path
) -> None:
    lines = list(export_lines(filled))
    assert import_lines(ledger, lines, name="x") == 9  # 3 of one run, 3 times 2 of the other
    assert import_lines(ledger, lines, name="x") == 0
    assert list(export_lines(ledger)) == lines
    assert ledger.streams() == filled.streams()
    assert verify(ledger) == verify(filled)
    ledger.append("a#1", 3, [completed("here")])
    back = SqliteLedger(tmp_path / "back.db")
    assert import_lines(back, export_lines(ledger), name="x") == 10
    assert import_lines(filled, export_lines(back), name="x") == 1
    assert filled.read("a#1") == ledger.read("a#1")
    assert verify(filled).faults == ()


def test_an_import_that_does_not_fit_leaves_nothing(filled: SqliteLedger, ledger: PostgresLedger) -> None:
    rows = list(filled.rows())
    unavailable(lambda: ledger.restore(rows[:3] + rows[4:]), "does not follow")
    assert not ledger.exists()
    ledger.append("a#1", 0, [completed("mine")])
    unavailable(lambda: ledger.restore(rows), "another event 1")
    assert ledger.streams() == [StreamInfo("a#1", 1)]


def test_a_backup_is_a_ledger_in_a_file(filled: SqliteLedger, ledger: PostgresLedger, tmp_path: Path) -> None:
    ledger.restore(filled.rows())
    ledger.backup(tmp_path / "copy.db")
    copy = SqliteLedger(tmp_path / "copy.db")
    assert list(copy.rows()) == list(filled.rows())


def tamper(url: str, statement: str) -> None:
    execute(url, f"SET session_replication_role = replica; {statement}")


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE milepost.event SET payload = replace(payload, '“', '„') WHERE version = 2", "event 2 (TaskCompleted)"),
        ("DELETE FROM milepost.event WHERE version = 2", "event 2 is missing before event 3"),
        ("DELETE FROM milepost.event WHERE version = 3", "1 event was taken away"),
    ],
)
def test_tampering_and_loss_show(empty_database: str, statement: str, fault: str) -> None:
    ledger = PostgresLedger(empty_database, "shop")
    ledger.append("a#1", 0, [completed("1"), completed("2"), completed("3")])
    tamper(empty_database, statement.replace("“", "said"))
    assert fault in " ".join(verify(ledger).faults)


def test_ends_of_streams_are_derived_anew(empty_database: str) -> None:
    ledger = PostgresLedger(empty_database, "shop")
    ledger.append("a#1", 0, [completed("1"), completed("2")])
    tamper(empty_database, "UPDATE milepost.stream SET version = 1, hash = ''")
    with pytest.raises(VersionConflict):
        PostgresLedger(empty_database, "shop").append("a#1", 2, [completed("3")])
    assert ledger.rebuild() == 1
    assert ledger.append("a#1", 2, [completed("3")]) == 3
    assert verify(ledger).faults == ()


def test_what_tells_of_missing_events_is_not_derived_anew(empty_database: str) -> None:
    ledger = PostgresLedger(empty_database, "shop")
    ledger.append("a#1", 0, [completed("1"), completed("2")])
    tamper(empty_database, "DELETE FROM milepost.event WHERE version = 2")
    unavailable(ledger.rebuild, "a#1 lacks 1 of its events")


def test_a_ledger_that_was_brought_back_is_read_anew(empty_database: str) -> None:
    """As after a restore, or a failover that lost the last events: what this process remembers is not there."""
    ledger, other = (PostgresLedger(empty_database, "shop") for _ in range(2))
    ledger.append("a#1", 0, [completed("1"), completed("2")])
    tamper(empty_database, "DELETE FROM milepost.event WHERE version = 2")
    tamper(empty_database, "UPDATE milepost.stream SET version = 1, hash = (SELECT hash FROM milepost.event)")
    other.append("a#1", 1, [completed("two")])
    with pytest.raises(VersionConflict):
        ledger.append("a#1", 2, [completed("3")])  # the second event has another hash than the one we appended
    assert ledger.read("a#1") == [completed("1"), completed("two")]
    assert ledger.append("a#1", 2, [completed("3")]) == 3


def test_many_events_at_once(ledger: PostgresLedger) -> None:
    many = [completed(str(number)) for number in range(2500)]
    assert ledger.append("a#1", 0, many) == 2500
    assert ledger.read("a#1") == many
    assert [row.position for row in ledger.rows()] == list(range(1, 2501))


def test_the_hash_of_an_event(ledger: PostgresLedger) -> None:
    ledger.append("a#1", 0, [completed("1"), completed("2")])
    assert ledger.hash_at("a#1", 2) == list(ledger.rows())[1].hash
    assert ledger.hash_at("a#1", 3) == ledger.hash_at("b#1", 1) == ""


def test_one_machine_drives_a_run(ledger: PostgresLedger, postgres_url: str) -> None:
    other = PostgresLedger(postgres_url, ledger.project)
    with ledger.driving("a#1"):
        with pytest.raises(Refused, match="another machine"), other.driving("a#1"):
            pass
        with other.driving("b#1"):  # another run
            pass
        end_connection_of(ledger)
        assert ledger.append("a#1", 0, [completed("1")]) == 1
        with pytest.raises(Refused, match="another machine"), other.driving("a#1"):
            pass
    with other.driving("a#1"):
        pass


def test_who_waits_to_drive_takes_over(ledger: PostgresLedger, postgres_url: str) -> None:
    other = PostgresLedger(postgres_url, ledger.project)
    heard: list[str] = []
    first = ledger.driving("a#1")
    first.__enter__()

    def hear(text: str) -> None:
        heard.append(text)
        first.__exit__(None, None, None)

    with other.driving("a#1", hear):
        assert len(heard) == 1


def test_who_was_replaced_cannot_go_on(
    ledger: PostgresLedger, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection broke, and before it was there again somebody else took over."""
    ledger.append("a#1", 0, [completed("1")])
    other = PostgresLedger(postgres_url, ledger.project)
    connect = ledger.link.connect

    def impatient() -> psycopg.Connection[tuple[object, ...]]:
        connection = connect()
        connection.execute("SET lock_timeout = '50ms'")
        return connection

    with ledger.driving("a#1"):
        end_connection_of(ledger)
        with other.driving("a#1"):
            other.append("a#1", 1, [completed("2")])
            monkeypatch.setattr(ledger.link, "connect", impatient)
            for _ in range(2):
                unavailable(lambda: ledger.append("a#1", 1, [completed("3")]), "locked for too long")
    assert other.read("a#1") == [completed("1"), completed("2")]


def test_facts_of_the_server(ledger: PostgresLedger) -> None:
    ledger.append("a#1", 0, [completed("1")])
    facts = ledger.facts()
    assert facts["server"].startswith("PostgreSQL ")
    assert facts["answer"].endswith(" ms")
    assert facts["schema"] == "1"
