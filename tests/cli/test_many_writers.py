"""Many processes on one plan file: nothing lost, nothing refused, the file never torn, hand edits merged."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

from milepost.app.documents import update_document
from milepost.source import SourceText

WRITERS = 32
PLAN = (
    "# Crowd - Implementation Plan\n\n**Total Tasks:** 32\n\n### **Phase 1: All at once**\n\n"
    + "".join(f"- [ ] **1.{number}** Part {number}\n\n" for number in range(1, WRITERS + 1))
    + "**Progress:** 0/32 tasks complete\n"
)


@pytest.fixture
def plan(project: Path) -> Path:
    path = project / "tasks.md"
    # Without a dependency a plan goes in document order; one between two tasks lets all others start at once.
    path.write_text(PLAN.replace("- [ ] **1.2** Part 2\n", "- [ ] **1.2** Part 2\n  - _Depends: 1.1 (SS)_\n"))
    return path


def test_32_processes_complete_a_task_each_at_once(milepost: Milepost, plan: Path) -> None:
    start = "import sys; sys.stdin.read(); from milepost.cli.main import main; main(sys.argv[1:])"
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", start, "done", "tasks.md", f"1.{number}", "--by", f"worker {number}", "--force"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(1, WRITERS + 1)
    ]
    for worker in workers:  # all wait for the end of their input, and get it one right after the other
        assert worker.stdin is not None
        worker.stdin.close()
        worker.stdin = None
    while "by hand" not in plan.read_text():  # somebody writes without any lock, until it stays
        with plan.open("a") as file:
            file.write("\nWritten by hand.\n")
    ended = [worker.communicate(timeout=120) for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * WRITERS, [err for _, err in ended if err]

    milepost("sync", "tasks.md")
    text = plan.read_text()
    assert text.count("- [x] **1.") == WRITERS
    assert "**Progress:** 32/32 tasks complete" in text
    assert text.endswith("Written by hand.\n")
    events = milepost("log", "tasks.md", "--json").json
    done = [event["task"] for event in events if event["event"] == "TaskCompleted"]
    assert sorted(done) == sorted(f"1.{number}" for number in range(1, WRITERS + 1))


def test_a_change_made_meanwhile_by_another_program_is_taken_up(plan: Path) -> None:
    seen: list[str] = []

    def change(source: SourceText) -> SourceText:
        if not seen:
            plan.write_text(plan.read_text() + "\nMeanwhile.\n")
        seen.append(source.text)
        return source.with_text(source.text.replace("[ ] **1.1**", "[x] **1.1**"))

    update_document(str(plan), change)
    assert len(seen) == 2
    assert "[x] **1.1**" in plan.read_text()
    assert plan.read_text().endswith("Meanwhile.\n")


def test_a_box_unticked_by_hand_is_reported_and_left_alone(milepost: Milepost, plan: Path) -> None:
    assert milepost("done", "tasks.md", "1.1").code == 0
    plan.write_text(plan.read_text().replace("[x] **1.1**", "[ ] **1.1**"))
    told = milepost("sync", "tasks.md")
    assert (told.code, "1.1 is done in the ledger, but its box was unticked by hand" in told.err) == (1, True)
    assert "[ ] **1.1**" in plan.read_text()
    status = milepost("status", "tasks.md")
    assert (status.code, "1.1 is done in the ledger, but its box was unticked by hand" in status.err) == (0, True)
    assert milepost("status", "tasks.md", "--json").json["unticked"] == ["1.1"]
    run = milepost("run", "tasks.md", "--no-wait")
    assert "`milepost reopen tasks.md 1.1 REASON` has it done again" in run.err
    milepost("done", "tasks.md", "1.2")  # what others do meanwhile does not tick it again
    assert "[ ] **1.1**" in plan.read_text()
    plan.write_text(plan.read_text().replace("[ ] **1.1**", "[x] **1.1**"))
    assert milepost("sync", "tasks.md").code == 0
