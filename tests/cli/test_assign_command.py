"""``milepost assign``: the choice, the front, and the assignment table it writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

from milepost.app.plans import load_plan
from milepost.cli.main import run

PLAN = """\
# Bridge - Implementation Plan

### **Phase 1: Work**

- [ ] **1.1** Survey
  - _Estimated: 2 hours_

- [ ] **1.2** Calculate
  - _Estimated: 4 hours_
  - _Complexity: 9_ _Ambiguity: 8_ _Risk: 10_

- [ ] **1.3** Draw
  - _Estimated: 2 hours_

## Dependencies Between Tasks

```
1.1 → 1.2 → 1.3
```

## Task Assignment

| Task | Assigned To | Status | Notes |
|------|-------------|--------|-------|
| 1.1-1.3 | Tier 3 | Not Started | On site |
"""
TIERS = """\
[tiers.1]
driver = "manual"
speed = 2.0
cost_per_hour = 60
[tiers.3]
driver = "manual"
cost_per_hour = 10
"""


@pytest.fixture
def plan(project: Path) -> Path:
    (project / "milepost.toml").write_text(TIERS)
    (project / "tasks.md").write_text(PLAN)
    return project / "tasks.md"


def test_the_cheapest_tier_that_can_do_each_task(milepost: Milepost, plan: Path) -> None:
    found = milepost("assign", "tasks.md", "--json").json
    # 1.2 scores 9 and needs Tier 1: 2 h there cost 120; the others 2 h each on Tier 3, 20 each.
    assert {task["id"]: task["tier"] for task in found["tasks"]} == {"1.1": 3, "1.2": 1, "1.3": 3}
    assert found["cost"] == 160
    assert found["makespan_seconds"] == 6 * 3600
    assert [task["reason"] for task in found["tasks"]] == ["as assigned before", "score 9.0", "as assigned before"]
    assert plan.read_text() == PLAN


def test_a_deadline_costs_money(milepost: Milepost, plan: Path) -> None:
    found = milepost("assign", "tasks.md", "--deadline", "5h", "--json").json
    assert (found["makespan_seconds"], found["cost"]) == (5 * 3600, 200)  # one more task on Tier 1: 60 instead of 20
    told = milepost("assign", "tasks.md", "--deadline", "3h")
    assert (told.code, "the fastest takes 4.00 h and costs 240.00" in told.err) == (1, True)
    assert milepost("assign", "tasks.md", "--deadline", "soon").code == 2


def test_a_budget_buys_time(milepost: Milepost, plan: Path) -> None:
    found = milepost("assign", "tasks.md", "--budget", "210", "--front").out
    assert found.startswith("5h, cost 200.00")
    assert "every assignment was tried" in found
    assert "the cheapest costs 160.00" in milepost("assign", "tasks.md", "--budget", "100").err


def test_shares_are_kept_or_refused(milepost: Milepost, plan: Path) -> None:
    assert "no assignment keeps to the shares" in milepost("assign", "tasks.md", "--share", "1=10").err
    assert milepost("assign", "tasks.md", "--share", "1=75").code == 0  # 120 of 160 is 75 %
    assert milepost("assign", "tasks.md", "--share", "much").code == 2


def test_the_choice_is_written_with_its_reason_and_changes_nothing_else(milepost: Milepost, plan: Path) -> None:
    plan.write_bytes(PLAN.replace("\n", "\r\n").encode())
    assert milepost("assign", "tasks.md", "--write").code == 0
    rows = [line for line in plan.read_bytes().decode().split("\r\n") if line.startswith("| 1.")]
    assert rows == [
        "| 1.1 | Tier 3 | Not Started | On site (assigned: as assigned before) |",
        "| 1.2 | Tier 1 | Not Started | On site (assigned: score 9.0) |",
        "| 1.3 | Tier 3 | Not Started | On site (assigned: as assigned before) |",
    ]
    before, _, _ = PLAN.replace("\n", "\r\n").partition("| 1.1-1.3")
    assert plan.read_bytes().decode().startswith(before)
    assert load_plan("tasks.md").tiers == {"1.1": 3, "1.2": 1, "1.3": 3}
    assert "assigned like this already" in milepost("assign", "tasks.md", "--write").out


def test_a_plan_without_a_table_gets_one(milepost: Milepost, plan: Path) -> None:
    plan.write_text(PLAN.partition("## Task Assignment")[0])
    assert milepost("assign", "tasks.md", "--write").code == 0
    assert load_plan("tasks.md").tiers == {"1.1": 3, "1.2": 1, "1.3": 3}


def test_the_front_is_drawn(milepost: Milepost, plan: Path) -> None:
    assert milepost("assign", "tasks.md", "--svg", "front.svg").code == 0
    picture = Path("front.svg").read_text()
    assert picture.count("<polygon") == 3  # 6 h, 5 h, 4 h: 1.2 is on Tier 1 in all of them
    assert "cost 160.00" in picture


def test_many_tasks_are_assigned_and_it_is_said_how_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Forty tasks of 2 h one after the other: 80 h on tier 2, for 20 each; tier 1 does one in 1 h, for 40.

    To end by 60 h twenty have to go to tier 1: 20 · 40 + 20 · 20 = 1,200 is the least.
    """
    tasks = "".join(f"- [ ] **1.{number}** Part {number}\n  - _Estimated: 2 h_\n" for number in range(1, 41))
    (tmp_path / "tasks.md").write_text(f"# Parts\n\n{tasks}")
    (tmp_path / "milepost.toml").write_text(
        '[tiers.1]\ndriver = "manual"\ncapacity = 1\nspeed = 2.0\ncost_per_hour = 40\n'
        '[tiers.2]\ndriver = "manual"\ncapacity = 1\ncost_per_hour = 10\n'
    )
    plan = str(tmp_path / "tasks.md")
    assert run(["assign", plan, "--deadline", "60h", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert not found["exact"]
    assert found["makespan_seconds"] <= 60 * 3600
    assert found["cost"] == 1200
    assert found["quality"]["measure"] == "cost"
    assert found["quality"]["above"] < 0.02
    assert run(["assign", plan, "--budget", "1000", "--front"]) == 0
    out = capsys.readouterr().out
    assert "70h, cost 1000.00, the fastest possible for that money" in out
    assert "what such a time costs at least" in out


def test_searching_longer_needs_something_to_reach(milepost: Milepost, plan: Path) -> None:
    """Without a deadline or a budget the cheapest is chosen, and nothing is cheaper."""
    found = milepost("assign", "tasks.md", "--optimize", "1")
    assert found.code == 2
    assert "--deadline or a --budget" in found.err


def test_searching_longer_keeps_the_wish(milepost: Milepost, plan: Path) -> None:
    """Six assignments: all were tried, and 200 stays the least by 5 h."""
    found = milepost("assign", "tasks.md", "--deadline", "5h", "--optimize", "0.3", "--json").json
    assert found["makespan_seconds"] <= 5 * 3600
    assert found["cost"] == 200


def test_searching_longer_counts_in_working_time(milepost: Milepost, plan: Path, project: Path) -> None:
    """Work from eight to ten, every day: five hours of it until nine on the third day, as many as in the test above."""
    hours = '[schedule]\ncalendar = "site"\n[calendars.site]\nhours = ["08:00-10:00"]\nweekdays = ["mon-sun"]\n'
    (project / "milepost.toml").write_text(TIERS + hours)
    asked = ("assign", "tasks.md", "--start", "2026-12-01", "--deadline", "2026-12-03 09:00", "--optimize", "0.3")
    found = milepost(*asked, "--json")
    assert "no search" not in found.err
    assert found.json["makespan_seconds"] <= 5 * 3600
    assert found.json["cost"] == 200  # as by 5 h


def test_a_search_keeps_dates_to_begin_after(milepost: Milepost, plan: Path) -> None:
    """1.3 takes two hours from noon on; 1.1 and 1.2 take 2 h and 4 ÷ 2 h before: 14 h, 20 + 120 + 20."""
    plan.write_text(PLAN.replace("**1.3** Draw", "**1.3** Draw\n  - _Not before: 2026-12-01 12:00_"))
    asked = ("assign", "tasks.md", "--start", "2026-12-01", "--deadline", "14h", "--optimize", "0.3")
    found = milepost(*asked, "--json").json
    assert (found["makespan_seconds"], found["cost"]) == (14 * 3600, 160)
    assert found["found"] == "found by a search over tiers and order together"


def test_where_calendars_differ_choices_are_tried_one_by_one(milepost: Milepost, plan: Path, project: Path) -> None:
    """All six are tried anyway. Tier 1 works from eight to ten, so that 1.2 takes all of one day's hours."""
    own = TIERS.replace("speed = 2.0", 'speed = 2.0\ncalendar = "site"')
    (project / "milepost.toml").write_text(own + '[calendars.site]\nhours = ["08:00-10:00"]\n')
    asked = ("assign", "tasks.md", "--start", "2026-12-01", "--deadline", "12h", "--optimize", "0.3")
    found = milepost(*asked)
    assert "12h of real time, until 2026-12-01 12:00, cost 160.00\nevery assignment was tried\n" in found.out


def test_where_calendars_differ_large_plans_are_searched(milepost: Milepost, plan: Path, project: Path) -> None:
    """Twelve tasks that two tiers may do are 4,096 assignments, more than are tried one after the other."""
    tasks = "".join(f"- [ ] **1.{number}** Part\n  - _Estimated: 1 hour_\n  - _Tier: 3_\n" for number in range(1, 13))
    plan.write_text(f"# Long - Implementation Plan\n\n### **Phase 1: Work**\n\n{tasks}")
    own = TIERS.replace("speed = 2.0", 'speed = 2.0\ncalendar = "site"')
    (project / "milepost.toml").write_text(own + '[calendars.site]\nhours = ["08:00-10:00"]\n')
    asked = ("assign", "tasks.md", "--start", "2026-12-01", "--budget", "300", "--optimize", "0.3")
    found = milepost(*asked)
    assert found.code == 0
    assert "several calendars or deadlines of tasks count: a simpler search, and no proof" in found.err
    assert "more assignments, tried by calendars and dates" in found.out


def test_what_breaks_a_deadline_of_its_own_is_named(milepost: Milepost, plan: Path) -> None:
    """1.1 and 1.2 on the weakest tiers they may have end after 2 + 4 ÷ 2 hours: an hour after three."""
    plan.write_text(PLAN.replace("**1.2** Calculate", "**1.2** Calculate\n  - _Deadline: 2026-12-01 03:00_"))
    found = milepost("assign", "tasks.md", "--start", "2026-12-01")
    assert "task 1.2 misses its deadline by 1h" in found.out
    asked = milepost("assign", "tasks.md", "--start", "2026-12-01", "--json").json
    assert asked["late"] == [{"id": "1.2", "seconds": 3600}]


def test_tiers_that_cost_alike_leave_the_work_to_the_weakest(milepost: Milepost, plan: Path, project: Path) -> None:
    """Nothing is faster or cheaper elsewhere, so nothing goes to a stronger tier."""
    (project / "milepost.toml").unlink()
    plan.write_text("# Alone - Implementation Plan\n\n- [ ] **1.1** Work\n  - _Estimated: 1 hour_\n")
    assert "1.1  tier 3  Work: weakest tier" in milepost("assign", "tasks.md").out
