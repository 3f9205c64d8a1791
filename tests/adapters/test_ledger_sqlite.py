"""What the SQLite ledger promises beyond the contract: many processes, durability, clear failures."""

from __future__ import annotations

import multiprocessing
import sqlite3
from pathlib import Path

import pytest

from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.app.ledgers import chain
from milepost.errors import LedgerUnavailable, VersionConflict
from milepost.execution.events import TaskBlocked, TaskCompleted

WRITERS, EACH = 8, 50


def completed(task: str, at: float = 0.0) -> TaskCompleted:
    return TaskCompleted(at=at, task=task, attempt_no=1, by="w")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".milepost" / "ledger.db"


def append_with_retries(path: Path, writer: int) -> None:
    ledger = SqliteLedger(path)
    for number in range(EACH):
        while True:
            try:
                ledger.append("run", len(ledger.read("run")), [completed(f"{writer}.{number}")])
                break
            except VersionConflict:
                continue


def test_no_append_of_many_processes_is_lost(path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=append_with_retries, args=(path, writer)) for writer in range(WRITERS)]
    for process in writers:
        process.start()
    for process in writers:
        process.join()
    assert [process.exitcode for process in writers] == [0] * WRITERS
    events = SqliteLedger(path).read("run")
    expected = {f"{writer}.{number}" for writer in range(WRITERS) for number in range(EACH)}
    assert sorted(event.task for event in events if isinstance(event, TaskCompleted)) == sorted(expected)
    versions = [row[0] for row in sqlite3.connect(path).execute("SELECT version FROM event ORDER BY version")]
    assert versions == list(range(1, WRITERS * EACH + 1))


def test_reading_creates_no_file(path: Path) -> None:
    ledger = SqliteLedger(path)
    assert ledger.read("run") == []
    assert ledger.streams() == []
    assert not path.parent.exists()


def test_the_folder_keeps_itself_out_of_version_control(path: Path) -> None:
    SqliteLedger(path).append("run", 0, [completed("1")])
    assert (path.parent / ".gitignore").read_text() == "*\n"


def test_another_connection_sees_an_append_at_once(path: Path) -> None:
    one, two = SqliteLedger(path), SqliteLedger(path)
    one.append("run", 0, [completed("1")])
    assert two.read("run") == [completed("1")]
    two.append("run", 1, [completed("2")])
    assert one.read("run", after=1) == [completed("2")]


def test_a_closed_ledger_opens_again(path: Path) -> None:
    ledger = SqliteLedger(path)
    ledger.append("run", 0, [completed("1")])
    ledger.close()
    assert ledger.read("run") == [completed("1")]


@pytest.mark.parametrize("statement", ["UPDATE event SET kind = 'x'", "DELETE FROM event"])
def test_events_are_for_ever(path: Path, statement: str) -> None:
    SqliteLedger(path).append("run", 0, [completed("1")])
    with pytest.raises(sqlite3.IntegrityError, match="never"):
        sqlite3.connect(path).execute(statement)


def test_each_event_carries_the_hash_of_the_one_before_it(path: Path) -> None:
    ledger = SqliteLedger(path)
    ledger.append("a", 0, [completed("1"), completed("2")])
    ledger.append("b", 0, [completed("1")])
    ledger.append("a", 2, [completed("3")])
    rows = sqlite3.connect(path).execute(
        "SELECT version, kind, v, payload, hash FROM event WHERE stream = 'a' ORDER BY version"
    )
    previous = b""
    count = 0
    for version, kind, v, payload, found in rows:
        previous = chain(previous, "a", version, kind, v, payload)
        assert found == previous
        count += 1
    assert count == 3


# Failures: one clear message with the place and a remedy; nothing lost.


def unavailable(ledger: SqliteLedger, *words: str) -> None:
    with pytest.raises(LedgerUnavailable) as caught:
        ledger.append("run", 0, [completed("1")])
    for word in words:
        assert word in str(caught.value)
    assert caught.value.place == str(ledger.path)
    assert caught.value.remedy


