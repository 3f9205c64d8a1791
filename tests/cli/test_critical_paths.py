"""``milepost schedule --paths``: every critical path, and what nearly is critical."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Milepost


def task(name: str, hours: int, *before: str) -> str:
    depends = f"  - _Depends: {', '.join(before)}_\n" if before else ""
    return f"- [ ] **{name}** Do {name}\n  - _Estimated: {hours} hours_\n{depends}"


@pytest.fixture
def plan(project: Path) -> Path:
    """From 1 over 2 or 3, both 4 h, to 5, 10 h in all; over 4 it is an hour less, past all of them 6 h less."""
    tasks = [task("1", 2), task("2", 4, "1"), task("3", 4, "1"), task("4", 3, "1"), task("5", 4, "2", "3", "4")]
    (project / "tasks.md").write_text("# P\n\n" + "".join([*tasks, task("6", 4, "1")]))
    return project / "tasks.md"


def test_every_critical_path_and_what_is_near(milepost: Milepost, plan: Path) -> None:
    found = milepost("schedule", "tasks.md", "--paths", "--json").json["criticality"]
    assert found == {
        "paths": [["1", "2", "5"], ["1", "3", "5"]],
        "total": 2,
        "near_seconds": 4 * 3600,
        "near": ["4", "6"],
    }
    out = milepost("schedule", "tasks.md", "--paths", "--near", "90m").out
    assert "2 critical paths with gates\n    1  1 → 2 → 5\n    2  1 → 3 → 5\n" in out
    assert "float of up to 1h 30m\n       4 (1h)\n" in out


def test_nothing_is_listed_unasked(milepost: Milepost, plan: Path) -> None:
    assert "criticality" not in milepost("schedule", "tasks.md", "--json").json
    assert "float of up to" not in milepost("schedule", "tasks.md").out


def test_where_calendars_differ(milepost: Milepost, plan: Path, project: Path) -> None:
    """Only the longest chains: pauses are no float."""
    hours = '[calendars.late]\nhours = ["18:00-24:00"]\n[tiers.2]\ndriver = "manual"\ncalendar = "late"\n'
    (project / "milepost.toml").write_text(hours + '[tiers.3]\ndriver = "manual"\n')
    plan.write_text(plan.read_text().replace("Do 5\n", "Do 5\n  - _Tier: 2_\n"))
    found = milepost("schedule", "tasks.md", "--paths", "--start", "2026-12-01", "--json").json["criticality"]
    assert found["paths"]
    assert {path[-1] for path in found["paths"]} == {"5"}


def test_more_paths_than_can_be_counted(milepost: Milepost, project: Path) -> None:
    """Sixty times two ways are 2⁶⁰."""
    tasks = [task("0", 1)]
    for step in range(1, 61):
        before = (f"{step - 1}a", f"{step - 1}b") if step > 1 else ("0",)
        tasks += [task(f"{step}a", 1, *before), task(f"{step}b", 1, *before)]
    (project / "tasks.md").write_text("# P\n\n" + "".join(tasks))
    found = milepost("schedule", "tasks.md", "--paths", "--json").json["criticality"]
    assert (found["total"], len(found["paths"])) == (10**15, 100)
    assert (
        "1,000,000,000,000,000 critical paths with gates, the first 20 of them"
        in milepost("schedule", "tasks.md", "--paths").out
    )


def test_float_that_is_none(milepost: Milepost, plan: Path) -> None:
    found = milepost("schedule", "tasks.md", "--paths", "--near", "soon")
    assert (found.code, "`soon` is no length of time" in found.err) == (2, True)
