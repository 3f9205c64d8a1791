"""Forecasts, what-ifs and assignments with calendars and dates."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Milepost
from tests.cli.test_schedule_dates import DEADLINES, NIGHT, OFFICE, PLAN

SURE = "spread = { low = 1, high = 1 }\n"
TIERS = f"\n[tiers.1]\ndriver = 'manual'\n{SURE}\n[tiers.2]\ndriver = 'manual'\n{SURE}"
"""Estimates that always hold: every sample is the schedule."""

NIGHTS = NIGHT.replace('driver = "manual"\n', f'driver = "manual"\n{SURE}')


@pytest.fixture
def plan(project: Path) -> Path:
    path = project / "tasks.md"
    path.write_text(PLAN)
    return path


def settings(project: Path, text: str) -> None:
    (project / "milepost.toml").write_text(text)


START = ("--start", "2026-12-01")


@pytest.mark.parametrize(("calendars", "finish"), [(TIERS, "2026-12-07T11"), (NIGHTS, "2026-12-05T02")])
def test_without_doubt_every_percentile_is_the_schedule_s_end(
    milepost: Milepost, plan: Path, project: Path, calendars: str, finish: str
) -> None:
    """The ends are those of the schedules with one calendar, and with the night shift's own."""
    settings(project, OFFICE + calendars)
    found = milepost("forecast", "tasks.md", "--json", "--samples", "20", *START).json
    assert {one["date"][:13] for one in found["percentiles"]} == {finish}
    assert found["planned_date"][:13] == finish
    assert found["milestones"][0]["p50_date"] == "2026-12-04T12:00:00+01:00"
    assert found["elapsed"] is (calendars is NIGHTS)
    again = milepost("forecast", "tasks.md", "--json", "--samples", "20", "--no-tiers", *START).json
    # Unlimited, Order windows runs beside Wall, and all ends an hour of work sooner.
    assert again["milestones"][0]["p50_date"] == "2026-12-04T11:00:00+01:00"


@pytest.mark.parametrize("calendars", ["", NIGHT])
def test_the_odds_of_every_date(milepost: Milepost, plan: Path, project: Path, calendars: str) -> None:
    """Wall cannot be done on Thursday even if Dig and Wall take but 0.8 of their 26 h, 20.8 of the 24 h there are: it may
    be. Paint's due date lies months ahead in the second plan: it is kept for sure.
    """
    plan.write_text(DEADLINES.replace("2026-12-07 15:00", "2027-06-01"))
    settings(project, OFFICE + calendars)
    found = milepost("forecast", "tasks.md", "--json", "--samples", "200", "--deadline", "2026-12-02", *START).json
    deadline, due = found["promises"]
    assert (deadline["id"], deadline["kind"], due["id"], due["kind"]) == ("1.2", "deadline", "2.1", "due")
    assert 0 < deadline["probability"] < 1
    assert due["probability"] == 1.0
    assert found["deadline"]["probability"] == 0.0
    shown = milepost("forecast", "tasks.md", "--samples", "50", *START).out
    assert "1.2          deadline 2026-12-03 24:00" in shown


def test_the_same_seed_gives_the_same_samples_with_calendars(milepost: Milepost, plan: Path, project: Path) -> None:
    settings(project, OFFICE + NIGHT)
    one, other = (milepost("forecast", "tasks.md", "--json", "--samples", "60", *START).json for _ in range(2))
    assert one == other
    assert one["deviation_seconds"] > 0


