from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from milepost.cli.main import run

HOUR = 3600

# Mix, then Bake on tier 1 and Plate on tier 2 side by side; Serve waits for the gate after both.
KITCHEN = """# Kitchen - Implementation Plan

## Task Breakdown

### **Phase 1: Make**

- [{mixed}] **1.1** Mix
  - _Estimated: 1 hour_

- [ ] **1.2** Bake
  - _Estimated: 4h (2h-9h)_

- [ ] **1.3** Plate
  - _Estimated: 1 hour_

### **Phase 2: Give**

- [ ] **2.1** Serve
  - _Estimated: 1 hour_
{not_before}
## Checkpoints

### **Checkpoint 1: After Phase 1**
- [ ] Warm

## Dependencies Between Tasks

```
1.1 → 1.2, 1.3 → 2.1
```

## Task Assignment

| Task | Assigned To | Status | Notes |
|------|-------------|--------|-------|
| 1.1-1.2 | Tier 1 | Not Started | Cook |
| 1.3, 2.1 | Tier 2 | Not Started | Waiter |
"""


def write(folder: Path, mixed: str = " ", not_before: str = "") -> str:
    path = folder / "tasks.md"
    path.write_text(KITCHEN.format(mixed=mixed, not_before=not_before), encoding="utf-8")
    return str(path)


@pytest.fixture
def kitchen(tmp_path: Path) -> str:
    return write(tmp_path)


Report = Callable[..., dict[str, Any]]


