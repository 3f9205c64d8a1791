"""Looking after a project: runs listed, leftovers cleared, health examined."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

PLAN = """\
# Tiny - Implementation Plan

### **Phase 1: All**

- [ ] **1.1** Only task
  - _Run: echo hello_
"""


@pytest.fixture
def finished(milepost: Milepost, project: Path) -> Path:
    """A project with one finished run."""
    (project / "tasks.md").write_text(PLAN)
    assert milepost("run", "tasks.md", "--trust", "-q").code == 0
    return project


def test_runs_are_listed_with_where_they_stand(milepost: Milepost, finished: Path) -> None:
    assert "tasks.md#1  finished  1/1 tasks" in milepost("runs").out
    (finished / "other.md").write_text(PLAN)
    assert milepost("runs", "other.md").out == "There has been no run yet.\n"
    assert [line["outcome"] for line in milepost("runs", "tasks.md", "--json").json] == ["finished"]


def test_gc_deletes_the_files_of_old_runs_and_nothing_else(milepost: Milepost, finished: Path) -> None:
    logs = list(finished.glob(".milepost/runs/*/tasks/1.1/1/output.log"))
    assert [log.read_text() for log in logs] == ["hello\n"]
    assert "from 0 runs" in milepost("gc").out  # it ended just now
    assert "would be freed from 1 run" in milepost("gc", "--older-than", "0", "--dry-run").out
    assert logs[0].exists()
    assert [run["run"] for run in milepost("gc", "--older-than", "0", "--json").json["runs"]] == ["tasks.md#1"]
    assert not logs[0].exists()
    assert milepost("ledger", "verify").code == 0
    assert "finished" in milepost("runs").out


def test_doctor_finds_a_ledger_that_cannot_be_written(
    milepost: Milepost, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("milepost.app.health.os.access", lambda path, mode: not str(path).endswith("ledger.db"))
    found = {line["name"]: line for line in milepost("doctor", "--json").json}["ledger"]
    assert (found["health"], "can be read, but not be written" in found["text"]) == ("bad", True)


def test_gc_says_why_it_found_nothing(milepost: Milepost, finished: Path) -> None:
    assert "No run that left files here ended more than 30 days ago" in milepost("gc").out
    milepost("gc", "--older-than", "0")
    assert milepost("gc").out == "0 KiB freed from 0 runs\n"


def test_gc_says_what_it_could_not_delete(milepost: Milepost, finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("milepost.app.housekeeping.shutil.rmtree", lambda *_args, **_how: None)
    kept = milepost("gc", "--older-than", "0")
    assert (kept.code, "0 KiB freed from 1 run" in kept.out) == (1, True)
    assert "of tasks.md#1 cannot be deleted: make" in kept.err
    found = milepost("gc", "--older-than", "0", "--json")
    (run,) = found.json["runs"]
    assert (found.code, run["left_bytes"]) == (1, run["bytes"])


def test_gc_leaves_a_run_that_is_not_over(milepost: Milepost, project: Path) -> None:
    (project / "tasks.md").write_text(PLAN.replace("echo hello", "echo no; false"))
    assert milepost("run", "tasks.md", "--trust", "-q").code == 1
    assert "from 0 runs" in milepost("gc", "--older-than", "0").out


def test_doctor_finds_a_healthy_project_healthy(milepost: Milepost, finished: Path) -> None:
    found = {line["name"]: line for line in milepost("doctor", "--json").json}
    assert found["ledger"]["health"] == "good"
    assert found["clock"]["health"] == "good"
    assert "BAD" not in milepost("doctor").out


def test_doctor_sees_a_missing_worker_and_a_damaged_ledger(milepost: Milepost, project: Path) -> None:
    (project / "milepost.toml").write_text('[tiers.3]\ndriver = "command"\ncommand = "nosuchagent --go"\n')
    (project / ".milepost").mkdir()
    (project / ".milepost" / "ledger.db").write_bytes(b"no database" * 1000)
    told = milepost("doctor")
    assert told.code == 1
    assert "its command starts with `nosuchagent`, which is not installed" in told.out
    assert "it is not a Milepost ledger" in told.out


def test_doctor_sees_settings_and_folders_that_are_in_the_way(milepost: Milepost, project: Path) -> None:
    (project / ".milepost").write_text("")
    assert "is no folder; move it away" in milepost("doctor").out
    (project / "milepost.toml").write_text('[tiers.3]\ndriver = "magic"\n')
    told = milepost("doctor", "--json")
    assert told.code == 1
    bad = [line for line in told.json if line["health"] == "bad"]
    assert [line["name"] for line in bad] == ["settings"]
    assert "milepost.toml:2: tier 3 has an unknown driver `magic`" in bad[0]["text"]


@pytest.mark.parametrize(
    ("command", "known"),
    [("cd . && true", True), ("if true; then true; fi", True), ("no-such-agent -p x", False), ("./missing.sh", False)],
)
def test_doctor_asks_the_shell_for_a_tiers_command(
    milepost: Milepost, project: Path, command: str, known: bool
) -> None:
    (project / "milepost.toml").write_text(f'[tiers.3]\ndriver = "command"\ncommand = "{command}"\n')
    assert ("which is not installed" in milepost("doctor").out) is not known


@pytest.mark.parametrize("command", ["runs", "gc", "doctor", "ledger verify"])
def test_a_place_that_is_not_there_is_said(milepost: Milepost, project: Path, command: str) -> None:
    told = milepost(*command.split(), "nowhere.md")
    assert (told.code, "there is no such file or folder" in told.err, "--> nowhere.md" in told.err) == (3, True, True)


def test_the_runs_of_a_plan_that_is_gone_are_listed(milepost: Milepost, finished: Path) -> None:
    (finished / "tasks.md").unlink()
    assert "tasks.md#1  finished" in milepost("runs", "tasks.md").out
