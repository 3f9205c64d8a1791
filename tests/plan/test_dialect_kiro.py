"""Kiro's plans."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plan.dialect_checks import check_ticks, read

from milepost.plan.dialects import kiro
from milepost.plan.dialects.document import Document
from milepost.plan.model import DependencyOrigin, ObservationKind, ReferenceKind, TaskState
from milepost.plan.reader import read_plan
from milepost.source import SourceText

PLAN = """# Implementation Plan

- [x] 1. Sow the beds
  - Rake first
  - _Requirements: 1.1, 1.2_

- [-] 2. Build the frame
  - [~] 2.1 Cut the wood
    - Measure twice
    - [ ] left side
    - [x] 1. right side
    - _Requirements: 2.1_
  - [ ]* 2.2 Write a test of the frame
    - **Property 3: It stands**
    - **Validates: Requirements 2.3, 2.4**
  - [ ]\\* 2.3 Write another test
- [ ] 2.4 Paint it, though not indented
- [ ] 2.4.1 First coat
- [ ] 3. Checkpoint - everything stands
- [ ]* 4. Extras
  - [ ] 4.1 A gnome
- [ ] 5. Heat it (optional)

## Success Criteria

- [ ] No slugs
"""


def test_detection_names_its_reasons() -> None:
    assert read(PLAN).dialect == "kiro"
    reasons = kiro.why(Document.of(SourceText(PLAN)))
    assert "_Requirements: 1.1_" in reasons
    assert "[ ]*" in reasons


def test_nesting_follows_the_numbers() -> None:
    parents = {task.id: task.parent for task in read(PLAN).tasks}
    assert parents == {
        "1": None,
        "2": None,
        "2.1": "2",
        "2.2": "2",
        "2.3": "2",
        "2.4": "2",
        "2.4.1": "2.4",
        "3": None,
        "4": None,
        "4.1": "4",
        "5": None,
    }


def test_states_and_optional_tasks() -> None:
    plan = read(PLAN)
    states = {task.id: task.state for task in plan.tasks}
    assert states["1"] is TaskState.DONE
    assert states["2"] is states["2.1"] is TaskState.IN_PROGRESS
    assert states["2.2"] is TaskState.NOT_STARTED
    assert [task.id for task in plan.tasks if task.optional] == ["2.2", "2.3", "4", "4.1", "5"]
    # Leaves that are not optional: 2 and 2.4 have parts, 2.2, 2.3, 4.1 and 5 are optional.
    assert [task.id for task in plan.required] == ["1", "2.1", "2.4.1", "3"]


def test_boxes_without_a_number_of_their_own_are_steps() -> None:
    cut = read(PLAN).by_id["2.1"]
    assert [(step.text, step.checkbox is not None) for step in cut.steps] == [
        ("Measure twice", False),
        ("left side", True),
        ("1. right side", True),
    ]


def test_success_criteria_are_no_tasks() -> None:
    assert not any("slugs" in task.title for task in read(PLAN).tasks)


def test_requirements_of_fields_and_properties() -> None:
    plan = read(PLAN)
    assert [one.text for one in plan.by_id["1"].requirements] == ["1.1", "1.2"]
    validated = plan.by_id["2.2"].requirements
    assert [(one.text, one.kind) for one in validated] == [
        ("2.3", ReferenceKind.REQUIREMENT),
        ("2.4", ReferenceKind.REQUIREMENT),
    ]
    assert [plan.source.slice(one.span) for one in validated] == ["2.3", "2.4"]


def test_keys_in_other_languages() -> None:
    plan = read("- [ ] 1. 建立\n  - _需求: 1.1, 2.1_\n- [ ] 2. 作る\n  - _要件：3.2_\n")
    assert [[one.text for one in task.requirements] for task in plan.tasks] == [["1.1", "2.1"], ["3.2"]]


def test_numbers_under_task_headings() -> None:
    plan = read("# Tasks\n\n## Task 1: Sow\n\n- [x] 1.1 Rake\n- [ ] 1.2 Sow\n\n## Task 2: Water\n\n- [ ] 2.1 Can\n")
    assert [task.id for task in plan.tasks] == ["1.1", "1.2", "2.1"]


WAVES = """# Tasks

- [ ] 1. Base
  - [ ] 1.1 Dig
  - [ ] 1.2 Fill
- [ ] 2. Checkpoint - firm ground
- [ ] 3. Walls
  - [ ] 3.1 North
  - [ ] 3.2 South
- [ ] 4. Roof
  - [ ] 4.1 Beams
  - [ ] 4.2 Tiles

## Task Dependency Graph

