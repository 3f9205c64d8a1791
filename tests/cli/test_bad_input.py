"""Bad input ends in one clear message with the place and the remedy, and nothing is lost."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost, Result
from tests.cli.test_run_commands import PLAN

TIERS = '[tiers.3]\ndriver = "command"\n'


@pytest.fixture
def plan(project: Path) -> Path:
    path = project / "tasks.md"
    path.write_text(PLAN)
    return path


def assert_told(result: Result, code: int, *words: str) -> None:
    assert result.code == code, result.err
    assert "Traceback" not in result.err + result.out
    assert result.err.startswith("error[")
    for word in words:
        assert word in result.err


@pytest.mark.parametrize("command", ["schedule", "run", "status", "next", "sync", "trust", "log"])
def test_what_cannot_be_read_as_a_plan(milepost: Milepost, project: Path, command: str) -> None:
    assert_told(milepost(command, "missing.md"), 3, "no such file", "missing.md", "help:")
    (project / "folder").mkdir()
    assert_told(milepost(command, "folder"), 3, "this folder", "tasks.md", "--> folder")
    (project / "binary.md").write_bytes(b"\x89PNG\r\n\x00\x00")
    assert_told(milepost(command, "binary.md"), 3, "a binary file", "help:")
    (project / "empty.md").write_bytes(b" \n\n")
    assert_told(milepost(command, "empty.md"), 3, "it is empty", "milepost init")
    (project / "prose.md").write_text("# Thoughts\n\nNothing to do.\n")
    assert_told(milepost(command, "prose.md"), 3, "no task", "- [ ]")
    with (project / "huge.md").open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    assert_told(milepost(command, "huge.md"), 3, "larger than 32 MB")


def test_bytes_that_are_no_utf8_are_kept(milepost: Milepost, plan: Path) -> None:
    raw = PLAN.replace("Shed", "Sh\udce9d").encode("utf-8", "surrogateescape")  # a Latin-1 é
    plan.write_bytes(raw)
    shown = milepost("status", "tasks.md")
    assert (shown.code, "Sh\\xe9d" in shown.out) == (0, True)
    milepost("done", "tasks.md", "1.2")
    assert b"Sh\xe9d" in plan.read_bytes()
    assert b"[x] **1.2**" in plan.read_bytes()


def test_a_tier_that_is_not_configured(milepost: Milepost, plan: Path, project: Path) -> None:
    (project / "milepost.toml").write_text(TIERS)
    plan.write_text(PLAN.replace("  - _Estimated: 2 hours_", "  - _Tier: 7_\n  - _Estimated: 2 hours_"))
    assert_told(milepost("run", "tasks.md", "--trust"), 1, "Tier 7 is not configured; there are 3", "tasks.md")
    assert_told(milepost("status", "tasks.md"), 3, "task 2.1 asks for tier 7", "configured: 3", "[tiers.7]")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[tiers.3]\ncapacity = 2\n", ("tier 3 has no driver", "milepost.toml:1", 'driver = "command"')),
        ('[tiers.3]\ndriver = "robot"\n', ("unknown driver `robot`", "command or manual")),
        ('[tiers.best]\ndriver = "manual"\n', ("named by its rank", "[tiers.1]")),
        (TIERS + "capacity = 0\n", ("`capacity` of [tiers.3] must be above 0", "milepost.toml:3")),
        (TIERS + 'capacity = "many"\n', ("wrong type", "give a whole number")),
        (TIERS + "speed = nan\n", ("must be above 0",)),
        (TIERS + "colour = 1\n", ("no setting `colour`", "it has name, capacity")),
        ("[runs]\n", ("[runs] is no section",)),
        ("[run]\ndefault_effort = 'soon'\n", ("`soon` is no duration", "milepost.toml:2")),
        ("[run\n", ("not valid TOML",)),
    ],
)
def test_settings_that_make_no_sense(
    milepost: Milepost, plan: Path, project: Path, text: str, words: tuple[str, ...]
) -> None:
    (project / "milepost.toml").write_text(text)
    assert_told(milepost("run", "tasks.md", "--trust"), 3, *words)


def test_a_command_that_does_not_exist(milepost: Milepost, plan: Path) -> None:
    plan.write_text(PLAN.replace("echo level", "no-such-program level"))
    stopped = milepost("run", "tasks.md", "--trust", "--no-wait")
    assert stopped.code == 1
    assert "command not found" in stopped.out
    assert "task 1.1 is blocked" in stopped.out
    assert "[!] **1.1**" in plan.read_text()


def test_a_ledger_that_is_no_ledger(milepost: Milepost, plan: Path, project: Path) -> None:
    (project / ".milepost").mkdir()
    path = project / ".milepost" / "ledger.db"
    path.write_bytes(b"this was never a database, only some bytes in a row" * 100)
    assert_told(milepost("run", "tasks.md", "--trust"), 1, "ledger", "ledger.db", "help:")
    assert path.read_bytes().startswith(b"this was never")


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("PRAGMA user_version = 99", "schema"),
        ("INSERT INTO event VALUES (NULL, 'tasks.md#1', 4, 'MoonLanded', 1, '{\"at\": 1.0}', x'00')", "MoonLanded"),
        ("INSERT INTO event VALUES (NULL, 'tasks.md#1', 4, 'TaskBlocked', 99, '{}', x'00')", "TaskBlocked"),
    ],
)
@pytest.mark.parametrize("command", ["run", "status", "log", "runs"])
def test_a_ledger_of_a_newer_version(
    milepost: Milepost, plan: Path, project: Path, command: str, statement: str, word: str
) -> None:
    milepost("pause", "tasks.md")
    milepost("resume", "tasks.md")  # three events, with the beginning of the run
    milepost("trust", "tasks.md")
    path = project / ".milepost" / "ledger.db"
    with closing(sqlite3.connect(path)) as raw:
        raw.execute(statement)
        raw.commit()
    assert_told(milepost(command, "tasks.md"), 1, word, "ledger.db", "help:", "newer")


def test_a_ledger_that_somebody_keeps_locked(
    milepost: Milepost, plan: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from milepost.adapters.ledger_sqlite import SqliteLedger

    assert milepost("claim", "tasks.md", "1.2").code == 0
    monkeypatch.setattr(SqliteLedger.__init__, "__defaults__", (False, 0.1))  # seconds of patience
    holder = sqlite3.connect(project / ".milepost" / "ledger.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        assert_told(milepost("done", "tasks.md", "1.2"), 1, "locked", "help:")
    finally:
        holder.close()
    assert "[ ] **1.2**" in plan.read_text() or "[-] **1.2**" in plan.read_text()
    assert milepost("done", "tasks.md", "1.2").code == 0


@contextmanager
def as_somebody_without_rights(folder: Path) -> Iterator[None]:
    """Make a folder read-only; root, who may write anywhere, becomes nobody for a while."""
    if os.geteuid() == 0:
        parents = [parent for parent in folder.parents if parent.stat().st_mode & 0o005 != 0o005]
        for parent in parents:
            parent.chmod(0o755)
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)
        return
    folder.chmod(0o555)
    try:
        yield
    finally:
        folder.chmod(0o755)


@pytest.mark.parametrize("command", ["run", "done", "sync"])
def test_a_folder_that_may_not_be_written(milepost: Milepost, plan: Path, project: Path, command: str) -> None:
    args = {"run": ["--no-wait"], "done": ["1.2"], "sync": []}[command]
    milepost("trust", "tasks.md")
    milepost(command, "missing.md", *args)  # whatever is imported late is imported by now
    plan.write_text(PLAN.replace("0/3", "1/3"))
    with as_somebody_without_rights(project):
        told = milepost(command, "tasks.md", *args)
    assert_told(told, 1, "help:")
    assert plan.read_text() == PLAN.replace("0/3", "1/3")
    assert sorted(path.name for path in project.iterdir()) == ["milepost.toml", "tasks.md"]


def test_a_folder_where_no_ledger_can_be_made(milepost: Milepost, plan: Path, project: Path) -> None:
    (project / ".milepost").write_text("a file stands where the folder should be")
    assert_told(milepost("run", "tasks.md", "--trust"), 1, ".milepost", "help:")
    assert plan.read_text() == PLAN


def test_unknown_commands_and_tasks_are_answered_with_the_nearest_name(milepost: Milepost, plan: Path) -> None:
    wrong = milepost("staus", "tasks.md")
    assert (wrong.code, "Did you mean `status`?" in wrong.err) == (2, True)
    assert_told(milepost("claim", "tasks.md", "1.3"), 2, "no task 1.3", "did you mean 1.")
