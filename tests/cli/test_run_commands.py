"""Running a plan from the command line: run, trust, status, next, claim, done, fail, block, approve, log, sync."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

PLAN = """\
# Shed - Implementation Plan

**Total Tasks:** 3
**Status:** Not Started

### **Phase 1: Ground**

- [ ] **1.1** Level the ground
  - _Estimated: 1 hour_
  - _Run: echo level >> done.txt_

- [ ] **1.2** Ask the neighbour
  - _Estimated: 1 hour_

### **Phase 2: Walls**

- [ ] **2.1** Build the walls
  - _Estimated: 2 hours_
  - _Run: echo walls >> done.txt_

## Checkpoints

### **Checkpoint 1: After Phase 1**
- [ ] The ground is level `grep -q level done.txt`
- [ ] The neighbour agrees

## Dependencies Between Tasks

```
1.1, 1.2 → 2.1
```

**Last Updated:** 2026-01-01
**Progress:** 0/3 tasks complete
"""


@pytest.fixture
def plan(project: Path) -> Path:
    path = project / "tasks.md"
    path.write_text(PLAN)
    return path


def test_a_plan_is_run_to_its_end_by_a_machine_and_two_people(milepost: Milepost, plan: Path) -> None:
    first = milepost("run", "tasks.md", "--trust", "--no-wait")
    assert first.code == 1
    assert "task 1.2 waits for somebody to claim it" in first.out
    assert "- [x] **1.1** Level" in plan.read_text()

    assert milepost("claim", "tasks.md", "1.2", "--by", "ann").code == 0
    refused = milepost("claim", "tasks.md", "1.2", "--by", "bob")
    assert (refused.code, "held by ann" in refused.err) == (1, True)
    assert "tester" in milepost("done", "tasks.md", "1.2").err  # the task is ann's
    assert milepost("done", "tasks.md", "1.2", "--by", "ann", "--note", "tea helped").code == 0

    second = milepost("run", "tasks.md", "--no-wait")
    assert "Checkpoint 1 waits for approval: The neighbour agrees" in second.out
    assert milepost("approve", "tasks.md", "checkpoint 1", "--by", "ann").out == "Checkpoint 1: approved by ann\n"
    third = milepost("run", "tasks.md")
    assert third.code == 0
    assert "finished: 3/3 tasks done" in third.out
    assert (plan.parent / "done.txt").read_text() == "level\nwalls\n"  # each command ran once

    text = plan.read_text()
    assert text.count("[x]") == 5  # three tasks, two criteria
    assert "**Status:** Complete" in text
    assert "**Progress:** 3/3 tasks complete" in text
    assert "2026-01-01" not in text

    assert milepost("run", "tasks.md").code == 0
    assert (plan.parent / "done.txt").read_text() == "level\nwalls\n"


def test_nothing_runs_before_it_is_trusted_and_a_changed_command_needs_it_again(milepost: Milepost, plan: Path) -> None:
    refused = milepost("run", "tasks.md", "--no-wait")
    assert refused.code == 1
    assert "3 commands have not been allowed" in refused.err
    assert "echo level >> done.txt" in refused.err
    assert not (plan.parent / "done.txt").exists()

    listed = milepost("trust", "tasks.md", "--list")
    assert "3 of 3 commands are not allowed yet" in listed.out
    assert milepost("trust", "tasks.md").code == 0
    assert milepost("run", "tasks.md", "--no-wait").code == 1  # it ran, and stopped where a person is needed
    assert (plan.parent / "done.txt").read_text() == "level\n"

    plan.write_text(plan.read_text().replace("echo walls", "echo WALLS"))
    refused = milepost("run", "tasks.md", "--no-wait")
    assert "1 command has not been allowed" in refused.err
    assert "echo WALLS" in refused.err


def test_next_and_status_say_what_can_be_done_without_recording_anything(milepost: Milepost, plan: Path) -> None:
    found = milepost("next", "tasks.md", "--json").json
    assert [task["id"] for task in found["tasks"]] == ["1.1", "1.2"]
    status = milepost("status", "tasks.md", "--json").json
    assert status["tasks"] == {"pending": 3, "running": 0, "done": 0, "blocked": 0, "skipped": 0}
    assert status["task_list"][2]["waits_for"] == ["task 1.1", "task 1.2", "Checkpoint 1"]
    assert not (plan.parent / ".milepost").exists()
    assert "0/3 tasks done (0%)" in milepost("status", "tasks.md").out


def test_a_box_ticked_by_hand_counts_as_done(milepost: Milepost, plan: Path) -> None:
    plan.write_text(PLAN.replace("[ ] **1.1**", "[x] **1.1**"))
    assert [task["id"] for task in milepost("next", "tasks.md", "--json").json["tasks"]] == ["1.2"]
    milepost("claim", "tasks.md", "1.2")
    log = milepost("log", "tasks.md").out
    assert "1.1 done (its box was ticked)" in log
    assert "1.2 started" in log


def test_failures_go_up_the_tiers_to_a_human(milepost: Milepost, plan: Path) -> None:
    words = []
    for _ in range(6):  # two tries on each of the three default tiers
        milepost("claim", "tasks.md", "1.2")
        words.append(milepost("fail", "tasks.md", "1.2", "no answer").out.split(": ", 1)[1].strip())
    again = "to be tried again on the same tier"
    assert words[:5] == [again, "escalated from tier 3 to tier 2", again, "escalated from tier 2 to tier 1", again]
    assert words[5].startswith("blocked: it failed 2 times: no answer; no tier is stronger")
    assert "[!] **1.2**" in plan.read_text()
    assert "is blocked" in milepost("claim", "tasks.md", "1.2").err
    assert milepost("unblock", "tasks.md", "1.2").code == 0
    assert "[ ] **1.2**" in plan.read_text()
    assert milepost("claim", "tasks.md", "1.2").code == 0


def test_block_needs_nobody_to_hold_the_task(milepost: Milepost, plan: Path) -> None:
    assert milepost("block", "tasks.md", "2.1", "no wood").code == 0
    status = milepost("status", "tasks.md")
    assert "blocked: no wood" in status.out
    assert milepost("block", "tasks.md", "2.1", "no wood", "--json").json["status"] == "blocked"


def test_done_respects_what_the_task_waits_for_unless_forced(milepost: Milepost, plan: Path) -> None:
    refused = milepost("done", "tasks.md", "2.1")
    assert (refused.code, "waits for task 1.1, task 1.2, Checkpoint 1" in refused.err) == (1, True)
    assert milepost("done", "tasks.md", "2.1", "--force").code == 0
    assert "[x] **2.1**" in plan.read_text()


def test_a_checkpoint_is_approved_when_due_and_by_its_name(milepost: Milepost, plan: Path) -> None:
    early = milepost("approve", "tasks.md", "1")
    assert (early.code, "not due yet: it waits for task 1.1, task 1.2" in early.err) == (1, True)
    unknown = milepost("approve", "tasks.md", "Checkpoint 9")
    assert unknown.code == 2
    assert "it has: Checkpoint 1" in unknown.err


def test_log_shows_what_an_attempt_wrote(milepost: Milepost, plan: Path) -> None:
    plan.write_text(PLAN.replace("echo level >> done.txt", "echo grumble"))
    milepost("run", "tasks.md", "--trust", "--no-wait", "-q")
    assert milepost("log", "tasks.md", "1.1").out == "grumble\n"
    events = milepost("log", "tasks.md", "--json").json
    assert [event["version"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["event"] == "RunStarted"
    assert milepost("log", "tasks.md", "1.2").code == 1  # never attempted
    attempt = milepost("log", "tasks.md", "1.1", "--json").json
    assert (attempt["task"], attempt["attempt_no"], attempt["output"]) == ("1.1", 1, "grumble\n")
    missing = milepost("log", "tasks.md", "1.1", "--attempt", "2")
    assert (missing.code, "task 1.1 has no attempt 2" in missing.err) == (2, True)


def test_a_run_says_once_which_tasks_wait_for_a_person(milepost: Milepost, plan: Path) -> None:
    told = milepost("run", "tasks.md", "--trust", "--no-wait").out
    assert told.count("1.2 waits for somebody to claim it on tier 3: Ask the neighbour") == 1
    assert told.count("take it with: milepost claim tasks.md 1.2 --by NAME") == 1
    many = "".join(f"- [ ] **1.{number}** Ask {number}\n  - _Depends: 1.1_\n" for number in range(3, 6))
    plan.write_text(plan.read_text().replace("### **Phase 2", f"{many}\n### **Phase 2"))
    told = milepost("run", "tasks.md", "--trust", "--no-wait").out
    assert "4 tasks wait for somebody to claim them: milepost next tasks.md" in told  # 1.2 to 1.5


def test_log_says_why_there_is_no_output_of_a_person(milepost: Milepost, plan: Path) -> None:
    milepost("done", "tasks.md", "1.2", "--by", "ada")
    told = milepost("log", "tasks.md", "1.2")
    assert (told.code, "attempt 1 of task 1.2, by ada, has left no output" in told.err) == (1, True)
    assert milepost("log", "tasks.md", "1.2", "--json").json["output"] == ""
    plan.write_text(plan.read_text().replace("[ ] **1.1**", "[x] **1.1**"))
    milepost("run", "tasks.md", "--trust", "--no-wait")
    assert "1.1 done (its box was ticked)" in milepost("log", "tasks.md").out
    assert "not been attempted; its box was ticked in the plan" in milepost("log", "tasks.md", "1.1").err


def test_a_command_made_of_the_tasks_own_is_none_without_one(milepost: Milepost, plan: Path) -> None:
    (plan.parent / "milepost.toml").write_text('[tiers.1]\ndriver = "command"\ncommand = "nice {run}"\n')
    assert milepost("trust", "tasks.md", "--list", "--json").json["commands"] == [
        "nice echo level >> done.txt",  # 1.1
        "nice echo walls >> done.txt",  # 2.1; 1.2 states no command
        "grep -q level done.txt",  # the criterion
    ]


def test_a_title_that_looks_like_a_place_in_a_template_stays_a_title(milepost: Milepost, plan: Path) -> None:
    plan.write_text(PLAN.replace("Level the ground", "Support {run}; {id}"))
    (plan.parent / "milepost.toml").write_text('[tiers.1]\ndriver = "command"\ncommand = "say {title}; {run}"\n')
    commands = milepost("trust", "tasks.md", "--list", "--json").json["commands"]
    assert commands[0] == "say 'Support {run}; {id}'; echo level >> done.txt"


def test_sync_writes_what_is_true_and_only_that(milepost: Milepost, plan: Path) -> None:
    text = PLAN.replace("[ ] **1.1**", "[x] **1.1**").replace("\n", "\r\n")
    plan.write_bytes(text.encode())
    shown = milepost("sync", "tasks.md", "--dry-run", "--diff")
    assert "+**Progress:** 1/3 tasks complete" in shown.out
    assert plan.read_bytes() == text.encode()
    assert milepost("sync", "tasks.md").code == 0
    changed = plan.read_bytes().decode().split("\r\n")
    different = [(old, new) for old, new in zip(text.split("\r\n"), changed, strict=True) if old != new]
    assert [new for _, new in different][:1] == ["**Status:** 33% Complete"]  # 1 of 3
    assert [new for _, new in different][-1] == "**Progress:** 1/3 tasks complete"
    assert len(different) == 3  # status, date, progress
    assert "true already" in milepost("sync", "tasks.md").out


def test_run_prints_a_report_as_json(milepost: Milepost, plan: Path) -> None:
    result = milepost("run", "tasks.md", "--trust", "--no-wait", "--json")
    assert result.json["outcome"] == "waiting"
    assert result.json["tasks"][0]["attempts"][0]["outcome"] == "done"
    assert "1.1 started" in result.err


def test_a_plan_with_errors_is_not_run(milepost: Milepost, plan: Path) -> None:
    plan.write_text(PLAN.replace("1.1, 1.2 → 2.1", "1.1 → 1.2 → 1.1"))
    refused = milepost("run", "tasks.md", "--trust", "--no-wait")
    assert refused.code == 1
    assert "dependency-cycle" in refused.err
    assert milepost("run", "tasks.md", "--trust", "--no-wait", "--force").err == refused.err
    assert not (plan.parent / ".milepost").exists()


def test_warnings_are_told_and_keep_nothing_from_running(milepost: Milepost, plan: Path) -> None:
    plan.write_text(PLAN.replace("**Total Tasks:** 3", "**Total Tasks:** 4"))
    ran = milepost("run", "tasks.md", "--trust", "--no-wait")
    assert "`milepost check tasks.md` shows them" in ran.err
    assert "1.1 done" in ran.out
    assert "warning" not in milepost("run", "tasks.md", "--trust", "--no-wait", "--force").err


def test_ctrl_c_stops_in_good_order_and_the_next_run_goes_on(project: Path, plan: Path) -> None:
    fifo = project / "signal"
    os.mkfifo(fifo)
    slow = "echo level >> done.txt; echo started > signal; exec tail -f /dev/null"
    plan.write_text(PLAN.replace("echo level >> done.txt", slow))
    command = [sys.executable, "-m", "milepost", "run", "tasks.md"]
    process = subprocess.Popen([*command, "--trust"], stdout=subprocess.PIPE, text=True)
    fifo.read_text()  # returns when the command has begun
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopped before the end" in out
    assert "- [ ] **1.1**" in plan.read_text()

    plan.write_text(plan.read_text().replace(slow, "echo again >> done.txt"))
    done = subprocess.run([*command, "--trust", "--no-wait", "--json"], capture_output=True, text=True, check=False)
    attempts = json.loads(done.stdout)["tasks"][0]["attempts"]
    assert [attempt["outcome"] for attempt in attempts] == ["lost", "done"]
    assert (project / "done.txt").read_text() == "level\nagain\n"
