"""Agent-OS's plans."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.plan.dialect_checks import check_ticks, read

from milepost.plan.dialects import agentos
from milepost.plan.dialects.document import Document
from milepost.plan.model import TaskState
from milepost.plan.reader import read_plan
from milepost.source import SourceText

PLAN = """# Spec Tasks

These are the tasks to be completed for the spec detailed in @.agent-os/specs/2031-01-15-pond/spec.md

> Created: 2031-01-15
> Status: Ready for Implementation

## Pre-work

- [ ] Find rubber boots

## Tasks

- [ ] 1. Dig the pond
    - [x] 1.1 Write tests for the depth
    - [ ] 1.2 Dig
        - [ ] put earth aside
- [x] 2. Fill it
- [x] 2.1 Open the tap
- [x] ✅ 2.2 Close the tap

## Acceptance Criteria

- [ ] Frogs come
"""


def test_parents_and_parts() -> None:
    plan = read(PLAN)
    assert plan.dialect == "agent-os"
    assert "tasks to be completed for the spec" in agentos.why(Document.of(SourceText(PLAN)))
    assert [(task.id, task.title, task.parent) for task in plan.tasks] == [
        ("1.3", "Find rubber boots", None),
        ("1", "Dig the pond", None),
        ("1.1", "Write tests for the depth", "1"),
        ("1.2", "Dig", "1"),
        ("2", "Fill it", None),
        ("2.1", "Open the tap", "2"),
        ("2.2", "Close the tap", "2"),
    ]


def test_leaf_tasks_count() -> None:
    plan = read(PLAN)
    assert [task.title for task in plan.required if task.state is TaskState.DONE] == [
        "Write tests for the depth",
        "Open the tap",
        "Close the tap",
    ]
    assert [step.text for step in plan.by_id["1.2"].steps] == ["put earth aside"]
    assert [one.text for one in plan.criteria] == ["Frogs come"]


def test_numbered_sections_group_the_boxes_numbered_after_them() -> None:
    text = "> Spec: @.agent-os/specs/a/spec.md\n\n### 1. A\n\n- [ ] 1.1 a\n\n### 2. B\n\n- [ ] 2.1 b\n- [x] 2.2 c\n"
    plan = read(text)
    assert plan.dialect == "agent-os"
    assert [phase.tasks for phase in plan.phases] == [("1.1",), ("2.1", "2.2")]


def test_ticks_change_one_character() -> None:
    check_ticks(PLAN, "agent-os")


_PIECES = st.sampled_from(
    ["@.agent-os/a\n", "- [ ] 1. A\n", "  - [x] 1.1 B\n", "- [ ] 1.1 C\n", "## D\n", "- [ ] E\n", "```\n", "\r\n", "\t", "> "]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=25).map("".join))
def test_any_pieces_are_read(text: str) -> None:
    assert read_plan(SourceText(text), dialect="agent-os").source.text == text
