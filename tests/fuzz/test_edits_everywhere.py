"""Every kind of edit, on every dialect, in every dress: it says what it should, and touches nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fuzz.properties import only_their_spans
from tests.fuzz.seeds import DIALECTS, DRESSES

from milepost.plan.edits import set_assignment_status, set_header, tick, tick_criterion, tick_step
from milepost.plan.formats import FORMATS
from milepost.plan.model import ClaimKind, Plan, TaskState
from milepost.plan.reader import read_plan
from milepost.source import SourceText

MARKDOWN = [path for path in DIALECTS if path.suffix == ".md" and path.stem not in {one.name for one in FORMATS}]
BOXED_STEPS = [path for path in MARKDOWN if path.stem != "tables"]

every_dress = pytest.mark.parametrize("dress", DRESSES)
every_dialect = pytest.mark.parametrize("path", DIALECTS, ids=lambda path: path.stem)
every_markdown = pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: path.stem)
every_boxed = pytest.mark.parametrize("path", BOXED_STEPS, ids=lambda path: path.stem)


def read(source: SourceText, path: Path) -> Plan:
    return read_plan(source, path.stem)


def dressed(path: Path, dress: str) -> Plan:
    plan = read(SourceText.from_bytes(DRESSES[dress](path.read_bytes()), path=path.name), path)
    assert plan.source.to_bytes() == DRESSES[dress](path.read_bytes())
    return plan


@every_dress
@every_dialect
@pytest.mark.parametrize("state", [TaskState.DONE, TaskState.NOT_STARTED])
def test_ticks(path: Path, dress: str, state: TaskState) -> None:
    plan = dressed(path, dress)
    assert plan.tasks
    for task in plan.tasks:
        after = read(only_their_spans(plan.source, tick(plan, task.id, state)), path)
        assert after.by_id[task.id].state is state
        others = [(one.id, one.state) for one in after.tasks if one.id != task.id]
        assert others == [(one.id, one.state) for one in plan.tasks if one.id != task.id]


@every_dress
@every_boxed
def test_ticks_of_steps(path: Path, dress: str) -> None:
    plan = dressed(path, dress)
    (owner, step) = next((task, step) for task in plan.tasks for step in task.steps if step.checkbox)
    edits = tick_step(step, TaskState.DONE)
    assert [(plan.source.slice(span), new) for span, new in edits] == [(" ", "x")]
    after = read(only_their_spans(plan.source, edits), path).by_id[owner.id]
    assert [one.checkbox.state for one in after.steps if one.checkbox] == [TaskState.DONE]


@every_dress
@every_markdown
def test_ticks_of_criteria(path: Path, dress: str) -> None:
    plan = dressed(path, dress)
    edits = tick_criterion(plan, "checkpoint-1", 0, TaskState.DONE)
    assert [(plan.source.slice(span), new) for span, new in edits] == [(" ", "x")]
    (checkpoint,) = read(only_their_spans(plan.source, edits), path).checkpoints
    assert [one.checkbox and one.checkbox.state for one in checkpoint.criteria] == [TaskState.DONE] * 2


@every_dress
@every_markdown
@pytest.mark.parametrize("kind", [ClaimKind.STATUS, ClaimKind.PROGRESS])
def test_headers(path: Path, dress: str, kind: ClaimKind) -> None:
    plan = dressed(path, dress)
    after = read(only_their_spans(plan.source, set_header(plan, kind, "1/3 完 ✓")), path)
    claim = after.claim(kind)
    assert claim is not None
    assert claim.text == "1/3 完 ✓"


@every_dress
@every_markdown
def test_table_cells(path: Path, dress: str) -> None:
    plan = dressed(path, dress)
    edits = set_assignment_status(plan, 1, "Done")
    after = read(only_their_spans(plan.source, edits), path)
    assert [row.status.text for row in after.assignments if row.status] == ["Not Started", "Done"]
