"""`milepost schedule` with dates: calendars, starts, promises kept and missed, and settings that make no sense."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost, Result

PLAN = """# House - Implementation Plan

## Task Breakdown

### **Phase 1: Shell**

- [ ] **1.1** Dig
  - _Estimated: 10 hours_
- [ ] **1.2** Wall
  - _Estimated: 2 days_
  - _Depends: 1.1_
- [ ] **1.3** Order windows
  - _Estimated: 1 hour_
  - _Not before: 2026-12-03_

### **Phase 2: Inside**

- [ ] **2.1** Paint
  - _Estimated: 4 hours_

## Checkpoints

### **Checkpoint 1: After Phase 1**
- [ ] Dry

## Task Assignment

| Task | Assigned To | Status | Notes |
|------|-------------|--------|-------|
| 1.1-1.3 | Tier 1 | Not Started | |
| 2.1 | Tier 2 | Not Started | |
"""

OFFICE = """
[schedule]
start = 2026-12-01
calendar = "office"

[calendars.office]
zone = "Europe/Berlin"
hours = { mon-thu = ["09:00-12:00", "13:00-18:00"], fri = ["09:00-14:00"] }
"""
NIGHT = """
[calendars.night]
zone = "Europe/Berlin"
weekdays = ["mon-sun"]
hours = ["22:00-06:00"]

[tiers.1]
driver = "manual"

