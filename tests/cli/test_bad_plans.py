"""Plans that cannot be scheduled, or hardly: each gets a clear answer from every command that schedules."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

from milepost.app import sizes

SCHEDULING = (
    ("schedule",),
    ("schedule", "--start", "2026-12-01"),
    ("forecast", "--samples", "20"),
    ("what-if", "--tier", "3.capacity=2", "--samples", "20"),
    ("assign",),
)
CALENDARS = """
[schedule]
start = "2026-12-01"
[calendars.{name}]
{keys}
[tiers.2]
driver = "manual"
[tiers.3]
driver = "manual"
calendar = "{name}"
"""


def task(name: str, *fields: str) -> str:
    return f"- [ ] **{name}** Do {name}\n" + "".join(f"  - _{field}_\n" for field in fields)


@pytest.fixture(params=SCHEDULING, ids=" ".join)
def scheduling(request: pytest.FixtureRequest) -> tuple[str, ...]:
    command, *options = request.param
    return (command, "tasks.md", *options)


def plan(project: Path, *tasks: str) -> None:
    (project / "tasks.md").write_text("# P\n\n" + "".join(tasks))


def test_a_cycle_is_named(milepost: Milepost, project: Path, scheduling: tuple[str, ...]) -> None:
    plan(project, task("1", "Depends: 3"), task("2", "Depends: 1"), task("3", "Depends: 2"), task("4"))
    found = milepost(*scheduling)
    assert (found.code, "the dependencies form a cycle: 1 → 2 → 3 → 1" in found.err) == (1, True)


def test_no_effort_at_all_is_a_plan_that_is_over_at_once(milepost: Milepost, project: Path) -> None:
    plan(project, task("1", "Estimated: 0 hours"), task("2", "Estimated: 0h"))
    assert milepost("schedule", "tasks.md", "--json").json["leveled"]["makespan_seconds"] == 0
    dated = milepost("schedule", "tasks.md", "--start", "2026-12-01", "--json", "--svg", "gantt.svg").json
    assert milepost("schedule", "tasks.md", "--start", "2026-12-01").code == 0
    assert dated["dates"]["start"] == dated["dates"]["finish"] == "2026-12-01T00:00:00+00:00"
    assert milepost("forecast", "tasks.md", "--samples", "20").code == 0


@pytest.mark.parametrize("effort", ["-2 hours", "NaN", "nan hours", "inf hours", "1e400 hours"])
def test_an_estimate_that_is_none_is_said_and_stood_in_for(
    milepost: Milepost, project: Path, effort: str, scheduling: tuple[str, ...]
) -> None:
    plan(project, task("1", f"Estimated: {effort}"), task("2", "Estimated: 2 hours"))
    found = milepost(*scheduling)
    assert (found.code, f"note: line 4: `{effort}` is no duration" in found.err) == (0, True)
    assert "no estimate, taken as 1h: 1" in milepost("schedule", "tasks.md").out


def test_an_estimate_beyond_all_measure(milepost: Milepost, project: Path, scheduling: tuple[str, ...]) -> None:
    """A hundred billion seconds, 30,000 years, are the most."""
    plan(project, task("1", "Estimated: 3000000000 hours"), task("2"))
    found = milepost(*scheduling)
    assert found.code == 1
    assert "task 1 has an impossible duration: 3,000,000,000 hours" in found.err
    assert "help:" in found.err


def test_an_end_beyond_all_dates(milepost: Milepost, project: Path) -> None:
    plan(project, task("1", "Estimated: 200000000 hours"))
    found = milepost("schedule", "tasks.md", "--start", "2026-12-01")
    assert (found.code, "too little working time before 9999" in found.err) == (1, True)


@pytest.mark.parametrize("start", ["0001-01-01", "9999-12-31", "-5", "2026-13-01"])
def test_a_start_that_nobody_plans_with(milepost: Milepost, project: Path, start: str) -> None:
    plan(project, task("1"))
    found = milepost("schedule", "tasks.md", f"--start={start}")
    assert (found.code, f"`{start}` is no date" in found.err) == (2, True)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("hours = []", "the calendar none has no working time"),
        ('hours = { mon = [] }\nextra = ["2026-12-24 09:00-09:30"]', "the calendar none has too little working time"),
        ('holidays = ["2026-11-01/2036-10-01"]', "the calendar none has too little working time"),
    ],
)
def test_a_calendar_without_working_time(
    milepost: Milepost, project: Path, scheduling: tuple[str, ...], keys: str, words: str
) -> None:
    plan(project, task("1", "Estimated: 2 hours"), task("2", "Tier: 2"))
    (project / "milepost.toml").write_text(CALENDARS.format(name="none", keys=keys))
    found = milepost(*scheduling)
    assert found.code in (1, 3)
    assert words in found.err
    assert "Traceback" not in found.err


def test_a_capacity_of_nothing(milepost: Milepost, project: Path) -> None:
    plan(project, task("1"))
    assert "both start at 1" in milepost("schedule", "tasks.md", "--tier", "3=0").err
    assert "tier 3 cannot have capacity 0" in milepost("what-if", "tasks.md", "--tier", "3.capacity=0").err
    plan(project, task("1", "Tier: 5"))
    for command in ("schedule", "forecast"):
        found = milepost(command, "tasks.md")
        assert (found.code, "task 1 needs tier 5, which takes on no task at all" in found.err) == (1, True)
    (project / "milepost.toml").write_text('[tiers.3]\ndriver = "manual"\ncapacity = 0\n')
    assert "`capacity` of [tiers.3] must be above 0" in milepost("schedule", "tasks.md").err


def test_a_deadline_out_of_reach(milepost: Milepost, project: Path) -> None:
    """Before the start even: the float is the time that is missing."""
    plan(project, task("1", "Estimated: 2 hours", "Deadline: 2026-11-30"))
    found = milepost("schedule", "tasks.md", "--start", "2026-12-01 10:00")
    assert found.code == 0
    assert "deadline 11-30 24:00  1 MISSED by 12h: finishes 12-01 12:00" in found.out
    plan(project, task("1", "Estimated: 2 hours", "Deadline: 2025-11-30"))
    assert "deadline 2025-11-30 24:00  1 MISSED" in milepost("schedule", "tasks.md", "--start", "2026-12-01").out
    odds = milepost("forecast", "tasks.md", "--start", "2026-12-01 10:00", "--samples", "20", "--json").json
    assert odds["promises"][0]["probability"] == 0.0
    never = milepost("assign", "tasks.md", "--start", "2026-12-01 10:00", "--deadline", "2026-11-30")
    assert (never.code, "until 2026-12-01 12:00" in never.err) == (1, True)


def test_a_plan_of_one_task(milepost: Milepost, project: Path, scheduling: tuple[str, ...]) -> None:
    plan(project, task("1", "Estimated: 2 hours"))
    assert milepost(*scheduling).code == 0


@pytest.mark.parametrize(("text", "words"), [("", "it is empty"), ("# P\n\nNothing.\n", "no task was found")])
def test_a_plan_of_none(milepost: Milepost, project: Path, scheduling: tuple[str, ...], text: str, words: str) -> None:
    (project / "tasks.md").write_text(text)
    found = milepost(*scheduling)
    assert (found.code, words in found.err) == (3, True)


def test_a_plan_where_all_is_done(milepost: Milepost, project: Path) -> None:
    (project / "tasks.md").write_text("# P\n\n- [x] **1** Done\n  - _Deadline: 2026-12-24_\n")
    assert milepost("schedule", "tasks.md", "--start", "2026-12-01").code == 0
    assert milepost("forecast", "tasks.md", "--start", "2026-12-01", "--samples", "20").code == 0


def test_what_a_huge_plan_takes_is_said_before_it_is_read(
    milepost: Milepost, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A million boxes of 11 bytes, 8 kB each: 8 GB, which a machine with 4 GB does not have."""
    (project / "tasks.md").write_text("# P\n\n" + "- [ ] Do x\n" * 1_000_000)
    monkeypatch.setattr(sizes, "free_memory", lambda: 4_000_000_000)
    found = milepost("schedule", "tasks.md")
    assert found.code == 3
    assert "about 1,000,000 tasks, which take up to 8.0 GB of memory; 4.0 GB are free" in found.err
    monkeypatch.setattr(sizes, "free_memory", lambda: 16_000_000_000)
    need = sizes.memory_needed("tasks.md")
    assert need == sizes.MemoryNeed(1_000_000, 8_000_000_000)


