"""What reports and status say of refusals and of cancelled runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

PLAN = """\
# Shop - Implementation Plan

- [ ] **1** Build
  - _Estimated: 1 hour_
  - _Verify: test -e built_
- [ ] **2** Ship
  - _Depends: 1_
"""
WHY = "verification `test -e built` ended with exit code 1"


@pytest.fixture
def refused(milepost: Milepost, project: Path) -> Path:
    """A run in which ann reported a task as done that was not."""
    plan = project / "tasks.md"
    plan.write_text(PLAN)
    assert milepost("trust", "tasks.md").code == 0
    assert milepost("claim", "tasks.md", "1", "--by", "ann").code == 0
    assert milepost("done", "tasks.md", "1", "--by", "ann").code == 1
    return plan


def test_reports_list_refused_completions(milepost: Milepost, refused: Path) -> None:
    assert f"Refused completions\n  1  by ann: {WHY}\n" in milepost("report").out
    assert "| 1 | ann | " in milepost("report", "--format", "markdown").out
    page = milepost("report", "--format", "html").out
    assert "<h2>Refused completions</h2>" in page
    assert "test -e built" in page


def test_json_is_a_format_with_a_name_of_its_own(milepost: Milepost, refused: Path) -> None:
    found = milepost("report", "--json").json
    assert found["refused"] == [
        {"task": "1", "attempt_no": 1, "by": "ann", "at": found["refused"][0]["at"], "reason": WHY}
    ]
    plain = milepost("report", "--format", "json").json
    assert {**plain, "elapsed_seconds": 0} == {**found, "elapsed_seconds": 0}


def test_a_report_without_refusals_has_no_such_section(milepost: Milepost, project: Path) -> None:
    (project / "tasks.md").write_text(PLAN.replace("  - _Verify: test -e built_\n", ""))
    assert milepost("done", "tasks.md", "1").code == 0
    assert "Refused" not in milepost("report").out + milepost("report", "--format", "markdown").out
    assert "Refused" not in milepost("report", "--format", "html").out
    assert milepost("report", "--json").json["refused"] == []


def test_status_says_that_the_run_was_cancelled(milepost: Milepost, refused: Path) -> None:
    assert milepost("status", "--json").json["cancelled"] is None
    assert milepost("cancel", "tasks.md", "--by", "bob").code == 0
    shown = milepost("status").out.splitlines()
    assert shown[0].startswith("Run tasks.md#1 was cancelled by bob, ")
    assert shown[1] == "This is what the next run would begin with; `milepost run tasks.md` begins it."
    found = milepost("status", "--json").json["cancelled"]
    assert (found["run"], found["by"]) == ("tasks.md#1", "bob")


def test_once_the_next_run_has_begun_status_is_about_that(milepost: Milepost, refused: Path) -> None:
    milepost("cancel", "tasks.md", "--by", "bob")
    assert milepost("claim", "tasks.md", "1", "--by", "ann").code == 0
    assert "cancelled" not in milepost("status").out
    assert milepost("status", "--json").json["cancelled"] is None


@pytest.mark.parametrize("command", ["schedule", "next", "status"])
def test_a_cycle_is_told_with_its_place(milepost: Milepost, project: Path, command: str) -> None:
    tasks = ["- [ ] **1** Lay out", "  - _Depends: 3_", "- [ ] **2** Build", "  - _Depends: 1_"]
    tasks += ["- [ ] **3** Ship", "  - _Depends: 2_"]
    (project / "tasks.md").write_text("# Shop - Implementation Plan\n\n" + "\n".join(tasks) + "\n")
    told = milepost(command, "tasks.md").err
    assert "the dependencies form a cycle: 1 → 2 → 3 → 1" in told
    assert "--> tasks.md:8:15\n" in told  # the last of the three places: the 2 in line 8 begins at column 15
    assert "`milepost check` shows where each is stated" in told


@pytest.mark.parametrize(
    ("text", "told", "place"),
    [
        ('{"tasks": ', "it is no JSON: Expecting value; no task was found in it", "tasks.json:1:11"),
        ('{"tasks": []}', "no task was found in it", "tasks.json"),
        ('{"other": 1}', "no task was found in it", "tasks.json"),
    ],
)
def test_a_json_file_without_tasks_is_not_told_of_markdown(
    milepost: Milepost, project: Path, text: str, told: str, place: str
) -> None:
    (project / "tasks.json").write_text(text)
    done = milepost("next", "tasks.json")
    assert done.code == 3
    assert f"error[no-tasks-found]: {told}\n" in done.err
    assert f"--> {place}\n" in done.err
    assert "Task Master's form" in done.err
    assert "checkbox" not in done.err


@pytest.mark.parametrize(
    ("limits", "shown"),
    [
        (["--money", "20"], "run  money: 0.00 of 20.00"),
        (["--money", "1234567.5"], "run  money: 0.00 of 1,234,567.50"),
        (["--hours", "0.001"], "run  hours: 0.00 of 0.001"),
        (["--tokens", "1500000"], "run  tokens: 0 of 1,500,000"),
    ],
)
def test_amounts_are_written_as_people_write_them(
    milepost: Milepost, project: Path, limits: list[str], shown: str
) -> None:
    (project / "tasks.md").write_text(PLAN)
    assert shown in milepost("budget", "tasks.md", *limits).out.splitlines()
