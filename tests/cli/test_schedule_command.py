from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.app.schedules import LeveledSummary, ScheduleReport, ScheduleRow
from milepost.cli.gantt import ASCII, Paper, compact_time, draw_gantt
from milepost.cli.main import run
from milepost.cli.schedule import make_paper
from milepost.plan.grammar.columns import display_width

HOUR = 3600

# Bake (2 h) and Plate (1 h) wait for Mix (1 h); Serve (1 h) waits for both and for the gate after phase 1.
# Taste (3 h) belongs to phase 1 and hangs on nothing, so only the gate makes Serve wait for it.
KITCHEN = """# Kitchen - Implementation Plan

## Task Breakdown

### **Phase 1: Make**

- [ ] **1.1** Mix
  - _Estimated: 1 hour_

- [ ] **1.2** Bake
  - _Estimated: 2 hours_

- [ ] **1.3** Plate
  - _Estimated: 1 hour_

- [ ] **1.4** Taste everything
  - _Estimated: 5 hours_

### **Phase 2: Give**

- [ ] **2.1** Serve
  - _Estimated: 1 hour_

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
| 1.1-1.4 | Tier 1 | Not Started | Cook |
| 2.1 | Tier 2 | Not Started | Waiter |
"""


@pytest.fixture
def kitchen(tmp_path: Path) -> str:
    path = tmp_path / "tasks.md"
    path.write_text(KITCHEN, encoding="utf-8")
    return str(path)


Report = Callable[..., dict[str, Any]]


