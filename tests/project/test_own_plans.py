"""The plans that the project keeps about itself and as an example hold what they claim."""

from __future__ import annotations

import pytest
from tests.project.repository import ROOT

from milepost.app.plans import load_plan
from milepost.cli.main import run

EXAMPLE = ROOT / "examples" / "wordcount" / "tasks.md"
OWN = ROOT / "specs" / "milepost" / "tasks.md"


@pytest.mark.parametrize("plan", [EXAMPLE, OWN], ids=["example", "own"])
def test_nothing_is_wrong_with_it(plan: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["check", "--quiet", str(plan)])
    assert (capsys.readouterr().out, code) == ("", 0)


def test_the_example_is_read_completely() -> None:
    plan = load_plan(str(EXAMPLE))
    assert (len(plan.tasks), len(plan.phases), len(plan.checkpoints)) == (13, 5, 3)
    # 3 + 3 | 4 + 5 + 4 | 5 + 3 | 6 + 5 + 3 | 5 + 10 + 3 seconds
    assert plan.effort == 59
    assert all(task.run for task in plan.tasks)
    # Checkpoints 1 and 3 are automatic, Checkpoint 2 is for a person.
    assert [[bool(item.command) for item in gate.criteria] for gate in plan.checkpoints] == [
        [True] * 2,
        [False] * 2,
        [True] * 2,
    ]


def test_every_part_of_the_example_belongs_to_a_task() -> None:
    parts = {path.name for path in (EXAMPLE.parent / "parts").iterdir()}
    plan = load_plan(str(EXAMPLE))
    used = {task.id for task in plan.tasks if task.run and f"parts/{task.id}/" in task.run.text}
    assert parts == used


def test_every_requirement_of_the_own_plan_is_served() -> None:
    import re

    written = set(re.findall(r"\*\*(REQ-[\d.]+):\*\*", (OWN.parent / "requirements.md").read_text(encoding="utf-8")))
    served = {reference.text for task in load_plan(str(OWN)).tasks for reference in task.requirements}
    assert written == served
