"""What every ledger promises; each implementation runs the same tests."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from milepost.adapters.ledger_postgres import PostgresLedger
from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.app.ports import Ledger, StreamInfo
from milepost.errors import VersionConflict
from milepost.execution.events import (
    AttemptStarted,
    Event,
    RunStarted,
    TaskBlocked,
    TaskCompleted,
)


class MemoryLedger:
    """The fake: as simple as the contract allows."""

    def __init__(self) -> None:
        self._streams: dict[str, list[Event]] = {}

    def append(self, stream: str, expected_version: int, events: Sequence[Event]) -> int:
        known = self._streams.get(stream, [])
        if len(known) != expected_version:
            raise VersionConflict(f"{stream} is at version {len(known)}, not {expected_version}")
        if events:
            self._streams[stream] = [*known, *events]
        return expected_version + len(events)

    @contextlib.contextmanager
    def turn(self, stream: str = "") -> Iterator[None]:
        before = dict(self._streams)
        try:
            yield
        except BaseException:
            self._streams = before
            raise

    def read(self, stream: str, after: int = 0) -> list[Event]:
        return self._streams.get(stream, [])[after:]

    def streams(self, prefix: str = "") -> list[StreamInfo]:
        return [StreamInfo(name, len(events)) for name, events in self._streams.items() if name.startswith(prefix)]

    def in_line(self, stream: str, after: int) -> AbstractContextManager[list[Event]]:
        return contextlib.nullcontext(self.read(stream, after))

    def driving(self, stream: str, on_wait: Callable[[str], None] | None = None) -> AbstractContextManager[None]:
        return contextlib.nullcontext()

    def wait(self, stream: str, after: int, seconds: float) -> None:
        pass

    def exists(self) -> bool:
        return bool(self._streams)

    @property
    def place(self) -> str:
        return "memory"

    def close(self) -> None:
        pass


MAKERS: dict[str, Callable[[pytest.FixtureRequest, Path], Ledger]] = {
    "memory": lambda request, folder: MemoryLedger(),
    "sqlite": lambda request, folder: SqliteLedger(folder / ".milepost" / "ledger.db"),
    "sqlite-durable": lambda request, folder: SqliteLedger(folder / ".milepost" / "ledger.db", durable=True),
    "postgres": lambda request, folder: PostgresLedger(request.getfixturevalue("postgres_url"), folder.name),
}


@pytest.fixture(params=MAKERS)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    made = MAKERS[request.param](request, tmp_path)
    yield made
    made.close()


STARTED = AttemptStarted(at=1.5, task="1.1", attempt_no=1, tier=3, worker="w", lease_until=None)
DONE = TaskCompleted(at=2.5, task="1.1", attempt_no=1, by="w", evidence={"exit_code": 0, "log": "a.log"})
BLOCKED = TaskBlocked(at=3.5, task="1.2", reason="needs “a human” \udc80 €")


def test_what_was_appended_is_read_back_in_order(ledger: Ledger) -> None:
    run = RunStarted(at=0.1, run="r", spec={"tasks": [{"id": "1.1", "effort": None}], "factor": 2.0})
    assert ledger.append("run/1", 0, [run, STARTED]) == 2
    assert ledger.append("run/1", 2, [DONE, BLOCKED]) == 4
    assert ledger.read("run/1") == [run, STARTED, DONE, BLOCKED]


def test_reading_after_a_version_gives_only_what_is_newer(ledger: Ledger) -> None:
    ledger.append("run/1", 0, [STARTED, DONE, BLOCKED])
    assert ledger.read("run/1", after=2) == [BLOCKED]
    assert ledger.read("run/1", after=3) == []


def test_an_unknown_stream_is_empty(ledger: Ledger) -> None:
    assert ledger.read("nothing") == []
    assert ledger.streams() == []


def test_an_append_at_the_wrong_version_writes_nothing(ledger: Ledger) -> None:
    ledger.append("run/1", 0, [STARTED])
    for wrong in (0, 2):
        with pytest.raises(VersionConflict):
            ledger.append("run/1", wrong, [DONE, BLOCKED])
    assert ledger.read("run/1") == [STARTED]


def test_streams_have_their_own_versions_and_the_order_of_their_beginning(ledger: Ledger) -> None:
    ledger.append("run/b", 0, [STARTED])
    ledger.append("run/a", 0, [STARTED])
    ledger.append("trust", 0, [BLOCKED])
    ledger.append("run/b", 1, [DONE])
    assert ledger.streams() == [StreamInfo("run/b", 2), StreamInfo("run/a", 1), StreamInfo("trust", 1)]
    assert ledger.streams("run/") == [StreamInfo("run/b", 2), StreamInfo("run/a", 1)]
    assert ledger.streams("z") == []


def test_appending_nothing_changes_nothing(ledger: Ledger) -> None:
    assert ledger.append("run/1", 0, []) == 0
    assert ledger.streams() == []


def test_a_stream_that_cannot_be_told_apart_as_a_pattern_is_found_by_prefix(ledger: Ledger) -> None:
    ledger.append("run%_*", 0, [STARTED])
    ledger.append("runner", 0, [STARTED])
    assert ledger.streams("run%") == [StreamInfo("run%_*", 1)]


def test_all_that_is_appended_in_a_turn_is_kept_together(ledger: Ledger) -> None:
    with ledger.turn():
        ledger.append("a#1", 0, [STARTED])
        ledger.append("a#1", 1, [STARTED])
        ledger.append("b#1", 0, [STARTED])
    assert [stream.version for stream in ledger.streams()] == [2, 1]


def test_nothing_is_kept_of_a_turn_that_an_exception_ends(ledger: Ledger) -> None:
    ledger.append("a#1", 0, [STARTED])

    def turn() -> None:
        with ledger.turn():
            ledger.append("a#1", 1, [STARTED])
            raise KeyError

    with pytest.raises(KeyError):
        turn()
    assert len(ledger.read("a#1")) == 1
    ledger.append("a#1", 1, [STARTED])
    assert len(ledger.read("a#1")) == 2


def test_a_refused_append_does_not_end_a_turn(ledger: Ledger) -> None:
    with ledger.turn():
        ledger.append("a#1", 0, [STARTED])
        with pytest.raises(VersionConflict):
            ledger.append("a#1", 0, [STARTED])
        ledger.append("a#1", 1, [STARTED])
    assert len(ledger.read("a#1")) == 2


def test_a_turn_for_a_stream_keeps_or_drops_it_all_together(ledger: Ledger) -> None:
    with ledger.turn("a#1"):
        ledger.append("a#1", 0, [STARTED])
        assert ledger.read("a#1") == [STARTED]
        ledger.append("a#1", 1, [DONE, BLOCKED])

    def turn() -> None:
        with ledger.turn("a#1"):
            ledger.append("a#1", 3, [STARTED])
            raise KeyError

    with pytest.raises(KeyError):
        turn()
    assert ledger.read("a#1") == [STARTED, DONE, BLOCKED]


def test_who_waits_for_what_is_there_already_does_not_wait(ledger: Ledger) -> None:
    ledger.append("a#1", 0, [STARTED])
    ledger.wait("a#1", 0, seconds=3600)  # longer than any test may last


def test_waiting_in_vain_ends(ledger: Ledger) -> None:
    ledger.wait("a#1", 0, seconds=0.01)
    ledger.append("a#1", 0, [STARTED])
    ledger.wait("a#1", 1, seconds=0.01)


def test_who_stands_in_line_reads_on_and_appends(ledger: Ledger) -> None:
    with ledger.in_line("a#1", 0) as news:
        assert news == []
        ledger.append("a#1", 0, [STARTED])
    with ledger.in_line("a#1", 0) as news:
        assert news == [STARTED]
        ledger.append("a#1", 1, [DONE, BLOCKED])
        ledger.append("a#1", 3, [STARTED])  # the turn is over, but nobody else is there
    assert ledger.read("a#1") == [STARTED, DONE, BLOCKED, STARTED]


def test_who_stands_in_line_may_be_too_late_and_need_not_append(ledger: Ledger) -> None:
    ledger.append("a#1", 0, [STARTED])
    with pytest.raises(VersionConflict), ledger.in_line("a#1", 0):
        ledger.append("a#1", 0, [STARTED])
    with ledger.in_line("a#1", 1):
        pass
    with ledger.turn("a#1"), ledger.in_line("a#1", 0) as news:
        assert news == [STARTED]
        ledger.append("a#1", 1, [DONE])
    assert ledger.read("a#1") == [STARTED, DONE]


def test_who_drives_a_run_may_append_to_it(ledger: Ledger) -> None:
    ledger.append("a#1", 0, [STARTED])
    with ledger.driving("a#1"):
        ledger.append("a#1", 1, [DONE])
    with ledger.driving("a#1"):
        assert ledger.read("a#1") == [STARTED, DONE]


def test_a_ledger_exists_once_something_is_kept(ledger: Ledger) -> None:
    assert not ledger.exists()
    ledger.append("a#1", 0, [STARTED])
    assert ledger.exists()
    assert ledger.place
