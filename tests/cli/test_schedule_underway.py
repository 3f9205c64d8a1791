"""``milepost schedule`` of plans that are done in part, or run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from milepost.app.schedule_facts import facts_of_boxes, facts_of_run
from milepost.app.schedules import ScheduleReport, schedule_plan
from milepost.cli.main import run
from milepost.execution.policy import TaskSpec
from milepost.execution.records import Attempt, TaskRecord, TaskStatus
from milepost.execution.state import RunState
from milepost.plan.reader import read_plan
from milepost.source import SourceText

HOUR = 3600
TEXT = """\
# Soup

- [{cut}] **1.1** Cut
  - _Estimated: 2 h_
- [{stir}] **1.2** Stir
  - _Estimated: 3 h_
- [ ] **1.3** Serve
  - _Estimated: 1 h_
  - _Depends: 1.1, 1.2_
"""


def plan_text(cut: str = " ", stir: str = " ") -> str:
    return TEXT.format(cut=cut, stir=stir)


def write(folder: Path, text: str) -> str:
    (folder / "tasks.md").write_text(text)
    return str(folder / "tasks.md")


def shown(path: str, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    assert run(["schedule", path, "--json", *options]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_what_is_done_takes_no_more_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Stirring is in progress and takes its 3 h from now, cutting is done: serving ends after 3 + 1 h."""
    path = write(tmp_path, plan_text("x", "-"))
    found = shown(path, capsys)
    assert found["leveled"]["makespan_seconds"] == 4 * HOUR
    assert [row["start_seconds"] // HOUR for row in found["rows"]] == [0, 0, 3]
    assert (found["replanned"]["done"], found["replanned"]["running"]) == (1, 1)
    assert run(["schedule", path]) == 0
    assert "under way: 1 done, 1 in progress; times from now" in capsys.readouterr().out


def test_from_scratch_all_is_still_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = shown(write(tmp_path, plan_text("x", "x")), capsys, "--from-scratch")
    assert found["leveled"]["makespan_seconds"] == 4 * HOUR
    assert found["replanned"] is None


def test_nothing_done_is_nothing_to_go_on_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(write(tmp_path, plan_text()), capsys)["replanned"] is None


def test_everything_done_takes_no_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = plan_text("x", "x").replace("[ ]", "[x]")
    assert shown(write(tmp_path, text), capsys)["leveled"]["makespan_seconds"] == 0


def test_a_run_that_has_begun_is_gone_on_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever the time, the claimed task runs, and its 2 h are not over."""
    path = write(tmp_path, plan_text())
    (tmp_path / "milepost.toml").write_text("")
    assert run(["claim", path, "1.1", "--by", "me"]) == 0
    capsys.readouterr()
    found = shown(path, capsys)
    assert (found["replanned"]["timed"], found["replanned"]["running"]) == (True, 1)
    cut = found["rows"][0]
    assert cut["finish_seconds"] == cut["start_seconds"] + 2 * HOUR


def state_of(records: dict[str, TaskRecord]) -> RunState:
    state = RunState()
    state.run, state.started_at, state.tasks = "run", 1000.0, records
    return state


def record(name: str, status: TaskStatus, begin: float | None = None, end: float | None = None) -> TaskRecord:
    attempts = [] if begin is None else [Attempt(1, 3, "me", begin, ended_at=end)]
    return TaskRecord(TaskSpec(name, name, 3), 3, status, attempts, finished_at=end)


def gone_on(records: dict[str, TaskRecord], hours: float, last: dict[str, int] | None = None) -> ScheduleReport:
    underway = facts_of_run(state_of(records), 1000.0 + hours * HOUR, lambda moment: int(moment - 1000), last)
    return schedule_plan(read_plan(SourceText(plan_text())), underway=underway)


def test_a_late_finish_moves_what_waits_for_it() -> None:
    """Stirring, planned from 0 to 3 h, ran until 5 h: serving moves from 3 h to 5 h, the end from 4 h to 6 h."""
    records = {
        "1.1": record("1.1", TaskStatus.DONE, 1000, 1000 + 2 * HOUR),
        "1.2": record("1.2", TaskStatus.DONE, 1000, 1000 + 5 * HOUR),
    }
    found = gone_on(records, 5)
    assert found.replanned is not None
    assert [(move.id, move.before // HOUR, move.start // HOUR) for move in found.replanned.moved] == [("1.3", 3, 5)]
    assert (found.replanned.makespan_before_seconds, found.leveled.makespan_seconds) == (4 * HOUR, 6 * HOUR)
    assert found.makespan_seconds == 6 * HOUR, "the critical path knows it too"
    assert [row.finish_seconds // HOUR for row in found.rows] == [2, 5, 6]


def test_a_running_task_that_is_overdue_ends_in_a_second() -> None:
    """Stirring began at 0 and should take 3 h; after 7 h it still runs."""
    records = {
        "1.1": record("1.1", TaskStatus.DONE, 1000, 1000 + 2 * HOUR),
        "1.2": record("1.2", TaskStatus.RUNNING, 1000),
    }
    found = gone_on(records, 7)
    assert found.rows[1].finish_seconds == found.rows[2].start_seconds == 7 * HOUR + 1


def test_the_last_schedule_may_be_a_baseline() -> None:
    """The baseline had serving at 10 h; both others are done early: it stays there."""
    records = {name: record(name, TaskStatus.DONE, 1000, 1000 + HOUR) for name in ("1.1", "1.2")}
    found = gone_on(records, 1, {"1.1": 0, "1.2": 0, "1.3": 10 * HOUR})
    assert found.rows[2].start_seconds == 10 * HOUR
    assert found.replanned is not None
    assert found.replanned.moved == ()


def test_a_skipped_task_is_over_when_it_was_skipped() -> None:
    records = {
        "1.1": record("1.1", TaskStatus.SKIPPED, end=1000 + HOUR),
        "1.2": record("1.2", TaskStatus.RUNNING, 1000),
    }
    found = gone_on(records, 1)
    assert (found.rows[0].start_seconds, found.rows[0].finish_seconds) == (HOUR, HOUR)


def test_nothing_is_known_where_nothing_has_begun() -> None:
    waiting = state_of({"1.1": record("1.1", TaskStatus.PENDING)})
    assert facts_of_run(waiting, 0.0, int) is None
    later = facts_of_run(waiting, 2000.0, int)
    assert later is not None
    assert (later.facts.now, later.facts.started, later.facts.finished) == (2000, {}, {})  # nothing begins before now
    assert facts_of_boxes(read_plan(SourceText(plan_text()))) is None