@pytest.fixture
def report(kitchen: str, capsys: pytest.CaptureFixture[str]) -> Report:
    def made(*options: str) -> dict[str, Any]:
        capsys.readouterr()
        assert run(["forecast", kitchen, "--samples", "500", "--json", *options]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    return made


def test_the_forecast_of_a_chain(report: Report) -> None:
    """As planned 1 + 4 + 1 = 6 h. The means (low + 4 likely + high) / 6 of tier 1's 0.8 to 1.5 are 1.05 × 1 h, of 2 to
    9 h around 4 they are 4.5 h, of tier 2's 0.75 to 2 they are 1.125 h: 6.675 h, give or take 3 × 1.3 h / √500.
    """
    found = report()
    assert found["planned"]["seconds"] == 6 * HOUR
    assert found["mean_seconds"] / HOUR == pytest.approx(6.675, abs=0.18)
    assert found["guessed"] == 3
    assert [one["percent"] for one in found["percentiles"]] == [10, 50, 80, 95]
    assert found["matters"][0]["id"] == "1.2"
    assert {one["id"] for one in found["matters"] if one["criticality"] == 1} == {"1.1", "1.2", "2.1"}
    assert sum(found["histogram"]["counts"]) == 500


def test_percentiles_rise_and_the_gate_comes_before_the_end(report: Report) -> None:
    found = report("--confidence", "90")
    seconds = [one["seconds"] for one in found["percentiles"]]
    assert seconds == sorted(seconds)
    assert [one["percent"] for one in found["percentiles"]] == [10, 50, 80, 90, 95]
    [gate] = found["milestones"]
    assert gate["p50_seconds"] < gate["confident_seconds"] < found["percentiles"][3]["seconds"]


@pytest.mark.parametrize(("deadline", "probability"), [("1h", 0.0), ("5d", 1.0)])
def test_the_odds_of_a_deadline(report: Report, deadline: str, probability: float) -> None:
    """Nothing ends in 1 h, and 5 working days are 40 h."""
    assert report("--deadline", deadline)["deadline"]["probability"] == probability


def test_a_date_as_deadline_counts_from_the_start(report: Report) -> None:
    """From 9:00 to the end of the next day are 39 h."""
    found = report("--start", "2026-12-01T09:00", "--deadline", "2026-12-02")
    assert (found["deadline"]["seconds"], found["deadline"]["text"]) == (39 * HOUR, "2026-12-02")
    assert found["percentiles"][0]["date"].startswith("2026-12-01T1")


def test_a_date_that_is_over_cannot_be_kept(report: Report) -> None:
    assert report("--start", "2026-12-01", "--deadline", "2026-11-01")["deadline"] == {
        "seconds": 0,
        "probability": 0.0,
        "text": "2026-11-01",
    }


def test_a_task_not_to_begin_before_a_date_waits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Serve may begin a day after the start, whatever happens before, and takes 0.75 h at least."""
    plan = write(tmp_path, not_before="  - _Not before: 2026-12-02_\n")
    assert run(["forecast", plan, "--samples", "50", "--start", "2026-12-01", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["percentiles"][0]["seconds"] > 24.7 * HOUR


def test_what_is_done_takes_no_time(tmp_path: Path, report: Report) -> None:
    before = report()
    write(tmp_path, mixed="x")
    after = report()
    assert (before["done"], after["done"]) == (0, 1)
    assert after["planned"]["seconds"] == 5 * HOUR
    assert after["mean_seconds"] < before["mean_seconds"] - 0.8 * HOUR


def test_without_tiers_and_gates(report: Report) -> None:
    """The gate costs nothing here: Serve waits for both tasks anyway."""
    found = report("--no-tiers", "--no-gates")
    assert (found["capacities"], found["gates"], found["milestones"]) == (False, False, [])
    assert found["planned"]["seconds"] == 6 * HOUR


def test_cost_follows_the_tiers(kitchen: str, report: Report) -> None:
    """Tier 1 at 60 an hour works 5.55 h on average, tier 2 at 10 an hour 2.25 h: about 355."""
    settings = '[tiers.1]\ndriver = "manual"\ncost_per_hour = 60\n[tiers.2]\ndriver = "manual"\ncost_per_hour = 10\n'
    Path(kitchen).with_name("milepost.toml").write_text(settings, encoding="utf-8")
    found = report()
    assert found["mean_cost"] == pytest.approx(5.55 * 60 + 2.25 * 10, rel=0.05)


def test_the_text_names_what_matters(kitchen: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["forecast", kitchen, "--samples", "400", "--deadline", "8h"]) == 0
    text = capsys.readouterr().out
    assert "4 tasks, within capacity, with gates; 400 samples" in text
    assert "3 tasks have no range: it is taken from the tier" in text
    assert "as planned 6h: kept in" in text
    assert "deadline   8h: kept in" in text
    assert "Checkpoint 1" in text
    assert text.index("what decides the end") < text.index("Bake")
    assert all(len(line) <= 80 for line in text.splitlines())


def test_the_histogram_is_a_picture(kitchen: str, tmp_path: Path) -> None:
    picture = tmp_path / "histogram.svg"
    assert run(["forecast", kitchen, "--samples", "200", "--svg", str(picture)]) == 0
    root = ElementTree.fromstring(picture.read_text(encoding="utf-8"))
    words = " ".join(root.itertext())
    assert "Kitchen" in words
    assert "P80" in words


def test_a_picture_that_cannot_be_written(kitchen: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["forecast", kitchen, "--samples", "20", "--svg", str(tmp_path / "no" / "x.svg")]) == 1
    assert "error[document-unwritable]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--deadline", "soon"], "neither a length of time"),
        (["--samples", "0"], "samples"),
        (["--confidence", "100"], "confidence"),
        (["--start", "never"], "`never` is no date"),
    ],
)
def test_what_makes_no_sense_is_refused(
    kitchen: str, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["forecast", kitchen, *options]) == 2
    assert words in capsys.readouterr().err


def test_a_one_task_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tasks.md").write_text("# One\n\n- [ ] **1** Only\n  - _Estimated: 10 minutes_\n", encoding="utf-8")
    assert run(["forecast", str(tmp_path / "tasks.md")]) == 0
    assert "1 tasks" not in capsys.readouterr().out


def test_a_finished_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tasks.md").write_text("# One\n\n- [x] **1** Only\n  - _Estimated: 10 minutes_\n", encoding="utf-8")
    assert run(["forecast", str(tmp_path / "tasks.md")]) == 0
    assert "1 of 1 task done" in capsys.readouterr().out


def test_a_cycle_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "# Two\n\n- [ ] **1** One\n  - _Depends: 2_\n- [ ] **2** Two\n  - _Depends: 1_\n"
    (tmp_path / "tasks.md").write_text(text, encoding="utf-8")
    assert run(["forecast", str(tmp_path / "tasks.md")]) == 1
    assert "1 → 2 → 1" in capsys.readouterr().err


def test_a_run_tells_what_is_done_and_how_far_estimates_held(kitchen: str, report: Report) -> None:
    """Mix was estimated at an hour and done at once: the record of tier 1 says less than its estimates."""
    Path(kitchen).with_name("milepost.toml").write_text("", encoding="utf-8")
    assert run(["claim", kitchen, "1.1", "--by", "ann"]) == 0
    assert run(["done", kitchen, "1.1", "--by", "ann"]) == 0
    found = report()
    assert found["done"] == 1
    assert found["planned"]["seconds"] == 5 * HOUR
    assert found["calibrations"]["1"]["tasks"] == 1
    assert found["calibrations"]["1"]["bias"] < 1
    assert report("--no-calibration")["calibrations"] == {}


def test_the_record_is_shown(kitchen: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(kitchen).with_name("milepost.toml").write_text("", encoding="utf-8")
    assert run(["claim", kitchen, "1.1", "--by", "ann"]) == 0
    assert run(["done", kitchen, "1.1", "--by", "ann"]) == 0
    capsys.readouterr()
    assert run(["forecast", kitchen, "--samples", "50"]) == 0
    assert "tier 1: 1 finished, usually 0." in capsys.readouterr().out
