from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from milepost.cli.main import run

HOUR = 3600

# One hour, then two, then one; one after the other.
CHAIN = """# Chain - Implementation Plan

## Task Breakdown

### **Phase 1: First half**

- [{first}] **1.1** Begin
  - _Estimated: 1 hour_
- [{second}] **1.2** Go on
  - _Estimated: {effort}_

### **Phase 2: Second half**

- [ ] **2.1** End
  - _Estimated: 1 hour_

## Dependencies Between Tasks

```
1.1 → 1.2 → 2.1
```

## Task Assignment

| Task | Assigned To | Status | Notes |
|------|-------------|--------|-------|
| 1.1, 2.1 | Tier 2 | Not Started | |
| 1.2 | Tier 3 | Not Started | |
"""


def write(folder: Path, first: str = " ", second: str = " ", effort: str = "2 hours") -> str:
    path = folder / "tasks.md"
    path.write_text(CHAIN.format(first=first, second=second, effort=effort), encoding="utf-8")
    return str(path)


@pytest.fixture
def chain(tmp_path: Path) -> str:
    (tmp_path / "milepost.toml").write_text("", encoding="utf-8")
    plan = write(tmp_path)
    assert run(["baseline", "set", plan]) == 0
    return plan


def shown(plan: str, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run(["baseline", "show", plan, "--json", *options]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_baseline_lies_beside_the_ledger_under_the_plan_s_name(chain: str, tmp_path: Path) -> None:
    data = json.loads((tmp_path / ".milepost" / "baselines" / "tasks.md.json").read_text(encoding="utf-8"))
    assert (data["version"], data["plan"], data["unit"]) == (1, "tasks.md", "hours")
    assert data["makespan_seconds"] == 4 * HOUR
    assert [task["start_seconds"] for task in data["tasks"]] == [0, 1 * HOUR, 3 * HOUR]


def test_a_new_baseline_can_be_told_as_json(chain: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(["baseline", "set", chain, "--replace", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["baseline"]["makespan_seconds"] == 4 * HOUR
    assert json.loads((tmp_path / ".milepost" / "baselines" / "tasks.md.json").read_text("utf-8"))["plan"] == "tasks.md"
    assert told["path"].endswith("tasks.md.json")


def test_a_baseline_is_not_lost_by_accident(chain: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["baseline", "set", chain]) == 1
    assert "error[baseline-exists]" in capsys.readouterr().err
    assert run(["baseline", "set", chain, "--replace"]) == 0


def test_earned_value_after_two_hours(chain: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Planned after 2 h: 1 + half of 2 = 2 hours. Done: the first, 1 h, and by the 50/50 rule half of the second, 1 h."""
    write(tmp_path, "x", "-")
    found = shown(chain, capsys, "--at", "2h")
    assert (found["total"]["planned_value"], found["total"]["earned_value"]) == (2, 2)
    assert found["total"]["earned_schedule_seconds"] == 2 * HOUR
    assert {rank: one["budget_at_completion"] for rank, one in found["tiers"].items()} == {"2": 2, "3": 2}
    assert [one["earned_value"] for one in found["phases"].values()] == [2, 0]


def test_a_task_begun_may_earn_nothing(chain: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "x", "-")
    assert shown(chain, capsys, "--at", "2h", "--credit", "0")["total"]["spi"] == 0.5


def test_value_is_money_where_tiers_have_rates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two hours of tier 2 at 50, two of tier 3 at 10."""
    tiers = "".join(f'[tiers.{rank}]\ndriver = "manual"\ncost_per_hour = {rate}\n' for rank, rate in ((2, 50), (3, 10)))
    (tmp_path / "milepost.toml").write_text(tiers, encoding="utf-8")
    plan = write(tmp_path)
    assert run(["baseline", "set", plan]) == 0
    found = shown(plan, capsys)
    assert (found["unit"], found["total"]["budget_at_completion"]) == ("cost", 120)


def test_the_text_has_the_usual_figures(chain: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "x")
    capsys.readouterr()
    assert run(["baseline", "show", chain, "--at", "2h"]) == 0
    text = capsys.readouterr().out
    assert "planned value (PV)              2.00" in text
    assert "earned value (EV)               1.00   SV -1.00         SPI 0.50" in text
    assert "earned schedule                   1h   SV(t) -1h        SPI(t) 0.50" in text
    assert "at this pace it takes             8h" in text


def test_the_s_curve_is_a_picture(chain: str, tmp_path: Path) -> None:
    picture = tmp_path / "curve.svg"
    assert run(["baseline", "show", chain, "--at", "2h", "--svg", str(picture)]) == 0
    root = ElementTree.fromstring(picture.read_text(encoding="utf-8"))
    curves = [one for one in root.iter() if one.tag.endswith("polyline")]
    assert len(curves) == 3


def test_an_unchanged_plan_has_not_moved(chain: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["baseline", "diff", chain]) == 0
    assert "nothing has moved" in capsys.readouterr().out


def test_a_longer_task_moves_what_follows(chain: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Four hours instead of two: 1.2 ends and 2.1 begins two hours later."""
    write(tmp_path, effort="4 hours")
    capsys.readouterr()
    assert run(["baseline", "diff", chain, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["makespan_before_seconds"], found["makespan_seconds"]) == (4 * HOUR, 6 * HOUR)
    assert [(one["id"], one["start_seconds"], one["finish_seconds"]) for one in found["moved"]] == [
        ("1.2", 0, 2 * HOUR),
        ("2.1", 2 * HOUR, 2 * HOUR),
    ]


def test_added_and_removed_tasks_are_named(chain: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (tmp_path / "tasks.md").read_text(encoding="utf-8").replace("2.1", "2.2")
    (tmp_path / "tasks.md").write_text(text, encoding="utf-8")
    capsys.readouterr()
    assert run(["baseline", "diff", chain]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "added: 2.2" in lines
    assert "removed: 2.1" in lines


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"version": 1}', '{"version": 1, "tasks": [{}]}', '{"version": 9}']
)
def test_a_damaged_baseline(chain: str, tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".milepost" / "baselines" / "tasks.md.json").write_text(content, encoding="utf-8")
    assert run(["baseline", "show", chain]) == 3
    assert "error[baseline-unreadable]" in capsys.readouterr().err


def test_no_baseline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "milepost.toml").write_text("", encoding="utf-8")
    assert run(["baseline", "diff", write(tmp_path)]) == 3
    assert "has no baseline" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "milepost.toml").write_text("", encoding="utf-8")
    (tmp_path / ".milepost").write_text("a file where the folder should be", encoding="utf-8")
    assert run(["baseline", "set", write(tmp_path)]) == 1
    assert "error[document-unwritable]" in capsys.readouterr().err


def test_what_was_done_without_a_claim_cost_nothing(chain: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is reported done at the moment it is begun: no time, so no index to divide by, whatever the clock does."""
    assert run(["done", chain, "1.1", "--by", "ann"]) == 0
    capsys.readouterr()
    total = shown(chain, capsys)["total"]
    assert (total["earned_value"], total["actual_cost"], total["cpi"]) == (1.0, 0.0, None)