def test_a_large_plan_is_announced(milepost: Milepost, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan(project, *(task(str(number)) for number in range(3)))
    monkeypatch.setattr(sizes, "LARGE", 10)
    monkeypatch.setattr(sizes, "MANY", 3)
    found = milepost("schedule", "tasks.md")
    assert (found.code, "note: about 3 tasks: this takes up to 0.0 GB of memory" in found.err) == (0, True)


def test_a_plan_of_which_nothing_is_left(milepost: Milepost, project: Path, scheduling: tuple[str, ...]) -> None:
    """Struck tasks are not done: the plan takes no time and costs nothing."""
    (project / "tasks.md").write_text("# P\n\n- [ ] ~~**1** Do 1~~\n- [ ] ~~**2** Do 2~~\n")
    assert milepost(*scheduling).code == 0


def test_what_if_nothing_were_left(milepost: Milepost, project: Path) -> None:
    plan(project, task("1", "Estimated: 1 hour"))
    found = milepost("what-if", "tasks.md", "--without", "1", "--samples", "20", "--json").json
    assert (found["after"]["tasks"], found["after"]["makespan_seconds"], found["after"]["p50_seconds"]) == (0, 0, 0)


@pytest.mark.parametrize(
    "asked",
    [
        ("schedule", "tasks.md", "--optimize", "nan"),
        ("assign", "tasks.md", "--budget", "nan"),
        ("assign", "tasks.md", "--budget", "inf"),
        ("assign", "tasks.md", "--deadline", "5h", "--optimize", "inf"),
        ("what-if", "tasks.md", "--tier", "2=3", "--confidence", "nan"),
        ("forecast", "tasks.md", "--correlation", "nan"),
    ],
)
def test_numbers_that_count_nothing(milepost: Milepost, project: Path, asked: tuple[str, ...]) -> None:
    plan(project, task("1"))
    found = milepost(*asked)
    assert (found.code, "is no number to count with" in found.err) == (2, True)


def test_a_date_that_counts_for_nothing_is_said(milepost: Milepost, project: Path, scheduling: tuple[str, ...]) -> None:
    plan(project, task("1", "Due: 2026-02-30"), task("2"))
    found = milepost(*scheduling)
    assert "note: line 4: `2026-02-30` does not count: Due is a day or a time that does not exist" in found.err


def test_a_shift_that_ends_when_it_begins(milepost: Milepost, project: Path) -> None:
    """All of the day, or nothing of it: who means the day writes 00:00-24:00."""
    plan(project, task("1", "Tier: 3"))
    (project / "milepost.toml").write_text(CALENDARS.format(name="odd", keys='hours = ["09:00-09:00"]'))
    found = milepost("schedule", "tasks.md")
    assert (found.code, "`09:00-09:00` is no length of time" in found.err) == (3, True)


def test_hours_are_those_of_the_zone_stated_for_all(milepost: Milepost, project: Path) -> None:
    """Nine o'clock in Berlin, where the calendar states no zone of its own."""
    plan(project, task("1", "Tier: 3", "Estimated: 1 hour"))
    settings = CALENDARS.format(name="office", keys='hours = ["09:00-17:00"]')
    settings = settings.replace("[schedule]", '[schedule]\nzone = "Europe/Berlin"')
    (project / "milepost.toml").write_text(settings)
    found = milepost("schedule", "tasks.md", "--json").json
    assert found["rows"][0]["dates"]["start"] == "2026-12-01T09:00:00+01:00"