```json
{"waves": [
  {"id": 0, "tasks": ["1.1"]},
  {"id": 1, "tasks": ["1.2"]},
  {"id": 2, "tasks": ["3.1", "3.2"]},
  {"id": 3, "tasks": ["4"], "dependsOn": {"4": ["3.1"]}}
]}
```
"""


def test_waves_are_dependencies() -> None:
    plan = read(WAVES)
    stated = {
        (one.predecessor, one.successor) for one in plan.dependencies if one.sources[0].origin is DependencyOrigin.GRAPH
    }
    # Each wave waits for the one before; the last says itself what 4 waits for.
    assert stated == {("1.1", "1.2"), ("1.2", "3.1"), ("1.2", "3.2"), ("3.1", "4")}


def test_a_checkpoint_no_wave_names_stands_where_it_is_written() -> None:
    implied = {
        (one.predecessor, one.successor)
        for one in read(WAVES).dependencies
        if one.sources[0].origin is DependencyOrigin.ORDER
    }
    # 2 after what is written above it and before later waves; the parts of 4, named as a whole, in their order.
    assert implied == {("1.1", "2"), ("1.2", "2"), ("2", "3.1"), ("2", "3.2"), ("2", "4"), ("4.1", "4.2")}


def test_a_wave_that_names_no_task_is_noticed_and_broken_json_is_not() -> None:
    plan = read(WAVES.replace('["1.2"]', '["1.2", "1.9"]'))
    assert [one.text for one in plan.observations if one.kind is ObservationKind.UNKNOWN_TASK] == ["1.9"]
    assert read(WAVES.replace("]}", "]")).dependencies == ()


def test_waves_by_number() -> None:
    plan = read(WAVES.replace('{"4": ["3.1"]}', "[0]"))
    assert ("1.1", "4") in {(one.predecessor, one.successor) for one in plan.dependencies}


def test_numbers_that_start_again_in_a_phase_are_told_apart() -> None:
    plan = read(
        "## Phase 1: A\n\n- [ ] 1. One\n  - [ ] 1.1 Part\n- [ ] 2. Two\n\n"
        "## Phase 2: B\n\n- [x] 1. Other\n- [x] 1.1 Its part\n- [x] 3. New\n"
    )
    assert [(task.id, task.parent, task.state) for task in plan.tasks] == [
        ("1", None, TaskState.NOT_STARTED),
        ("1.1", "1", TaskState.NOT_STARTED),
        ("2", None, TaskState.NOT_STARTED),
        ("P2/1", None, TaskState.DONE),
        ("P2/1.1", "P2/1", TaskState.DONE),
        ("3", None, TaskState.DONE),
    ]
    assert not plan.observations


def test_one_id_twice_in_a_phase_is_a_duplicate() -> None:
    plan = read("- [ ] 1. One\n- [ ] 2. Two\n- [ ] 2. Two again\n")
    assert [one.text for one in plan.observations if one.kind is ObservationKind.DUPLICATE_ID] == ["2"]


def test_ticks_change_one_character() -> None:
    check_ticks(PLAN, "kiro")
    check_ticks(WAVES, "kiro")


_PIECES = st.sampled_from(
    [
        "- [ ] 1. A\n",
        "  - [x] 1.1 B\n",
        "- [ ]* 2.1 C\n",
        "```json\n",
        '{"waves": [{"tasks": ["1"]',
        "]}\n",
        "```\n",
        "  - _Requirements: 1.1_\n",
        "## Task 1\n",
        "- [~] 1\n",
        "**Validates: Requirements 1",
        "\r",
        "\t",
        "*",
        "\ufeff",
    ]
)


@given(st.lists(_PIECES, max_size=25).map("".join))
def test_any_pieces_are_read(text: str) -> None:
    plan = read_plan(SourceText(text), dialect="kiro")
    assert plan.source.text == text
    assert all(text[task.title_span.start : task.title_span.end].startswith(task.title[:1]) for task in plan.tasks)


@pytest.mark.parametrize(
    ("line", "task_id", "title"),
    [
        ("1.Sow the beds", "1", "Sow the beds"),
        ("1.播种", "1", "播种"),
        ("1、播种", "1", "播种"),
        ("1.1播种", "1.1", "播种"),
        ("任务1：播种", "1", "播种"),
        ("タスク 1.1: 種をまく", "1.1", "種をまく"),
        ("9b.1 Sow again", "9b.1", "Sow again"),
    ],
)
def test_ids_without_a_blank_behind_them(line: str, task_id: str, title: str) -> None:
    (task,) = read(f"- [ ] {line}\n  - _Requirements: 1.1_\n").tasks
    assert (task.id, task.title) == (task_id, title)


@pytest.mark.parametrize(
    ("heading", "phase", "title"),
    [
        ("フェーズ1: 畑", "1", "畑"),
        ("阶段 2：花园", "2", "花园"),
        ("第一阶段：花园", "1", "花园"),
        ("阶段三 花园", "3", "花园"),
        ("Этап 2. Сад", "2", "Сад"),
        ("Giai đoạn 1: Vườn", "1", "Vườn"),
    ],
)
def test_phases_in_other_languages(heading: str, phase: str, title: str) -> None:
    (found,) = read(f"# P\n\n## {heading}\n\n- [ ] 7. Sow\n  - _Requirements: 1.1_\n").phases
    assert (found.id, found.title) == (phase, title)


def test_numbered_conditions_are_no_tasks() -> None:
    plan = read(
        "- [ ] 1. Sow\n  - _Requirements: 1.1_\n\n## 完了基準\n\n- [x] タスク1: 種をまいた\n- [ ] 2. No slugs\n"
    )
    assert [task.id for task in plan.tasks] == ["1"]
    assert [one.text for one in plan.criteria] == ["タスク1: 種をまいた", "2. No slugs"]
