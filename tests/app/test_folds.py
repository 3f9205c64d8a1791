"""Kept states of runs: used only when they are whole and what the ledger holds, and then like folding everything."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from milepost.adapters.event_rows import nothing_known
from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.app.folds import WORTH, Folds
from milepost.app.kept_specs import KeptSpec
from milepost.app.kept_values import from_bytes, sealed, to_bytes, unsealed
from milepost.app.private_files import PrivateFiles
from milepost.app.runs import RunSession, latest_run
from milepost.execution.commands import Claim, Heartbeat, MarkDone, Start
from milepost.execution.policy import RunSpec, TaskSpec, TierPolicy, Wait
from milepost.execution.snapshots import snapshot
from milepost.execution.state import RunState

RUN = "tasks.md#1"
SPEC = RunSpec(
    "tasks.md",
    (
        TaskSpec("1", "Lay out", 3, effort=60),
        TaskSpec("2", "Build", 3, waits=(Wait("1"),)),
        TaskSpec("3", "Ship", 3, waits=(Wait("2"),)),
    ),
    tiers=(TierPolicy(3, "Three", 2),),
)


class Desk:
    """A ledger with a run of more events than it takes to be kept, and where states are kept."""

    def __init__(self, folder: Path) -> None:
        self.ledger = SqliteLedger(folder / ".milepost" / "ledger.db")
        self.files = PrivateFiles(folder / "state" / "plans")
        self.kept = KeptSpec.of(SPEC)
        session = RunSession(self.ledger, RUN)
        session.execute(Start(1.0, RUN, self.kept.spec, "ann"), Claim(2.0, "1", "ann", None, 600.0))
        session.execute(*(Heartbeat(2.0 + beat, "1", 1, 600.0) for beat in range(WORTH)))
        self.ledger.known = nothing_known

    @property
    def folds(self) -> Folds:
        return Folds(self.files, self.ledger, "here", self.kept)

    def open(self) -> RunSession:
        """Open the run as a command does that knows the specification."""
        session = Known(self.ledger, self.kept)
        found = latest_run(session, "tasks.md", self.folds)
        assert found is not None
        return found

    def is_kept(self) -> bool:
        return self.folds.get(RUN) is not None

    @property
    def file(self) -> Path:
        (found,) = self.files.folder.iterdir()
        return found


class Known(SqliteLedger):
    """A ledger for which the specification of runs is known, as it is for commands."""

    def __init__(self, ledger: SqliteLedger, kept: KeptSpec) -> None:
        from milepost.execution.policy import SpecPayload

        super().__init__(ledger.path, known=lambda: (kept.payload.decode("ascii"), SpecPayload(kept.spec)))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_run_of_many_events_is_kept_and_goes_on_from_there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not desk.is_kept()
    before = desk.open().state
    assert desk.is_kept()
    read: list[int] = []
    real = SqliteLedger.read

    def reading(self: SqliteLedger, stream: str, after: int = 0) -> list[object]:
        read.append(after)
        return list(real(self, stream, after))

    monkeypatch.setattr(SqliteLedger, "read", reading)
    session = desk.open()
    assert read == [before.version]
    assert snapshot(session.state) == snapshot(before)
    session.execute(MarkDone(900.0, "1", "bob"))
    assert [order for _, order in session.state.ready[3]] == ["2"]


def test_what_came_after_is_folded_on_top(desk: Desk) -> None:
    desk.open()
    RunSession(desk.ledger, RUN).execute(MarkDone(900.0, "1", "bob"))
    assert snapshot(desk.open().state) == snapshot(RunSession(desk.ledger, RUN).state)
    assert desk.open().state.tasks["1"].by == "bob"


def test_a_short_run_is_not_kept(desk: Desk) -> None:
    other = "tasks.md#2"
    RunSession(desk.ledger, other).execute(Start(1.0, other, desk.kept.spec, "ann"))
    assert desk.open().stream == other
    assert not desk.files.folder.exists()


def test_a_run_under_an_equal_specification_is_kept(desk: Desk) -> None:
    state = RunSession(desk.ledger, RUN, desk.folds).state
    assert state.spec is not desk.kept.spec  # it was built from its payload
    assert desk.is_kept()


def test_a_run_under_another_specification_is_not_kept(desk: Desk) -> None:
    desk.kept = KeptSpec.of(RunSpec("tasks.md", SPEC.tasks[:2], tiers=SPEC.tiers))
    RunSession(desk.ledger, RUN, desk.folds)
    assert not desk.files.folder.exists()


def edited(desk: Desk) -> None:
    head, _, body = desk.file.read_bytes().partition(b"\n")
    values = from_bytes(body)
    values["paused_by"] = "mallory"
    desk.file.write_bytes(head + b"\n" + to_bytes(values))


def ahead(desk: Desk) -> None:
    """The state claims a version that the ledger does not have."""
    (version, *told), body = unsealed(desk.file.read_bytes())
    desk.file.write_bytes(sealed(" ".join([str(int(version) + 1), *told]), bytes(body)))


def another_history(desk: Desk) -> None:
    """The ledger was put back, and went on otherwise: the event of that version is another one."""
    desk.ledger.close()
    desk.ledger.path.unlink()
    for more in desk.ledger.path.parent.glob("ledger.db-*"):
        more.unlink()
    session = RunSession(desk.ledger, RUN)
    session.execute(Start(1.0, RUN, desk.kept.spec, "eve"), Claim(2.0, "1", "eve", None, 600.0))
    session.execute(*(Heartbeat(2.0 + beat, "1", 1, 600.0) for beat in range(WORTH)))


def another_plan(desk: Desk) -> None:
    desk.kept = KeptSpec.of(RunSpec("tasks.md", SPEC.tasks[:2], tiers=SPEC.tiers))


@pytest.mark.parametrize(
    "change",
    [
        edited,
        ahead,
        another_history,
        another_plan,
        pytest.param(lambda desk: desk.file.write_bytes(desk.file.read_bytes()[:-5]), id="torn"),
        pytest.param(lambda desk: desk.file.write_bytes(b""), id="empty"),
        pytest.param(lambda desk: desk.file.write_bytes(b"\xff \n"), id="binary"),
        pytest.param(lambda desk: desk.files.folder.chmod(0o777), id="folder that others can write to"),
    ],
)
def test_what_cannot_be_relied_on_is_not_used(desk: Desk, change: Callable[[Desk], object]) -> None:
    desk.open()
    assert desk.is_kept()
    change(desk)
    assert not desk.is_kept()
    state = desk.open().state
    assert snapshot(state) == snapshot(RunSession(desk.ledger, RUN).state)
    assert state.paused_by == ""


def test_another_version_of_milepost_folds_for_itself(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.open()
    monkeypatch.setattr("milepost.app.kept_values.WRITER", "999")
    assert not desk.is_kept()


def test_the_same_stream_of_another_ledger_has_its_own(desk: Desk) -> None:
    desk.open()
    assert Folds(desk.files, desk.ledger, "elsewhere", desk.kept).get(RUN) is None


def test_a_folder_that_cannot_be_written_troubles_nobody(desk: Desk) -> None:
    desk.files.folder.parent.mkdir()
    desk.files.folder.write_text("in the way")
    assert desk.open().state.version > WORTH
    assert isinstance(desk.open().state, RunState)


def test_the_hash_of_an_event_is_the_one_in_the_ledger(desk: Desk) -> None:
    rows = sqlite3.connect(desk.ledger.path)
    (stored,) = rows.execute("SELECT hash FROM event WHERE stream = ? AND version = 3", (RUN,)).fetchone()
    rows.close()
    assert desk.ledger.hash_at(RUN, 3) == stored.hex()
    assert desk.ledger.hash_at(RUN, 10_000) == ""
    assert desk.ledger.hash_at("other#1", 1) == ""
    assert SqliteLedger(desk.ledger.path.parent / "none.db").hash_at(RUN, 1) == ""