def test_a_what_if_has_dates_and_the_odds_of_a_deadline(milepost: Milepost, plan: Path, project: Path) -> None:
    """With twice the speed on tier 2 Paint takes 2 h, Friday's last, instead of 4, until Monday."""
    settings(project, OFFICE + TIERS)
    options = ("--tier", "2.speed=2", "--samples", "20", "--deadline", "2026-12-04", *START)
    found = milepost("what-if", "tasks.md", "--json", *options).json
    assert (found["before"]["makespan_date"], found["after"]["makespan_date"]) == (
        "2026-12-07T11:00:00+01:00",
        "2026-12-04T14:00:00+01:00",
    )
    assert (found["before"]["kept"], found["after"]["kept"]) == (0.0, 1.0)
    shown = milepost("what-if", "tasks.md", *options).out
    assert "makespan ends     2026-12-07 11:00 → 2026-12-04 14:00" in shown


PRICES = """
[tiers.1]
driver = "manual"
cost_per_hour = 100
speed = 2
[tiers.2]
driver = "manual"
cost_per_hour = 10
"""


@pytest.mark.parametrize("calendar", ["", 'calendar = "night"'])
def test_the_cheapest_assignment_by_a_date(milepost: Milepost, project: Path, calendar: str) -> None:
    """Tier 2 needs 8 h for 80, tier 1 4 h for 400. From Tuesday on, tier 2 ends at 18:00, or at night, with 6 h before
    06:00 and 2 h from 22:00 on, at midnight. By 14:00 on Tuesday only tier 1 can: 12:00, lunch, 14:00.
    """
    (project / "tasks.md").write_text("# P\n\n- [ ] **1** Do\n  - _Estimated: 8h_\n")
    nights = NIGHT[: NIGHT.index("[tiers.1]")]
    settings(project, OFFICE + nights + PRICES + calendar)
    cheap = milepost("assign", "tasks.md", "--json", "--deadline", "2026-12-02").json
    assert (cheap["cost"], cheap["finish"]) == (
        80.0,
        "2026-12-02T00:00:00+01:00" if calendar else "2026-12-01T18:00:00+01:00",
    )
    fast = milepost("assign", "tasks.md", "--json", "--deadline", "2026-12-01 14:00").json
    assert (fast["cost"], fast["finish"]) == (400.0, "2026-12-01T14:00:00+01:00")
    never = milepost("assign", "tasks.md", "--deadline", "2026-12-01 13:00")
    assert never.code == 1
    assert "no assignment ends by the deadline" in never.err
    assert "until 2026-12-01 14:00" in never.err


def test_a_schedule_and_a_forecast_of_a_run_know_the_calendars(milepost: Milepost, plan: Path, project: Path) -> None:
    """A task of ten hours that was claimed and done at once: a tenth of its estimate is the least that counts, so
    the forecast of what is left, 21 h as planned, stays a matter of days. Nobody states a start: it is the run's.
    """
    settings(project, OFFICE.replace("start = 2026-12-01\n", ""))
    assert milepost("claim", "tasks.md", "1.1").code == 0
    assert milepost("done", "tasks.md", "1.1").code == 0
    shown = milepost("schedule", "tasks.md")
    assert (shown.code, "(its run)" in shown.out) == (0, True)
    found = milepost("forecast", "tasks.md", "--json", "--samples", "200").json
    assert found["done"] == 1
    assert found["percentiles"][-1]["seconds"] < 2000 * 3600


def test_working_time_is_what_a_task_took(project: Path) -> None:
    """From Friday at 12:00 to Monday at 10:00 the office works two hours and one; without a calendar it is 70 h."""
    from datetime import datetime

    from milepost.app.dates import make_dates
    from milepost.app.settings import load_settings

    settings(project, OFFICE + NIGHT.replace('driver = "manual"\n\n[tiers.2]', 'driver = "manual"\n[tiers.2]'))
    dates = make_dates(load_settings("tasks.md"), None, lambda: 0.0)
    begin, end = (datetime.fromisoformat(f"2026-12-{at}:00+01:00").timestamp() for at in ("04T12:00", "07T10:00"))
    assert dates.worked(1, begin, end) == 3 * 3600
    settings(project, "")
    assert make_dates(load_settings("tasks.md"), None, lambda: 0.0).worked(3, begin, end) == 70 * 3600
