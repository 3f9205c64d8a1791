"""Who stands in line for a stream of the PostgreSQL ledger: one after the other, and never for good."""

from __future__ import annotations

import threading
import time
import uuid
from typing import Any

import psycopg
import pytest
from tests.databases import end_connection_of

from milepost.adapters.ledger_postgres import PostgresLedger
from milepost.adapters.postgres_appends import Batch, Head
from milepost.adapters.postgres_news import Row
from milepost.app.ledgers import verify
from milepost.app.runs import RunSession
from milepost.errors import VersionConflict
from milepost.execution.commands import Claim, Start
from milepost.execution.events import AttemptStarted, Event, TaskCompleted
from milepost.execution.policy import RunSpec, TaskSpec, TierPolicy

FIRST, SECOND, THIRD = (TaskCompleted(at=1.0, task=str(number), attempt_no=1, by="w") for number in range(3))


@pytest.fixture
def ledger(postgres_url: str) -> PostgresLedger:
    made = PostgresLedger(postgres_url, uuid.uuid4().hex)
    made.append("a#1", 0, [FIRST])
    return made


@pytest.fixture
def other(postgres_url: str, ledger: PostgresLedger) -> PostgresLedger:
    return PostgresLedger(postgres_url, ledger.project)


def wait_for_somebody_in_line(url: str, ledger: PostgresLedger) -> None:
    """Until the server has somebody wait for a lock in the database, who is not let on."""
    pid = ledger.link.connection().info.backend_pid
    with psycopg.connect(url, autocommit=True) as connection:
        waits = "SELECT FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"
        deadline = time.monotonic() + 120
        while not connection.execute(waits, (pid,)).fetchall():
            assert time.monotonic() < deadline


def test_the_next_one_reads_what_the_one_before_appended(
    ledger: PostgresLedger, other: PostgresLedger, postgres_url: str
) -> None:
    other._line.patience = 3600
    seen: list[list[Event]] = []

    def follow() -> None:
        with other.in_line("a#1", 0) as news:
            seen.append(list(news))
            other.append("a#1", 2, [THIRD])

    thread = threading.Thread(target=follow)
    with ledger.in_line("a#1", 1):
        thread.start()
        wait_for_somebody_in_line(postgres_url, ledger)
        assert seen == []
        ledger.append("a#1", 1, [SECOND])
        thread.join(120)  # the turn ended with the append, not with the block
        assert not thread.is_alive()
    assert seen == [[FIRST, SECOND]]
    assert ledger.read("a#1") == [FIRST, SECOND, THIRD]


def test_nobody_waits_for_one_who_hangs(ledger: PostgresLedger, other: PostgresLedger) -> None:
    other._line.patience = 0.05
    with ledger.in_line("a#1", 1):
        with other.in_line("a#1", 1) as news:
            assert news == []
            other.append("a#1", 1, [SECOND])
        other._line.patience = 3600
        with other.in_line("a#1", 1) as news:  # a line that did not move is left alone for a while
            assert news == [SECOND]
    assert other.read("a#1") == [FIRST, SECOND]


def test_lines_of_other_streams_do_not_matter(ledger: PostgresLedger, other: PostgresLedger) -> None:
    other._line.patience = 3600
    with ledger.in_line("a#1", 1), other.in_line("b#1", 0):
        other.append("b#1", 0, [FIRST])


def test_a_connection_that_breaks_in_line_doubles_and_loses_nothing(
    ledger: PostgresLedger, other: PostgresLedger
) -> None:
    other._line.patience = 3600
    with ledger.in_line("a#1", 1):
        end_connection_of(ledger)
        assert ledger.append("a#1", 1, [SECOND]) == 2
    with other.in_line("a#1", 1) as news:  # its turn ended with the connection
        assert news == [SECOND]
    assert verify(ledger).faults == ()


