"""Edits of states and headers in spellings without a dialect of their own, and in whole folders, in every dress."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fuzz.properties import WRITABLE, only_their_spans
from tests.fuzz.seeds import DIALECTS, DRESSES
from tests.fuzz.test_edits_everywhere import MARKDOWN

from milepost.plan.edits import set_header, tick
from milepost.plan.model import ClaimKind, Plan, TaskState
from milepost.plan.reader import read_plan
from milepost.source import SourceText
from milepost.source.joined import JoinedText

SPELLINGS = {
    "task-master-text": (
        "# Task ID: 1\n# Title: Dig the pit\n# Status: pending\n# Dependencies: None\n# Priority: high\n"
        "# Description: deep\n# Details:\nDig\n\n# Test Strategy:\nFall in\n\n"
        "# Subtasks:\n## 1. Dig on [pending]\n### Dependencies: None\n### Description: on\n### Details:\nmore\n"
    ),
    "headings": (
        "# Tower\n\n### Task 1: Dig the pit\n\nWords.\n\n### Task 2: Dig on\n\n"
        "- **Effort:** 2 hours\n- **Owner:** Ann\n\n### Task 3: Dig up\n**Effort:** 1 hour\n"
    ),
    "plain": "# Tasks\n\n- ✅ Dig the pit\n- ❌ Dig on\n- 🔄 Dig up\n",
}
BOLD = "# Tasks\n\n- **[ ] Dig the pit:** deep\n- **[x] Dig on**\n"
FILES = (
    "---\nid: task-1\ntitle: Dig the pit\nstatus: To Do\ndependencies: []\n---\n\n## Acceptance Criteria\n\n- [ ] #1 Dig\n",
    "---\nid: task-2\ntitle: Dig on\nstatus: Done\ndependencies:\n  - task-1\n---\n\nDig\n",
)

every_dress = pytest.mark.parametrize("dress", DRESSES)


def states(plan: Plan) -> dict[str, TaskState]:
    return {task.id: task.state for task in plan.tasks}


def check(plan: Plan, dialect: str) -> None:
    assert plan.dialect == dialect
    for task in plan.tasks:
        for state in WRITABLE:
            edits = tick(plan, task.id, state)
            after = read_plan(only_their_spans(plan.source, edits), dialect)
            assert states(after) == {**states(plan), task.id: state if edits else task.state}
            assert edits or state is task.state or state in (TaskState.BLOCKED, TaskState.DEFERRED)
            assert tick(after, task.id, state) == [] or not edits


@every_dress
@pytest.mark.parametrize("dialect", SPELLINGS)
def test_states(dialect: str, dress: str) -> None:
    raw = DRESSES[dress](SPELLINGS[dialect].encode())
    plan = read_plan(SourceText.from_bytes(raw), dialect)
    assert plan.source.to_bytes() == raw
    assert len(plan.tasks) > 1
    check(plan, dialect)


@every_dress
def test_states_of_bold_boxes(dress: str) -> None:
    plan = read_plan(SourceText.from_bytes(DRESSES[dress](BOLD.encode())))
    assert [task.state for task in plan.tasks] == [TaskState.NOT_STARTED, TaskState.DONE]
    check(plan, "plain")


@every_dress
@pytest.mark.parametrize("other", DRESSES)
def test_states_in_a_folder(dress: str, other: str) -> None:
    raws = [DRESSES[dress](FILES[0].encode()), DRESSES[other](FILES[1].encode())]
    parts = [SourceText.from_bytes(raw, path=f"task-{place}.md") for place, raw in enumerate(raws, 1)]
    plan = read_plan(JoinedText(parts, path="backlog"))
    assert states(plan) == {"task-1": TaskState.NOT_STARTED, "task-2": TaskState.DONE}
    for task, state in (("task-1", TaskState.IN_PROGRESS), ("task-2", TaskState.NOT_STARTED)):
        after = only_their_spans(plan.source, tick(plan, task, state))
        assert isinstance(after, JoinedText)
        assert states(read_plan(after)) == {**states(plan), task: state}
        changed = [one.path for one, raw in zip(after.parts, raws, strict=True) if one.to_bytes() != raw]
        assert changed == [f"{task}.md"]


@every_dress
@pytest.mark.parametrize("path", DIALECTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("state", [TaskState.IN_PROGRESS, TaskState.BLOCKED, TaskState.DEFERRED])
def test_other_states(path: Path, dress: str, state: TaskState) -> None:
    plan = read_plan(SourceText.from_bytes(DRESSES[dress](path.read_bytes())), path.stem)
    for task in plan.tasks:
        edits = tick(plan, task.id, state)
        after = read_plan(only_their_spans(plan.source, edits), path.stem)
        assert states(after) == {**states(plan), task.id: state if edits else task.state}


@every_dress
@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: path.stem)
def test_other_headers(path: Path, dress: str) -> None:
    extra = b"**Total Tasks:** 3\n**Estimated Time:**\n**Last Updated:** [Date]\n\n"
    head, end, rest = path.read_bytes().partition(b"**Status:**")
    plan = read_plan(SourceText.from_bytes(DRESSES[dress](head + extra + end + rest)), path.stem)
    for kind in (ClaimKind.TOTAL_TASKS, ClaimKind.ESTIMATED_TIME, ClaimKind.LAST_UPDATED):
        edits = set_header(plan, kind, "12 שעות 🎉")
        claim = read_plan(only_their_spans(plan.source, edits), path.stem).claim(kind)
        assert claim is not None
        assert claim.text == "12 שעות 🎉"