[tiers.2]
driver = "manual"
calendar = "night"
"""


@pytest.fixture
def plan(project: Path) -> Path:
    path = project / "tasks.md"
    path.write_text(PLAN)
    return path


def settings(project: Path, text: str) -> None:
    (project / "milepost.toml").write_text(text)


def rows(result: Result) -> dict[str, dict[str, str]]:
    assert result.code == 0, result.err
    return {row["id"]: row["dates"] for row in result.json["rows"]}


def span(dates: dict[str, str], first: str = "start", last: str = "finish") -> tuple[str, str]:
    return dates[first], dates[last]


def test_one_calendar_gives_dates(milepost: Milepost, plan: Path, project: Path) -> None:
    """Dig takes Tuesday's 8 h and 2 h on Wednesday, Wall the 6 h left there, Thursday's 8, and 2 of Friday. Windows may
    be ordered from Thursday on, but there is one worker: after Wall, Friday at 11. Paint has Friday's last 2 h, then
    2 h of Monday. In working time that is 10 + 16 + 1 + 4 h.
    """
    settings(project, OFFICE)
    result = milepost("schedule", "tasks.md", "--json")
    found = rows(result)
    assert span(found["1.1"]) == ("2026-12-01T09:00:00+01:00", "2026-12-02T11:00:00+01:00")
    assert span(found["1.2"]) == ("2026-12-02T11:00:00+01:00", "2026-12-04T11:00:00+01:00")
    assert span(found["1.3"]) == ("2026-12-04T11:00:00+01:00", "2026-12-04T12:00:00+01:00")
    assert span(found["1.3"], "early_start", "early_finish")[0] == "2026-12-03T09:00:00+01:00"
    assert found["1.3"]["not_before"] == "2026-12-03T00:00:00+01:00"
    assert span(found["2.1"]) == ("2026-12-04T12:00:00+01:00", "2026-12-07T11:00:00+01:00")
    assert result.json["leveled"]["makespan_seconds"] == 31 * 3600
    dates = result.json["dates"]
    assert (dates["axis"], dates["start_from"], dates["zone"]) == ("working", "settings", "Europe/Berlin")
    assert (dates["start"], dates["finish"]) == ("2026-12-01T00:00:00+01:00", "2026-12-07T11:00:00+01:00")


def test_tiers_with_calendars_of_their_own(milepost: Milepost, plan: Path, project: Path) -> None:
    """As above, the gate stands on Friday at 12:00; the night shift paints its 4 h from 22:00 on."""
    settings(project, OFFICE + NIGHT)
    result = milepost("schedule", "tasks.md", "--json")
    found = rows(result)
    assert span(found["1.3"])[1] == "2026-12-04T12:00:00+01:00"
    assert span(found["2.1"]) == ("2026-12-04T22:00:00+01:00", "2026-12-05T02:00:00+01:00")
    dates = result.json["dates"]
    assert (dates["axis"], dates["calendars"]) == ("elapsed", {"1": "office", "2": "night"})
    gate = next(row for row in result.json["rows"] if row["checkpoint"])
    assert gate["dates"]["start"] == gate["dates"]["finish"] == "2026-12-04T12:00:00+01:00"
    said = milepost("schedule", "tasks.md", "--optimize", "1")
    assert (said.code, "the tiers' calendars differ: a simpler search, and no proof" in said.err) == (0, True)


def test_a_start_on_the_command_line_goes_before_the_settings(milepost: Milepost, plan: Path, project: Path) -> None:
    settings(project, OFFICE)
    found = milepost("schedule", "tasks.md", "--json", "--start", "2026-12-07 16:00")
    assert rows(found)["1.1"]["start"] == "2026-12-07T16:00:00+01:00"
    assert found.json["dates"]["start_from"] == "--start"


def test_without_calendar_all_time_is_working_time(milepost: Milepost, plan: Path) -> None:
    found = rows(milepost("schedule", "tasks.md", "--json", "--start", "2026-12-01 20:00"))
    assert span(found["1.2"]) == ("2026-12-02T06:00:00+00:00", "2026-12-02T22:00:00+00:00")


def test_a_plan_that_states_dates_starts_now_and_says_so(milepost: Milepost, plan: Path) -> None:
    shown = milepost("schedule", "tasks.md").out
    assert "(now: --start or `start` sets another)" in shown


def test_a_plan_without_dates_is_scheduled_without_a_calendar_in_memory(plan: Path) -> None:
    plan.write_text(PLAN.replace("  - _Not before: 2026-12-03_\n", ""))
    code = (
        "import sys; from milepost.cli.main import run; assert run(sys.argv[1:]) == 0\n"
        "loaded = {'zoneinfo', 'milepost.schedule.calendar', 'milepost.app.dates'} & set(sys.modules)\n"
        "assert not loaded, loaded"
    )
    done = subprocess.run([sys.executable, "-c", code, "schedule", str(plan)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


DEADLINES = PLAN.replace("  - _Depends: 1.1_", "  - _Depends: 1.1_\n  - _Deadline: 2026-12-03_").replace(
    "  - _Estimated: 4 hours_", "  - _Estimated: 4 hours_\n  - _Due: 2026-12-07 15:00_"
)


def test_a_deadline_is_a_late_finish_and_what_breaks_it_is_named(milepost: Milepost, plan: Path, project: Path) -> None:
    """Until Thursday's end there are 24 working hours, Dig and Wall take 26: 2 h late, both with a float of −2 h.

    Paint is done on Monday at 11; until 15:00 it is 3 h, without lunch.
    """
    plan.write_text(DEADLINES)
    settings(project, OFFICE)
    result = milepost("schedule", "tasks.md", "--json")
    floats = {row["id"]: row["total_float_seconds"] for row in result.json["rows"]}
    assert (floats["1.1"], floats["1.2"]) == (-7200, -7200)
    assert rows(result)["1.2"]["late_finish"] == "2026-12-03T18:00:00+01:00"
    deadline, due = result.json["dates"]["promises"]
    assert (deadline["id"], deadline["kind"], deadline["missed_seconds"]) == ("1.2", "deadline", 7200)
    assert (deadline["chain"], deadline["chain_begins"]) == (["1.1", "1.2"], "2026-12-01T09:00:00+01:00")
    assert (due["id"], due["kind"], due["late_seconds"]) == ("2.1", "due", -3 * 3600)
    shown = milepost("schedule", "tasks.md").out
    assert "deadline 12-03 24:00  1.2 MISSED by 2h: finishes 12-04 11:00" in shown
    assert "1.1 → 1.2 cannot begin before 12-01 09:00" in shown
    assert "1.1 -> 1.2 cannot begin" in milepost("schedule", "tasks.md", "--ascii").out
    assert "due      12-07 15:00  2.1 finishes 12-07 11:00, 3h to spare" in shown


def test_a_deadline_that_capacity_breaks_is_told_apart(milepost: Milepost, plan: Path, project: Path) -> None:
    """Order windows could be over on Thursday at 10, but the only worker builds the wall until Friday."""
    plan.write_text(PLAN.replace("2026-12-03_", "2026-12-03_\n  - _Deadline: 2026-12-03 10:00_"))
    settings(project, OFFICE + "\n[tiers.1]\ndriver='manual'\n[tiers.2]\ndriver='manual'\n")
    [promise] = milepost("schedule", "tasks.md", "--json").json["dates"]["promises"]
    assert promise["missed_seconds"] == 0
    # The deadline makes it urgent: what was planned on Thursday at 9 gives way where that costs nothing.
    assert promise["late_seconds"] >= 0


def test_what_a_parent_says_of_dates_holds_for_its_parts(milepost: Milepost, project: Path) -> None:
    text = "# P\n\n- [ ] 1. Whole\n  - _Deadline: 2026-12-02_\n  - [ ] 1.1 Part\n    - _Estimated: 3h_\n"
    (project / "tasks.md").write_text(text)
    [promise] = milepost("schedule", "tasks.md", "--json", "--start", "2026-12-01").json["dates"]["promises"]
    assert (promise["id"], promise["at"]) == ("1.1", "2026-12-03T00:00:00+00:00")


def test_a_date_that_cannot_be_read_does_not_count_and_is_said(milepost: Milepost, plan: Path) -> None:
    plan.write_text(PLAN.replace("2026-12-03", "2026-02-30"))
    found = milepost("schedule", "tasks.md", "--start", "2026-12-01")
    assert found.code == 0
    assert "note: line 14: `2026-02-30` does not count: Not before is a day or a time that does not exist" in found.err


def test_the_chart_has_dates_over_it(milepost: Milepost, plan: Path, project: Path) -> None:
    """31 working hours: a tick where each day's work begins, if there is room."""
    settings(project, OFFICE)
    shown = milepost("schedule", "tasks.md", "--width", "100", "--svg", "gantt.svg").out
    [ticks] = [line for line in shown.splitlines() if "Tue 12-01" in line and "Wed 12-02" in line]
    assert "Fri 12-04" in ticks
    picture = (project / "gantt.svg").read_text()
    assert "Wed 12-02" in picture
    assert "until 2026-12-07 11:00" in picture


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (OFFICE.replace('"office"', '"ofice"', 1), ("no calendar `ofice`", "milepost.toml:4", "there are office")),
        (OFFICE.replace("Europe/Berlin", "Europe/Atlantis"), ("time zone Europe/Atlantis", "milepost.toml:7")),
        (OFFICE + "holidays = ['2026-02-30']\n", ("`2026-02-30` is no date", "milepost.toml:9", "`holidays`")),
        (OFFICE + "holidays = ['2026-12-24/2026-12-20']\n", ("no stretch of days", "milepost.toml:9")),
        (OFFICE + "extra = ['2026-12-19 9-5']\n", ("no hours of work", "`extra`", "milepost.toml:9")),
        (OFFICE + "weekdays = 5\n", ("wrong type", "milepost.toml:9", "a list")),
        (OFFICE + "shifts = []\n", ("no setting `shifts`", "milepost.toml:9")),
        (OFFICE.replace('fri = ["09:00-14:00"]', 'caturday = ["09:00-14:00"]'), ("`caturday` is no weekday",)),
        ("[schedule]\ncalendar='x'\n[calendars.x]\nhours=[]\n", ("no working time", "`hours` of [calendars.x]")),
        ("[schedule]\nstart='soon'\n", ("`soon` is no date", "milepost.toml:2")),
        ("[schedule]\nzone='Mars/Base'\nstart='2026-12-01'\n", ("time zone Mars/Base", "milepost.toml:2")),
        ("[tiers.1]\ndriver='manual'\nspread = { low = 2, high = 1 }\n", ("0 < low", "milepost.toml:3")),
    ],
)
def test_settings_that_make_no_sense(
    milepost: Milepost, plan: Path, project: Path, text: str, words: tuple[str, ...]
) -> None:
    settings(project, text)
    result = milepost("schedule", "tasks.md")
    assert result.code == 3, result.err
    assert result.err.startswith("error[settings-invalid]")
    for word in words:
        assert word in result.err