def test_an_answer_lost_in_line_is_looked_up(ledger: PostgresLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    """The append arrives, and the connection ends before its answer does."""
    add = ledger._line.add
    lost: list[Head | None] = []

    def lose(connection: Any, batch: Batch) -> Head | None:
        found = add(connection, batch)
        if not lost:
            lost.append(found)
            end_connection_of(ledger)
            raise psycopg.OperationalError("the connection is lost")
        return found

    monkeypatch.setattr(ledger._line, "add", lose)
    with ledger.in_line("a#1", 1):
        assert ledger.append("a#1", 1, [SECOND]) == 2
    assert lost
    assert ledger.read("a#1") == [FIRST, SECOND]


def test_an_interrupt_in_line_leaves_it(
    ledger: PostgresLedger, other: PostgresLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = ledger._line._stand

    def interrupted(*given: object) -> None:
        stand(*given)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(ledger._line, "_stand", interrupted)
    with pytest.raises(KeyboardInterrupt), ledger.in_line("a#1", 0):
        pass
    other._line.patience = 3600
    with other.in_line("a#1", 1):
        assert other.append("a#1", 1, [SECOND]) == 2


def test_whoever_was_too_late_stands_in_line(ledger: PostgresLedger, other: PostgresLedger) -> None:
    """Two sessions that take turns at claiming: each knows an old state when it claims, and none is doubled."""
    tasks = tuple(TaskSpec(str(number), "no-op", 1, order=number) for number in range(6))
    spec = RunSpec("b", tasks, tiers=(TierPolicy(1, "One", 6),))
    RunSession(ledger, "b#1").execute(Start(0.0, "b#1", spec))
    sessions = [RunSession(one, "b#1") for one in (ledger, other)]
    for number in range(6):
        sessions[number % 2].execute(Claim(1.0, str(number), f"w{number % 2}", 1, 60.0))
    found = [event for event in ledger.read("b#1") if isinstance(event, AttemptStarted)]
    assert [(event.task, event.worker) for event in found] == [(str(number), f"w{number % 2}") for number in range(6)]
    assert verify(ledger).faults == ()


def test_many_events_with_text_of_any_kind_in_one_append(ledger: PostgresLedger) -> None:
    many: list[Event] = [TaskCompleted(1.0, f"“{number}” \x01", 1, "w", {"n": "€" * number}) for number in range(40)]
    with ledger.in_line("“€”#1", 0):
        assert ledger.append("“€”#1", 0, many) == 40
    assert ledger.append("“€”#1", 40, many) == 80
    assert ledger.read("“€”#1") == [*many, *many]
    assert verify(ledger).faults == ()


def test_who_appends_again_at_once_need_not_stand_again(
    ledger: PostgresLedger, other: PostgresLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third append of the three is one of a spell; the next one in line has been there since the second."""
    patient(monkeypatch)
    other._line.patience = 3600
    stood = standing(ledger, monkeypatch)
    for version in (1, 2, 3):
        with ledger.in_line("a#1", version) as news:
            assert list(news) == []
            ledger.append("a#1", version, [SECOND])
    assert stood == [1, 2]
    with other.in_line("a#1", 0) as news:
        assert len(list(news)) == 4
        other.append("a#1", 4, [THIRD])
    with ledger.in_line("a#1", 4) as news:
        assert list(news) == []
        with pytest.raises(VersionConflict):  # who is overtaken in a spell finds out
            ledger.append("a#1", 4, [SECOND])
    with ledger.in_line("a#1", 4) as news:
        assert list(news) == [THIRD]
        ledger.append("a#1", 5, [SECOND])
    assert stood == [1, 2, 4]
    assert verify(ledger).faults == ()


def test_the_next_in_line_reads_along_while_one_goes_on(
    ledger: PostgresLedger, other: PostgresLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient(monkeypatch)
    for version in (1, 2):
        with ledger.in_line("a#1", version):
            ledger.append("a#1", version, [SECOND])
    looks: list[int] = []
    news_of = other._line._news

    def look(stream: str, after: int) -> Any:
        """Looked at once: nothing new yet. Then one more, and nothing after it."""
        looks.append(after)
        if len(looks) == 2:
            with ledger.in_line("a#1", 3):
                ledger.append("a#1", 3, [THIRD])
        return news_of(stream, after)

    monkeypatch.setattr(other._line, "_news", look)
    with other.in_line("a#1", 0) as news:
        assert list(news) == [FIRST, SECOND, SECOND, THIRD]
        assert looks == [3, 3, 4, 4]  # two looks that find nothing end it
        other.append("a#1", 4, [FIRST])


def test_a_spell_ends(ledger: PostgresLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has been at it for long enough says so with an append, and stands in line for the next one."""
    patient(monkeypatch)
    stood = standing(ledger, monkeypatch)
    for version in (1, 2, 3, 4):
        with ledger.in_line("a#1", version):
            if version == 3:
                monkeypatch.setattr("milepost.adapters.postgres_spell.SPELL", 0.0)
                ledger._line.spell.begin("a#1", 0.0)
            ledger.append("a#1", version, [SECOND])
    assert stood == [1, 2, 4]


def standing(ledger: PostgresLedger, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The versions after which a ledger will have stood in line."""
    stood: list[int] = []
    stand = ledger._line.stand

    def noted(stream: str, after: int) -> list[Row] | None:
        stood.append(after)
        return stand(stream, after)

    monkeypatch.setattr(ledger._line, "stand", noted)
    return stood


def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine, who goes on is believed to be at it, and his spell lasts."""
    monkeypatch.setattr("milepost.adapters.postgres_spell.SPELL", 3600.0)
    monkeypatch.setattr("milepost.adapters.postgres_spell._AT_ONCE", 3600.0)
