"""The plan is edited, broken, taken away while its run goes on.

Commands tell of their progress through named pipes, so that each edit happens at a known moment; `go` files let them end.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.app.runs import RunSession
from milepost.execution import events as ev
from milepost.execution.records import TaskStatus

DEADLINE = 120.0  # generous: it only turns a hang into a failure

PLAN = """\
# Shed - Implementation Plan

**Progress:** 0/3 tasks complete

- [ ] **1** Begin
  - _Run: echo begun > told; until test -e go; do sleep 0.01; done_

- [ ] **2** Go on
  - _Depends: 1_
  - _Run: echo 2 >> order_

- [ ] **3** End
  - _Depends: 2_
  - _Run: echo 3 >> order_
"""


class Running:
    """A run of the plan by `milepost run` in another process, at the moment when task 1 has begun."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.plan = root / "tasks.md"
        os.mkfifo(root / "told")
        command = [sys.executable, "-m", "milepost", "run", "tasks.md", "--trust", "--no-wait"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert (root / "told").read_text() == "begun\n"

    def edit(self, old: str, new: str) -> None:
        text = self.plan.read_text()
        assert old in text
        (self.root / "edited").write_text(text.replace(old, new))
        os.replace(self.root / "edited", self.plan)

    def events(self) -> list[ev.Event]:
        return SqliteLedger(self.root / ".milepost" / "ledger.db").read("tasks.md#1")

    def until(self, condition: Callable[[], object]) -> None:
        """Wait for something that the run brings about."""
        deadline = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < deadline
            assert self.process.poll() is None, self.process.stdout and self.process.stdout.read()
            time.sleep(0.01)

    def revised(self) -> bool:
        return any(isinstance(event, ev.PlanRevised) for event in self.events())

    def finish(self) -> str:
        (self.root / "go").touch()
        out, _ = self.process.communicate(timeout=DEADLINE)
        return out

    def status(self, task: str) -> TaskStatus:
        ledger = SqliteLedger(self.root / ".milepost" / "ledger.db")
        return RunSession(ledger, "tasks.md#1").state.tasks[task].status

    @property
    def order(self) -> list[str]:
        path = self.root / "order"
        return path.read_text().split() if path.exists() else []


@pytest.fixture
def running(project: Path) -> Iterator[Running]:
    (project / "tasks.md").write_text(PLAN)
    run = Running(project)
    yield run
    (project / "go").touch()
    if run.process.poll() is None:
        run.process.kill()
    run.process.communicate()


def allow(root: Path, command: str) -> None:
    """Trust a command as the user would, by way of another plan of the project."""
    (root / "other.md").write_text(f"# Other - Implementation Plan\n\n- [ ] **1** Do\n  - _Run: {command}_\n")
    subprocess.run([sys.executable, "-m", "milepost", "trust", "other.md"], check=True, capture_output=True)


def test_tasks_that_come_and_go_while_it_runs(running: Running) -> None:
    allow(running.root, "echo 4 >> order")
    running.edit(
        "- [ ] **3** End\n  - _Depends: 2_\n  - _Run: echo 3 >> order_",
        "- [ ] **4** New\n  - _Depends: 2_\n  - _Run: echo 4 >> order_",
    )
    running.until(running.revised)
    out = running.finish()
    assert running.process.returncode == 0, out
    assert running.order == ["2", "4"]
    assert "the plan was edited; going on with its new text" in out
    assert "**Progress:** 3/3" in running.plan.read_text()


def test_a_box_ticked_while_it_runs_counts(running: Running) -> None:
    running.edit("- [ ] **2**", "- [x] **2**")
    running.until(lambda: running.status("2") is TaskStatus.DONE)
    running.finish()
    assert running.order == ["3"]


def test_a_command_changed_while_it_runs_is_held_until_it_is_allowed(running: Running) -> None:
    running.edit("echo 2 >> order", "echo two >> order")
    running.until(running.revised)
    out = running.finish()
    assert running.process.returncode == 1
    assert "2 blocked: its command has not been allowed on this machine" in out
    assert running.order == []
    again = subprocess.run(
        [sys.executable, "-m", "milepost", "run", "tasks.md", "--trust", "--no-wait"], capture_output=True, text=True
    )
    assert again.returncode == 0, again.stdout
    assert running.order == ["two", "3"]


def test_a_finished_task_whose_text_changes_is_reported_and_not_undone(running: Running) -> None:
    running.edit("- [ ] **2**", "- [x] **2**")
    running.until(lambda: running.status("2") is TaskStatus.DONE)
    running.edit("** Go on", "** Go on, but differently")
    running.until(lambda: any(event.finished for event in running.events() if isinstance(event, ev.PlanRevised)))
    out = running.finish()
    assert "changed though finished, and not undone: 2" in out
    assert running.order == ["3"]


@pytest.mark.parametrize("replaced_by_a_folder", [False, True])
def test_a_plan_that_is_taken_away_and_comes_back(running: Running, replaced_by_a_folder: bool) -> None:
    text = running.plan.read_text()
    running.plan.unlink()
    if replaced_by_a_folder:
        running.plan.mkdir()
    why = "this is a folder, not a plan" if replaced_by_a_folder else "there is no such file"
    notice = f"the plan cannot be used: {why}; the run goes on with what it knew"
    assert any(notice in line for line in running.process.stdout or ())
    (running.root / "go").touch()
    assert running.process.wait(DEADLINE) == 0
    assert running.order == ["2", "3"]
    if replaced_by_a_folder:
        shutil.rmtree(running.plan)
    running.plan.write_text(text)
    subprocess.run([sys.executable, "-m", "milepost", "sync", "tasks.md"], check=True, capture_output=True)
    assert running.plan.read_text().count("[x]") == 3


def test_a_plan_that_comes_back_during_the_run_is_brought_up_to_date(running: Running) -> None:
    """Task 1 runs all the time; its box shows it as soon as the plan is back."""
    running.until(lambda: "[-] **1**" in running.plan.read_text() or "[~] **1**" in running.plan.read_text())
    running.plan.unlink()
    running.plan.write_text(PLAN)
    running.until(lambda: running.plan.read_text() != PLAN)
    assert "- [ ] **1**" not in running.plan.read_text()
    running.finish()
    assert running.process.returncode == 0
    assert running.plan.read_text().count("[x]") == 3


def test_a_plan_broken_while_it_runs_is_reported_and_the_run_goes_on(running: Running) -> None:
    running.edit("_Depends: 1_", "_Depends: 1, 3_")
    lines = iter(running.process.stdout or ())
    assert any("the plan cannot be used: the plan has errors" in line for line in lines)
    (running.root / "go").touch()
    assert running.process.wait(DEADLINE) == 0
    assert running.order == ["2", "3"]
