"""A command that hears of a run: trusted, told in order, never in the way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Milepost

PLAN = """\
# Bells - Implementation Plan

### **Phase 1: Hang**

- [ ] **1.1** Hang the bell
  - _Run: true_
- [ ] **1.2** Ring the bell
  - _Run: false_
- [ ] **1.3** Listen
  - _Run: true_

## Checkpoints

### **Checkpoint 1: After Task 1.1**
- [ ] It hangs straight

## Dependencies Between Tasks

```
1.1 → 1.3
```
"""
TIERS = """
[tiers.1]
driver = "command"
attempts = 1
"""
DEADLINE = 60.0  # generous: it only turns a hang into a failure


@pytest.fixture
def plan(project: Path) -> Path:
    path = project / "tasks.md"
    path.write_text(PLAN)
    return path


def settle(project: Path, notify: str) -> None:
    (project / "milepost.toml").write_text(f"[notify]\n{notify}\n{TIERS}")


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def heard(project: Path, count: int) -> list[dict[str, Any]]:
    file = project / "heard"
    until(lambda: file.exists() and file.read_text().count("\n") >= count)
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_it_hears_of_what_people_should_know(milepost: Milepost, plan: Path, project: Path) -> None:
    settle(project, 'command = "cat >> heard"')
    assert milepost("run", "tasks.md", "--trust", "--no-wait").code == 1
    told = heard(project, 2)
    assert {notification["event"] for notification in told} == {"TaskBlocked", "ApprovalNeeded"}
    by_event = {notification["event"]: notification for notification in told}
    blocked, needed = by_event["TaskBlocked"], by_event["ApprovalNeeded"]
    assert (blocked["task"], blocked["plan"], blocked["run"]) == ("1.2", "tasks.md", "tasks.md#1")
    assert blocked["message"].startswith("1.2 blocked: it failed once: its command ended with exit code 1")
    assert (needed["checkpoint"], needed["criteria"]) == ("checkpoint-1", ["It hangs straight"])
    assert needed["message"] == "Checkpoint 1 waits for approval: It hangs straight"


def test_it_hears_of_chosen_events_in_order(milepost: Milepost, plan: Path, project: Path) -> None:
    command = "echo $MILEPOST_EVENT $MILEPOST_MESSAGE >> told"
    settle(project, f'command = "{command}"\nevents = ["AttemptStarted", "TaskCompleted", "RunStarted"]')
    milepost("run", "tasks.md", "--trust", "--no-wait")
    until(lambda: (project / "told").exists() and "1.1 done" in (project / "told").read_text())
    lines = (project / "told").read_text().splitlines()
    mine = [line for line in lines if " 1.1 " in line]
    assert mine[0] == "AttemptStarted 1.1 started on tier 1: Hang the bell"
    assert mine[1].startswith("TaskCompleted 1.1 done in ")


def test_it_is_trusted_like_every_command(milepost: Milepost, plan: Path, project: Path) -> None:
    settle(project, 'command = "cat >> heard"')
    milepost("trust", "tasks.md")
    settle(project, 'command = "cat  >> heard"')
    refused = milepost("run", "tasks.md", "--no-wait")
    assert (refused.code, "    cat  >> heard" in refused.err) == (1, True)
    assert "new      cat  >> heard" in milepost("trust", "tasks.md", "--list").out


def test_it_sees_only_the_variables_that_commands_see(
    milepost: Milepost, plan: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "secret")
    settle(project, 'command = "env > seen.part; mv seen.part seen"\nevents = ["TaskBlocked"]')
    milepost("run", "tasks.md", "--trust", "--no-wait")
    until(lambda: (project / "seen").exists())
    seen = (project / "seen").read_text()
    assert "MILEPOST_RUN=tasks.md#1" in seen
    assert "MILEPOST_EVENT=TaskBlocked" in seen
    assert "SOME_TOKEN" not in seen


@pytest.mark.parametrize(
    ("command", "limit", "why"),
    [
        ("echo no bell >&2; exit 3", "30s", "TaskBlocked: it ended with exit code 3: no bell"),
        ("sleep 600", "1s", "TaskBlocked: it ran for longer than 1s and was killed"),
        ("missing-bell-program", "30s", "TaskBlocked: it ended with exit code 127"),
    ],
)
def test_what_goes_wrong_is_logged_and_breaks_nothing(
    milepost: Milepost, plan: Path, project: Path, command: str, limit: str, why: str
) -> None:
    settle(project, f'command = "{command}"\nevents = ["TaskBlocked"]\ntime_limit = "{limit}"')
    ended = milepost("run", "tasks.md", "--trust", "--no-wait")
    assert "1.1 done" in ended.out + ended.err
    log = project / ".milepost" / "notify.log"
    until(lambda: log.exists() and why in log.read_text())
    assert milepost("ledger", "verify", ".").code == 0
    assert why in milepost("doctor", ".").out


@pytest.mark.parametrize(
    ("notify", "message"),
    [
        ("", "[notify] has no command"),
        ('command = " "', "[notify] has no command"),
        ('command = "true"\nevents = ["TaskBurned"]', "`TaskBurned` is no event"),
        ('command = "true"\ntime_limit = "soon"', "`soon` is no duration"),
        ('command = "true"\nwhen = "now"', "[notify] has no setting `when`"),
    ],
)
def test_settings_that_make_no_sense(milepost: Milepost, plan: Path, project: Path, notify: str, message: str) -> None:
    settle(project, notify)
    told = milepost("status", "tasks.md")
    assert (told.code, message in told.err, "milepost.toml:" in told.err) == (3, True, True)
