from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from milepost.cli.main import run

HOUR = 3600

# Four hours of work for tier 2, two at a time, between a beginning and an end.
FAN = """# Fan - Implementation Plan

## Task Breakdown

### **Phase 1: All**

- [ ] **1** Begin
  - _Estimated: 1 hour_
- [ ] **2.1** First
  - _Estimated: 2 hours_
- [ ] **2.2** Second
  - _Estimated: 2 hours_
- [ ] **2.3** Third
  - _Estimated: 2 hours_
- [ ] **3** End
  - _Estimated: 1 hour_

## Dependencies Between Tasks

```
1 → 2.1, 2.2, 2.3 → 3
```

## Task Assignment

| Task | Assigned To | Status | Notes |
|------|-------------|--------|-------|
| 1, 2.1, 2.2, 2.3, 3 | Tier 2 | Not Started | All |
"""

Compare = Callable[..., dict[str, Any]]


@pytest.fixture
def fan(tmp_path: Path) -> str:
    (tmp_path / "tasks.md").write_text(FAN, encoding="utf-8")
    return str(tmp_path / "tasks.md")


@pytest.fixture
def compare(fan: str, capsys: pytest.CaptureFixture[str]) -> Compare:
    def made(*options: str) -> dict[str, Any]:
        assert run(["what-if", fan, "--samples", "300", "--json", *options]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    return made


def test_more_capacity(compare: Compare) -> None:
    """Two at a time: 1 + 2 + 2 + 1 = 6 h. Three at a time: 4 h, the critical path."""
    found = compare("--tier", "2.capacity=3")
    assert (found["before"]["makespan_seconds"], found["after"]["makespan_seconds"]) == (6 * HOUR, 4 * HOUR)
    assert found["after"]["confident_seconds"] < found["before"]["confident_seconds"]


def test_the_short_form_is_the_capacity(compare: Compare) -> None:
    assert compare("--tier", "2=3") == compare("--tier", "2.capacity=3")


def test_without_a_task(compare: Compare) -> None:
    """Two tasks fit side by side: 4 h."""
    found = compare("--without", "2.2")
    assert (found["before"]["tasks"], found["after"]["tasks"]) == (5, 4)
    assert found["after"]["makespan_seconds"] == 4 * HOUR


def test_what_came_after_a_missing_task_still_waits(compare: Compare) -> None:
    """Without the second phase the end waits for the beginning: 2 h."""
    assert compare("--without", "2.1,2.2", "--without", "2.3")["after"]["makespan_seconds"] == 2 * HOUR


def test_another_effort_moves_the_critical_path(compare: Compare) -> None:
    found = compare("--effort", "2.2=6h")
    assert found["before"]["critical_path"] == ["1", "2.1", "3"]
    assert found["after"]["critical_path"] == ["1", "2.2", "3"]
    assert found["after"]["critical_makespan_seconds"] == 8 * HOUR
    assert found["after"]["effort_seconds"] - found["before"]["effort_seconds"] == 4 * HOUR


def test_speed_and_cost(compare: Compare) -> None:
    """At double speed 3 h; the cost is that of 8 h of effort, spread by 0.75 to 2: 8 × 1.125 ÷ 2 × 10 = 45."""
    found = compare("--tier", "2.speed=2", "--tier", "2.cost-per-hour=10")
    assert found["after"]["makespan_seconds"] == 3 * HOUR
    assert found["after"]["mean_cost"] == pytest.approx(45, rel=0.05)


def test_a_change_that_changes_nothing_gives_the_same_forecast(compare: Compare) -> None:
    """Both sides draw the same numbers."""
    found = compare("--tier", "3.capacity=9")
    assert found["before"] == found["after"]


def test_the_text_shows_the_change(fan: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["what-if", fan, "--samples", "200", "--tier", "2=3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "makespan                    6h          4h         -2h" in lines
    assert "critical before    1 → 2.1 → 3" in lines


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "nothing is to change"),
        (["--without", "9"], "no task 9"),
        (["--effort", "9=1h"], "no task 9"),
        (["--effort", "1=soon"], "not TASK=EFFORT"),
        (["--tier", "2.capacity=0"], "cannot have capacity 0"),
        (["--tier", "2.capacity=1.5"], "cannot have capacity 1.5"),
        (["--tier", "2.speed=0"], "cannot have speed 0"),
        (["--tier", "2.name=3"], "cannot have name"),
        (["--tier", "two=3"], "not RANK.SETTING=NUMBER"),
        (["--tier", "2=inf"], "cannot have capacity inf"),
        (["--tier", "2=nan"], "not RANK.SETTING=NUMBER"),
    ],
)
def test_what_makes_no_sense_is_refused(
    fan: str, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["what-if", fan, *options]) == 2
    assert words in capsys.readouterr().err


def test_a_tier_that_is_not_there(fan: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["what-if", fan, "--tier", "7=2"]) == 3
    assert "asks for tier 7" in capsys.readouterr().err
