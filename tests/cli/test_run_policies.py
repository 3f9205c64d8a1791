"""What a plan and its settings say of who may work when, obeyed by a run from the document to the ledger."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Milepost

HEAD = "# Boat - Implementation Plan\n\n### **Phase 1: Hull**\n\n"
ALONE = "mkdir busy && sleep 0.2 && rmdir busy"  # fails when another one is at it
MEET = "touch $MILEPOST_TASK; until test -e 1.1 -a -e 1.2; do sleep 0.02; done"  # ends only beside the other one


def task(name: str, command: str, *fields: str) -> str:
    lines = [f"- [ ] **{name}** Part {name}", f"  - _Run: {command}_", *(f"  - _{field}_" for field in fields)]
    return "\n".join(lines) + "\n"


@pytest.fixture
def plan(project: Path) -> Path:
    return project / "tasks.md"


def settle(project: Path, *, capacity: int = 4, more: str = "", command: str = "") -> None:
    own = f"command = '{command}'\n" if command else ""
    (project / "milepost.toml").write_text(
        f'[run]\ntime_limit = "2m"\n{more}\n[tiers.2]\ndriver = "command"\n[tiers.3]\ndriver = "command"\n'
        f"attempts = 1\ncapacity = {capacity}\n{own}"
    )


def events(milepost: Milepost, kind: str) -> list[dict[str, Any]]:
    return [event for event in milepost("log", "tasks.md", "--json").json if event["event"] == kind]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Files: src/hull.py", "Files: src/"),
        ("Files: src/**/*.py", "Files: docs/, src/hull.py"),
        ("Resources: crane", "Resources: dock, crane"),
    ],
)
def test_tasks_that_share_files_or_resources_never_run_together(
    milepost: Milepost, plan: Path, project: Path, one: str, other: str
) -> None:
    settle(project)
    plan.write_text(HEAD + task("1.1", ALONE, one) + task("1.2", ALONE, other, "Depends: 1.1 (SS)"))
    assert milepost("run", "tasks.md", "--trust", "--no-wait").code == 0
    assert events(milepost, "AttemptFailed") == []


def test_tasks_that_share_nothing_run_together(milepost: Milepost, plan: Path, project: Path) -> None:
    settle(project)
    plan.write_text(
        HEAD + task("1.1", MEET, "Files: src/hull.py") + task("1.2", MEET, "Files: src/sail.py", "Depends: 1.1 (SS)")
    )
    assert milepost("run", "tasks.md", "--trust", "--no-wait").code == 0


def test_an_idle_stronger_tier_helps_where_the_settings_say_so(milepost: Milepost, plan: Path, project: Path) -> None:
    settle(project, capacity=1, more="help_weaker = true")
    plan.write_text(HEAD + task("1.1", MEET) + task("1.2", MEET, "Depends: 1.1 (SS)"))
    assert milepost("run", "tasks.md", "--trust", "--no-wait").code == 0
    assert sorted(event["tier"] for event in events(milepost, "AttemptStarted")) == [2, 3]


def test_a_stronger_tier_stays_idle_otherwise(milepost: Milepost, plan: Path, project: Path) -> None:
    settle(project, capacity=1)
    plan.write_text(HEAD + task("1.1", ALONE) + task("1.2", ALONE, "Depends: 1.1 (SS)"))
    assert milepost("run", "tasks.md", "--trust", "--no-wait").code == 0
    assert [event["tier"] for event in events(milepost, "AttemptStarted")] == [3, 3]
    assert events(milepost, "AttemptFailed") == []  # one at a time


def test_the_critical_path_goes_first(milepost: Milepost, plan: Path, project: Path) -> None:
    """1.2 and 1.3 take five hours one after the other, 1.1 takes one that can wait."""
    settle(project, capacity=1)
    plan.write_text(
        HEAD
        + task("1.1", "true", "Estimated: 1 hour")
        + task("1.2", "true", "Estimated: 3 hours")
        + task("1.3", "true", "Estimated: 2 hours", "Depends: 1.2")
    )
    assert milepost("run", "tasks.md", "--trust", "--no-wait").code == 0
    assert [event["task"] for event in events(milepost, "AttemptStarted")] == ["1.2", "1.3", "1.1"]


def test_a_task_that_may_not_begin_yet_is_not_offered_and_its_date_is_said(
    milepost: Milepost, plan: Path, project: Path
) -> None:
    """2999 is the day after tomorrow for nobody; 1.4 may begin since 2001, and only its end waits."""
    settle(project)
    plan.write_text(
        HEAD
        + task("1.1", "true")
        + task("1.2", "true", "Not before: 2999-03-01 09:00")
        + "- [ ] **1.3** Paint\n  - _Not before: 2999-04-01_\n"
        + task("1.4", "true", "Not before: 2001-01-01", "Depends: 1.1 (FF)")
    )
    assert [one["id"] for one in milepost("next", "tasks.md", "--json").json["tasks"]] == ["1.1", "1.4"]
    refused = milepost("claim", "tasks.md", "1.3")
    assert refused.code != 0
    assert "the plan has it begin no sooner" in refused.err
    told = milepost("status", "tasks.md").out
    begin = datetime(2999, 3, 1, 9, tzinfo=UTC)
    day = begin.astimezone().isoformat(sep=" ", timespec="minutes")
    assert f"task 1.2 can start from {day} on: the plan has it begin no sooner" in told
    assert milepost("status", "tasks.md", "--json").json["task_list"][1]["not_before"] == begin.timestamp()


def test_a_run_works_on_what_may_begin_and_says_what_waits_for_its_date(
    milepost: Milepost, plan: Path, project: Path
) -> None:
    """1.3 stops the run once 1.1 is done: without a stop it would go on in 2999."""
    settle(project)
    plan.write_text(
        HEAD
        + task("1.1", "true")
        + task("1.2", "true", "Not before: 2999-03-01")
        + "- [ ] **1.3** Name her\n  - _Not before: 2999-04-01_\n"
        + task("1.4", f"{sys.executable} -m milepost cancel tasks.md enough --by tester", "Depends: 1.1")
    )
    told = milepost("run", "tasks.md", "--trust").out
    assert [event["task"] for event in events(milepost, "AttemptStarted")] == ["1.1", "1.4"]
    assert "1.2 starts from 2999-03-0" in told
    assert "1.3 waits for somebody to claim it on tier 3 from 2999-0" in told


def test_optional_tasks_take_no_part_and_hold_nothing_back(milepost: Milepost, plan: Path, project: Path) -> None:
    settle(project)
    optional = task("1.2", "false", "Depends: 1.1").replace("- [ ] ", "- [ ]* ")
    plan.write_text(HEAD + task("1.1", "true") + optional + task("1.3", "true", "Depends: 1.2"))
    assert milepost("run", "tasks.md", "--trust", "--no-wait").code == 0
    assert [event["task"] for event in events(milepost, "AttemptStarted")] == ["1.1", "1.3"]


def test_a_worker_that_is_not_executable_is_named(milepost: Milepost, plan: Path, project: Path) -> None:
    (project / "worker.sh").write_text("#!/bin/sh\ntrue\n")
    settle(project, command="./worker.sh {id}")
    plan.write_text(HEAD + task("1.1", "true", "Tier: 3"))
    milepost("run", "tasks.md", "--trust", "--no-wait")
    (failed,) = events(milepost, "AttemptFailed")
    assert "ended with exit code 126 (it is not executable)" in failed["reason"]
    assert "its command starts with `./worker.sh`, which is not executable" in milepost("doctor", ".").out


def test_a_backup_while_a_run_goes_on(milepost: Milepost, plan: Path, project: Path) -> None:
    settle(project)
    plan.write_text(HEAD + task("1.1", "touch ready; until test -e go; do sleep 0.02; done"))
    milepost("trust", "tasks.md")
    run = subprocess.Popen([sys.executable, "-m", "milepost", "run", "tasks.md", "-q"], stdout=subprocess.PIPE)
    try:
        while not (project / "ready").exists() and run.poll() is None:
            time.sleep(0.02)
        (project / "copy" / ".milepost").mkdir(parents=True)
        assert milepost("ledger", "backup", "copy/.milepost/ledger.db").code == 0
        (project / "go").touch()
        assert run.wait(timeout=120) == 0
    finally:
        run.kill()
        run.communicate()
    assert "intact" in milepost("ledger", "verify", "copy").out
    assert "intact" in milepost("ledger", "verify", ".").out


def test_a_claim_is_asked_for_after_the_escalation_that_makes_it_necessary(
    milepost: Milepost, plan: Path, project: Path
) -> None:
    (project / "milepost.toml").write_text(
        '[tiers.2]\ndriver = "manual"\n[tiers.3]\ndriver = "command"\nattempts = 1\n'
    )
    plan.write_text(HEAD + task("1.1", "false"))
    lines = milepost("run", "tasks.md", "--trust", "--no-wait").out.splitlines()
    words = [line.partition(" ")[2] for line in lines]
    escalated = next(
        number for number, line in enumerate(words) if line.startswith("1.1 escalated from tier 3 to tier 2")
    )
    assert words[escalated + 1] == "1.1 waits for somebody to claim it on tier 2: Part 1.1"
    assert words[escalated + 2] == "  take it with: milepost claim tasks.md 1.1 --by NAME"