def test_a_calendar_whose_work_runs_out(milepost: Milepost, plan: Path, project: Path) -> None:
    settings(
        project, "[schedule]\ncalendar='x'\nstart='2026-12-01'\n[calendars.x]\nholidays=['2026-12-02/2036-12-01']\n"
    )
    result = milepost("schedule", "tasks.md")
    assert (result.code, "the calendar x has too little working time" in result.err) == (1, True)


def test_a_start_that_is_no_date(milepost: Milepost, plan: Path) -> None:
    result = milepost("schedule", "tasks.md", "--start", "tomorrow")
    assert (result.code, "`tomorrow` is no date" in result.err) == (2, True)


def test_the_audit_knows_deadlines_and_what_is_overdue(milepost: Milepost, plan: Path, project: Path) -> None:
    """As above, but in 2020: Dig and Wall, two of four tasks, are 2 h late. The critical path, Dig, Wall and Paint, takes
    30 h, and (30 − 2) ÷ 30 is 0.933. Both dates are over, and neither task is done.
    """
    plan.write_text(DEADLINES.replace("2026-12", "2020-12"))
    settings(project, OFFICE.replace("2026-12-01", "2020-12-01"))
    points = {one["number"]: one for one in milepost("schedule", "tasks.md", "--audit", "--json").json["points"]}
    assert (points[7]["figure"], points[7]["offenders"]) == (0.5, ["1.1", "1.2"])
    assert (points[11]["figure"], points[11]["offenders"]) == (1.0, ["1.2", "2.1"])
    assert points[13]["figure"] == pytest.approx(28 / 30)


def test_a_plan_under_way_on_different_calendars_is_scheduled_from_scratch(
    milepost: Milepost, plan: Path, project: Path
) -> None:
    plan.write_text(PLAN.replace("[ ] **1.1**", "[x] **1.1**"))
    settings(project, OFFICE + NIGHT)
    found = milepost("schedule", "tasks.md", "--json")
    assert (rows(found)["1.1"]["start"], "scheduled from scratch" in found.err) == ("2026-12-01T09:00:00+01:00", True)
