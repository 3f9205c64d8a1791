"""Many processes on one plan file: nothing lost, nothing refused, the file never torn, hand edits merged."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

from milepost.app.documents import update_document
from milepost.bootstrap import open_project
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


MILEPOST = "from milepost.cli.main import main; main(sys.argv[1:])"
TICK = """
from milepost.app.documents import update_document
from milepost.plan.edits import tick
from milepost.plan.model import TaskState
from milepost.plan.reader import read_plan
from milepost.source import apply
update_document("tasks.md", lambda text: apply(text, tick(read_plan(text), sys.argv[1], TaskState.DONE)))
"""


def test_32_processes_tick_complete_and_sync_at_once(milepost: Milepost, plan: Path) -> None:
    doing = [
        *((MILEPOST, "done", "tasks.md", f"1.{number}", "--force") for number in range(1, 12)),
        *((TICK, f"1.{number}") for number in range(12, 23)),
        *((MILEPOST, "sync", "tasks.md") for _ in range(10)),
    ]
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", f"import sys; sys.stdin.read()\n{code}", *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for code, *args in doing
    ]
    assert len(workers) == WRITERS
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.close()
        worker.stdin = None
    ended = [worker.communicate(timeout=120) for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * WRITERS, [err for _, err in ended if err]

    assert milepost("sync", "tasks.md").code == 0
    text = plan.read_text()
    assert [f"- [x] **1.{number}**" in text for number in range(1, WRITERS + 1)] == [n <= 22 for n in range(1, 33)]
    assert "**Progress:** 22/32 tasks complete" in text
    events = milepost("log", "tasks.md", "--json").json
    done = [event["task"] for event in events if event["event"] == "TaskCompleted"]
    assert sorted(done) == sorted(f"1.{number}" for number in range(1, 23))


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


def test_a_box_ticked_after_the_document_was_read_was_not_unticked(milepost: Milepost, plan: Path) -> None:
    """Whoever looks while a supervisor writes has an old document, and a memory that is newer."""
    early = open_project("tasks.md")
    milepost("done", "tasks.md", "1.1")
    assert early.unticked(open_project("tasks.md").peek_run()) == ()