@pytest.fixture
def report(kitchen: str, capsys: pytest.CaptureFixture[str]) -> Report:
    def made(*options: str) -> dict[str, Any]:
        assert run(["schedule", kitchen, "--json", *options]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    return made


def test_json_has_both_makespans_and_every_date(report: Report) -> None:
    """With the gate Serve waits for Taste: 5 + 1 = 6 h. Without it Mix, Bake, Serve take 4 h and Taste alone 5 h.

    Bake runs from 1 to 3 h and may end with Taste at 5 h: total float 2 h. Nothing it holds back could
    start sooner than the gate at 5 h, so all of it is free float.
    """
    found = report()
    assert found["gated"]["makespan_seconds"] == 6 * HOUR
    assert found["gated"]["critical_path"][::2] == ["1.4", "2.1"]
    assert found["ungated"] == {"makespan_seconds": 5 * HOUR, "critical_path": ["1.4"], "critical": ["1.4"]}
    bake = next(row for row in found["rows"] if row["id"] == "1.2")
    assert (bake["early_start_seconds"], bake["early_finish_seconds"]) == (1 * HOUR, 3 * HOUR)
    assert (bake["late_start_seconds"], bake["late_finish_seconds"]) == (3 * HOUR, 5 * HOUR)
    assert (bake["total_float_seconds"], bake["free_float_seconds"]) == (2 * HOUR, 2 * HOUR)
    assert (bake["critical"], bake["drivers"], bake["tier"]) == (False, ["1.1"], 1)


def test_rows_come_in_plan_order_with_the_gate_behind_its_phase(report: Report) -> None:
    titles = [row["title"] for row in report()["rows"]]
    assert titles == ["Mix", "Bake", "Plate", "Taste everything", "Checkpoint 1", "Serve"]


def test_the_tiers_work_within_their_capacity(report: Report) -> None:
    """Tier 1 takes one task at a time: 1 + 2 + 1 + 5 = 9 h, then Serve: 10 h. Tier 1 is busy 9 of 10 h."""
    found = report()
    assert found["leveled"] == {"makespan_seconds": 10 * HOUR, "lower_bound_seconds": 10 * HOUR, "rule": "LFT"}
    first = found["tiers"][0]
    assert (first["rank"], first["capacity"], first["tasks"], first["work_seconds"]) == (1, 1, 4, 9 * HOUR)
    assert first["utilisation"] == pytest.approx(0.9)


def test_a_capacity_can_be_tried_out(report: Report) -> None:
    """With room for two, Taste runs beside the other three: the 6 h of the critical path are reached."""
    assert report("--tier", "1=2")["leveled"]["makespan_seconds"] == 6 * HOUR


def test_without_gates_the_checkpoint_is_gone(report: Report) -> None:
    found = report("--no-gates")
    assert found["gates"] is False
    assert not any(row["checkpoint"] for row in found["rows"])
    assert found["gated"]["makespan_seconds"] == 6 * HOUR


def test_tiers_come_from_the_settings(kitchen: str, report: Report) -> None:
    """Tier 1 works at double speed there: (1 + 2 + 1 + 5) / 2 = 4.5 h, then Serve, 1 h."""
    settings = '[tiers.1]\ncapacity = 1\nspeed = 2.0\ndriver = "manual"\n[tiers.2]\ncapacity = 1\ndriver = "manual"\n'
    Path(kitchen).with_name("milepost.toml").write_text(settings, encoding="utf-8")
    assert report()["leveled"]["makespan_seconds"] == 5.5 * HOUR


def test_the_text_shows_summary_table_and_chart(kitchen: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Sixty cells less the widest label (1.4 Taste everything) and a space leave 39 for 10 h.

    Mix, 0–1 h, takes cells 0 to 3 (3.9 rounded down); Taste, from 4 to 9 h, cells 15 (15.6) to 35 (35.1).
    """
    assert run(["schedule", kitchen, "--width", "60"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "5 tasks, 10h of effort" in lines
    assert "without gates   5h  1.4" in lines
    assert "within capacity 10h, the shortest possible (LFT rule)" in lines
    assert "  1.2 Bake                1   2h 1h 3h 3h 5h    2h   2h" in lines
    chart = lines[lines.index("Schedule within capacity, 10h") + 1 :]
    assert chart[2] == "Phase 1: Make"
    assert any(line.startswith("Checkpoint 1") and line.count("◆") == 1 for line in chart)
    assert next(line for line in chart if line.startswith("1.1")).count("▒") == 3
    assert next(line for line in chart if line.startswith("1.4")).count("█") == 20
    assert max(map(display_width, chart)) <= 60


def test_ascii_is_ascii(kitchen: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schedule", kitchen, "--ascii"]) == 0
    out = capsys.readouterr().out
    assert out.isascii()
    assert "1.4 -> " in out


def test_a_terminal_without_unicode_gets_ascii(kitchen: str) -> None:
    command = [sys.executable, "-m", "milepost", "schedule", kitchen]
    done = subprocess.run(command, capture_output=True, env={"PYTHONIOENCODING": "latin-1"}, check=True)
    assert done.stdout.isascii()


def test_drawing_imports_nothing_heavy(kitchen: str) -> None:
    code = "import sys; from milepost.cli.main import run; run(['schedule', sys.argv[1]]); "
    code += "print(sorted({'rich', 'asyncio', 'sqlite3', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code, kitchen], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(("tty", "no_color", "colour"), [(True, "", True), (True, "1", False), (False, "", False)])
def test_colour_is_for_terminals_that_want_it(
    monkeypatch: pytest.MonkeyPatch, tty: bool, no_color: str, colour: bool
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: tty, raising=False)
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", "xterm")
    assert make_paper(None, False).colour is colour
    assert ("\x1b[31m" in Paper(80, colour=colour).paint("late", fg="red")) is colour


@pytest.mark.parametrize("given_tier", ["2", "2=0", "0=1", "a=1", "1=-1"])
def test_a_tier_that_makes_no_sense_is_a_usage_error(
    kitchen: str, capsys: pytest.CaptureFixture[str], given_tier: str
) -> None:
    assert run(["schedule", kitchen, "--tier", given_tier]) == 2
    assert "is not RANK=CAPACITY" in capsys.readouterr().err


def test_a_tier_that_neither_settings_nor_plan_know_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Taken for granted, tier 9 would be the weakest, and every task without a tier would go there."""
    monkeypatch.chdir(tmp_path)
    text = "# Few - Implementation Plan\n\n### **Phase 1: All**\n\n- [ ] **1.1** Task\n  - _Tier: {}_\n"
    Path("tasks.md").write_text(text.format(3))
    assert run(["schedule", "tasks.md", "--tier", "9=1"]) == 3
    assert "--tier asks for tier 9, which is not configured" in capsys.readouterr().err
    Path("tasks.md").write_text(text.format(9))
    assert run(["schedule", "tasks.md", "--tier", "9=1"]) == 0


def test_a_cycle_is_named_and_nothing_is_drawn(kitchen: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(kitchen)
    path.write_text(KITCHEN.replace("1.1 → 1.2, 1.3 → 2.1", "1.1 → 1.2 → 1.3 → 1.1"), encoding="utf-8")
    assert run(["schedule", kitchen]) == 1
    captured = capsys.readouterr()
    assert "1.1 → 1.2 → 1.3 → 1.1" in captured.err
    assert captured.out == ""


def test_a_gate_against_a_dependency_can_be_left_out(kitchen: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Phase 1 waits for phase 2 here, which the gate between them forbids; without gates the plan is fine."""
    path = Path(kitchen)
    path.write_text(KITCHEN.replace("1.1 → 1.2, 1.3 → 2.1", "2.1 → 1.1"), encoding="utf-8")
    assert run(["schedule", kitchen]) == 1
    assert run(["schedule", kitchen, "--no-gates"]) == 0
    assert "with gates      its dependencies form a cycle" in capsys.readouterr().out


def test_a_task_on_an_unknown_tier_is_refused(kitchen: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(kitchen)
    path.write_text(KITCHEN.replace("Tier 2", "Tier 7"), encoding="utf-8")
    assert run(["schedule", kitchen]) == 1
    assert "task 2.1 needs tier 7" in capsys.readouterr().err


def test_a_missing_estimate_is_assumed_and_said(kitchen: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(kitchen)
    path.write_text(KITCHEN.replace("  - _Estimated: 5 hours_\n", ""), encoding="utf-8")
    assert run(["schedule", kitchen]) == 0
    out = capsys.readouterr().out
    assert "no estimate, taken as 1h: 1.4" in out
    assert "1h?" in out


def test_one_task_is_a_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "one.md"
    path.write_text("# One - Implementation Plan\n\n- [ ] **1** Only\n  - _Estimated: 12s_\n", encoding="utf-8")
    assert run(["schedule", str(path)]) == 0
    assert "1 task, 12s of effort" in capsys.readouterr().out


def test_a_missing_file_and_a_plan_without_tasks_are_unreadable(tmp_path: Path) -> None:
    assert run(["schedule", str(tmp_path / "gone.md")]) == 3
    empty = tmp_path / "empty.md"
    empty.write_text("", encoding="utf-8")
    assert run(["schedule", str(empty)]) == 3


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0h"), (12, "12s"), (90, "1m 30s"), (1800, "30m"), (5400, "1h 30m"), (36_005, "10h 5s"), (-7200, "-2h")],
)
def test_times_are_short(seconds: int, text: str) -> None:
    assert compact_time(seconds) == text


def drawn_report(rows: list[tuple[str, int, int, bool]]) -> ScheduleReport:
    made = tuple(
        ScheduleRow(
            id=str(place),
            title=title,
            checkpoint=checkpoint,
            phase="1" if place % 2 else "2",
            tier=None,
            optional=False,
            done=False,
            assumed=False,
            duration_seconds=time,
            early_start_seconds=start,
            early_finish_seconds=start + time,
            late_start_seconds=start,
            late_finish_seconds=start + time,
            total_float_seconds=0,
            free_float_seconds=0,
            critical=True,
            drivers=(),
            start_seconds=start,
            finish_seconds=start + time,
        )
        for place, (title, start, time, checkpoint) in enumerate(rows)
    )
    return ScheduleReport("", True, None, None, LeveledSummary(0, 0, "LFT"), {"1": "Make"}, {}, made, (), 0, 0)


ROWS = st.lists(
    st.tuples(st.text(max_size=40), st.integers(0, 10**7), st.integers(0, 10**7), st.booleans()), max_size=6
)


@given(ROWS, st.integers(40, 200), st.booleans(), st.booleans())
def test_no_line_is_wider_than_its_paper(
    rows: list[tuple[str, int, int, bool]], width: int, plain: bool, early: bool
) -> None:
    paper = Paper(width, ASCII) if plain else Paper(width)
    drawn = list(draw_gantt(drawn_report(rows), paper, early=early))
    assert all(display_width(line) <= width and "\n" not in line for line in drawn[:-1])
    assert drawn[0].split()[:1] == ["0h"]


def test_wide_characters_keep_the_chart_aligned() -> None:
    """Two tasks from 0 s: the bar of the one named in Chinese starts in the same cell as the other's."""
    lines = list(draw_gantt(drawn_report([("写文档", 0, 10, False), ("code", 0, 10, False)]), Paper(40)))
    bars = [line for line in lines[:-1] if "█" in line]
    assert len({display_width(line[: line.index("█")]) for line in bars}) == 1


def test_a_milestone_at_the_very_end_stays_on_the_paper() -> None:
    lines = list(draw_gantt(drawn_report([("task", 0, 10, False), ("gate", 10, 0, True)]), Paper(40)))
    (gate,) = [line for line in lines[:-1] if "◆" in line]
    assert gate.index("◆") == 39


def test_optimize_says_how_good_the_schedule_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tasks = "".join(f"- [ ] **1.{n}** Task {n}\n  - _Estimated: {n} hours_\n  - _Tier: 3_\n\n" for n in (2, 3, 5, 7, 1))
    (tmp_path / "tasks.md").write_text(f"# Few - Implementation Plan\n\n### **Phase 1: All**\n\n{tasks}")
    assert run(["schedule", str(tmp_path / "tasks.md"), "--tier", "3=2", "--optimize", "1"]) == 0
    out = capsys.readouterr().out
    assert "within capacity" in out
    assert "the shortest possible" in out