def test_a_locked_ledger(path: Path) -> None:
    SqliteLedger(path).append("other", 0, [completed("1")])
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    impatient = SqliteLedger(path, patience=0.01)
    unavailable(impatient, "locked")
    holder.execute("ROLLBACK")
    assert impatient.append("run", 0, [completed("1")]) == 1


def test_a_file_that_is_no_ledger(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is a text, not a database " * 100)
    unavailable(SqliteLedger(path), "not a Milepost ledger")
    assert path.read_bytes().startswith(b"this is a text")


def test_a_database_of_another_program(path: Path) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE recipe (name TEXT)")
    other.close()
    unavailable(SqliteLedger(path), "another program")
    assert sqlite3.connect(path).execute("SELECT name FROM sqlite_master").fetchall() == [("recipe",)]


def test_a_damaged_ledger(path: Path) -> None:
    ledger = SqliteLedger(path)
    ledger.append("run", 0, [completed(str(number), at=number) for number in range(2000)])
    ledger.close()
    raw = bytearray(path.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    path.write_bytes(raw)
    with pytest.raises(LedgerUnavailable, match="damaged") as caught:
        SqliteLedger(path).read("run")
    assert caught.value.place == str(path)
    assert caught.value.remedy


def test_a_ledger_of_a_newer_schema(path: Path) -> None:
    SqliteLedger(path).append("run", 0, [completed("1")])
    sqlite3.connect(path).execute("PRAGMA user_version = 99")
    unavailable(SqliteLedger(path), "99", "schema")


@pytest.mark.parametrize(
    ("kind", "v", "payload"),
    [
        ("MoonLanded", 1, '{"at": 1.0}'),
        ("TaskBlocked", 99, '{"at": 1.0, "task": "1", "reason": "x"}'),
        ("TaskBlocked", 1, '{"at": 1.0, "task": "1", "reason": "x", "mood": "blue"}'),
    ],
)
def test_an_event_of_a_newer_version(path: Path, kind: str, v: int, payload: str) -> None:
    ledger = SqliteLedger(path)
    ledger.append("run", 0, [TaskBlocked(at=0.0, task="1", reason="x")])
    with sqlite3.connect(path) as raw:
        raw.execute("INSERT INTO event VALUES (NULL, 'run', 2, ?, ?, ?, x'00')", (kind, v, payload))
    with pytest.raises(LedgerUnavailable, match=kind) as caught:
        ledger.read("run")
    assert "newer version" in caught.value.remedy


def test_a_damaged_payload(path: Path) -> None:
    ledger = SqliteLedger(path)
    ledger.append("run", 0, [completed("1")])
    with sqlite3.connect(path) as raw:
        raw.execute("INSERT INTO event VALUES (NULL, 'run', 2, 'TaskBlocked', 1, '{\"at', x'00')")
    with pytest.raises(LedgerUnavailable, match="event 2 of run is damaged"):
        ledger.read("run")


def test_a_missing_project_folder(tmp_path: Path) -> None:
    unavailable(SqliteLedger(tmp_path / "gone" / ".milepost" / "ledger.db"), "folder")


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / ".milepost").write_text("")
    unavailable(SqliteLedger(tmp_path / ".milepost" / "ledger.db"), "folder")


def test_a_folder_nobody_may_write_to() -> None:
    # /proc refuses new folders to everybody, the superuser included.
    unavailable(SqliteLedger("/proc/.milepost/ledger.db"), "folder")


def test_a_full_disk_loses_nothing_that_was_recorded(path: Path) -> None:
    ledger = SqliteLedger(path)
    ledger.append("other", 0, [completed("1")])
    assert ledger._connection is not None
    ledger._connection.execute("PRAGMA max_page_count = 1")
    with pytest.raises(LedgerUnavailable, match="full"):
        ledger.append("run", 0, [TaskBlocked(at=0.0, task="1", reason="x" * 100_000)])
    ledger._connection.execute("PRAGMA max_page_count = 100000")
    assert ledger.read("run") == []
    assert ledger.append("run", 0, [completed("1")]) == 1
