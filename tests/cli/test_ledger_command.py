"""The ledger verified, exported, imported and backed up from the command line."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost
from tests.cli.test_run_commands import PLAN

from milepost.app.ledgers import chain


@pytest.fixture
def ledger(milepost: Milepost, project: Path) -> Path:
    """A ledger with a few events in it."""
    (project / "tasks.md").write_text(PLAN)
    milepost("claim", "tasks.md", "1.2")
    milepost("done", "tasks.md", "1.2")
    return project / ".milepost" / "ledger.db"


def tamper(ledger: Path, statement: str) -> None:
    connection = sqlite3.connect(ledger)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_an_untouched_ledger_is_intact(milepost: Milepost, ledger: Path) -> None:
    assert milepost("ledger", "verify", "tasks.md").out == "3 events in 1 run: intact\n"  # started, claimed, done


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        (
            "UPDATE event SET payload = replace(payload, 'tester', 'nobody') WHERE version = 2",
            "event 2 (AttemptStarted)",
        ),
        ("DELETE FROM event WHERE version = 2", "event 2 is missing before event 3"),
        ("DELETE FROM event WHERE version = 3", "1 event was taken away"),
    ],
)
def test_tampering_and_loss_show(milepost: Milepost, ledger: Path, statement: str, fault: str) -> None:
    tamper(ledger, statement)
    found = milepost("ledger", "verify")
    assert (found.code, fault in found.out) == (1, True)


def test_events_of_a_newer_version_are_named(milepost: Milepost, ledger: Path, project: Path) -> None:
    rows = [json.loads(line) for line in milepost("ledger", "export").out.splitlines()]
    rows[-1]["kind"] = "TaskTeleported"
    before, row = (bytes.fromhex(rows[-2]["hash"]), rows[-1])
    row["hash"] = chain(before, row["stream"], row["version"], row["kind"], row["v"], row["payload"]).hex()
    (project / "newer.jsonl").write_text("\n".join(map(json.dumps, rows)))
    other = project / "other"
    other.mkdir()
    (other / "milepost.toml").write_text("")
    assert milepost("ledger", "import", "newer.jsonl", "other").code == 0
    found = milepost("ledger", "verify", "other")
    assert (found.code, "intact" in found.out, "does not know (TaskTeleported): update" in found.out) == (0, True, True)
    assert milepost("ledger", "verify", "other", "--json").json["unknown"] == ["TaskTeleported"]
    health = {line["name"]: line for line in milepost("doctor", "other", "--json").json}
    assert (health["ledger"]["health"], "TaskTeleported" in health["ledger"]["text"]) == ("bad", True)


def test_an_export_makes_the_same_ledger_again(milepost: Milepost, ledger: Path, project: Path) -> None:
    lines = milepost("ledger", "export").out
    assert milepost("ledger", "import", "-o").code == 2
    (project / "saved.jsonl").write_text(lines)
    assert milepost("ledger", "import", "saved.jsonl").out == "0 events added\n"  # all known
    ledger.unlink()
    for rest in ledger.parent.glob("ledger.db-*"):
        rest.unlink()
    assert milepost("ledger", "import", "saved.jsonl").out == "3 events added\n"
    assert milepost("ledger", "export").out == lines
    assert milepost("ledger", "verify").code == 0
    assert "1/3 tasks done" in milepost("status", "tasks.md").out


def test_a_damaged_export_is_refused_whole(milepost: Milepost, ledger: Path, project: Path) -> None:
    rows = [json.loads(line) for line in milepost("ledger", "export").out.splitlines()]
    other = project / "other"
    other.mkdir()
    (other / "milepost.toml").write_text("")
    rows[1]["payload"] = rows[1]["payload"].replace("tester", "nobody")
    (project / "bad.jsonl").write_text("\n".join(map(json.dumps, rows)))
    told = milepost("ledger", "import", "bad.jsonl", "other")
    assert (told.code, "event 2 of tasks.md#1 does not follow" in told.err) == (1, True)
    assert "0 events" in milepost("ledger", "verify", "other").out
    (project / "worse.jsonl").write_text("not json\n")
    told = milepost("ledger", "import", "worse.jsonl", "other")
    assert (told.code, "worse.jsonl:1" in told.err) == (3, True)


def test_an_export_that_was_not_written_to_its_end(milepost: Milepost, ledger: Path, project: Path) -> None:
    lines = milepost("ledger", "export").out.splitlines(keepends=True)
    (project / "half.jsonl").write_text(lines[0] + lines[1][:50])
    (project / "other").mkdir()
    (project / "other" / "milepost.toml").write_text("")
    told = milepost("ledger", "import", "half.jsonl", "other")
    assert (told.code, "half.jsonl:2" in told.err, "was not written to its end" in told.err) == (3, True, True)
    assert milepost("ledger", "verify", "other").code == 3  # there is no ledger


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("import", "nowhere.jsonl"), 3, "No such file or directory nowhere.jsonl FILE [PATH]"),
        (("import", ".", "saved.jsonl"), 3, "Is a directory FILE [PATH]"),
        (("backup", ".", "copy.db"), 2, "it is a folder FILE [PATH]"),
        (("backup", "nowhere/copy.db"), 1, "the copy cannot be written nowhere/copy.db folder"),
        (("export", "-o", "nowhere/saved.jsonl"), 2, "cannot be written nowhere/saved.jsonl folder"),
    ],
)
def test_files_that_cannot_be_are_named_with_what_to_do(
    milepost: Milepost, ledger: Path, words: tuple[str, ...], code: int, told: str
) -> None:
    found = milepost("ledger", *words)
    assert found.code == code
    assert all(word in found.err for word in told.split())
    assert "Errno" not in found.err
    assert "ledger.db" not in found.err  # the ledger itself is well


def test_a_backup_that_fails_leaves_nothing(
    milepost: Milepost, ledger: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("milepost.adapters.ledger_copies.Path.rename", full)
    before = sorted(project.iterdir())
    told = milepost("ledger", "backup", "copy.db")
    assert (told.code, "the copy cannot be written: No space left on device" in told.err) == (1, True)
    assert sorted(project.iterdir()) == before


def test_a_backup_is_a_ledger(milepost: Milepost, ledger: Path, project: Path) -> None:
    (project / "copy" / ".milepost").mkdir(parents=True)
    assert milepost("ledger", "backup", "copy/.milepost/ledger.db").code == 0
    assert milepost("ledger", "verify", "copy").out == "3 events in 1 run: intact\n"
    assert milepost("ledger", "backup", "copy/.milepost/ledger.db").code == 2


def test_a_project_without_a_ledger(milepost: Milepost, project: Path) -> None:
    told = milepost("ledger", "verify")
    assert (told.code, "no ledger yet" in told.err) == (3, True)
