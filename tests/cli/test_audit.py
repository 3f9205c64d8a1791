from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from milepost.cli.main import run

SOUND = """# Sound

- [ ] **1** One
  - _Estimated: 1 hour_
  - _Tier: 2_
- [ ] **2** Two
  - _Estimated: {effort}_
  - _Tier: 2_
  - _Depends: 1_
"""


def write(folder: Path, effort: str = "2 hours") -> str:
    (folder / "milepost.toml").write_text("", encoding="utf-8")
    (folder / "tasks.md").write_text(SOUND.format(effort=effort), encoding="utf-8")
    return str(folder / "tasks.md")


def test_a_sound_plan_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Eleven of the 14 points can be told without baseline and deadline."""
    assert run(["schedule", write(tmp_path), "--audit"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "DCMA 14-point assessment (agent thresholds): 11 of 11 pass"
    assert len(lines) == 15


def test_a_long_task_offends_agents_but_not_dcma(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Three days are more than the one of the agent preset and less than DCMA's 44."""
    plan = write(tmp_path, "3 days")
    assert run(["schedule", plan, "--audit"]) == 1
    text = capsys.readouterr().out
    assert " 8 FAIL high duration" in text
    assert "\n        2\n" in text
    assert run(["schedule", plan, "--audit", "--thresholds", "dcma"]) == 0


def test_the_baseline_is_taken_into_account(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two hours became four: the schedule of 5 h is 2 h longer than its baseline, (5 − 2) ÷ 5 = 0.6."""
    assert run(["baseline", "set", write(tmp_path)]) == 0
    capsys.readouterr()
    assert run(["schedule", write(tmp_path, "4 hours"), "--audit", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["preset"] == "agent"
    assert next(point for point in found["points"] if point["number"] == 13)["figure"] == pytest.approx(0.6)


def test_the_gantt_chart_is_a_picture(tmp_path: Path) -> None:
    picture = tmp_path / "gantt.svg"
    assert run(["schedule", write(tmp_path), "--svg", str(picture)]) == 0
    root = ElementTree.fromstring(picture.read_text(encoding="utf-8"))
    bars = [one for one in root.iter() if one.get("class") == "critical"]
    assert len(bars) == 2
    assert float(bars[1].get("width", 0)) == pytest.approx(2 * float(bars[0].get("width", 0)), abs=0.2)
