"""Boxes that stand for conditions, for later work, or for tasks without a number."""

from __future__ import annotations

from tests.plan.dialect_checks import read

from milepost.plan import edits
from milepost.plan.coverage import coverage
from milepost.plan.dialects import DIALECTS
from milepost.plan.dialects.document import Document
from milepost.plan.model import ClaimKind, TaskState
from milepost.source import SourceText, apply


def test_conditions_are_no_tasks_of_a_checklist() -> None:
    plan = read(
        "# P\n\n- [ ] a\n\n**Acceptance Criteria:**\n\n- [ ] b\n\n## Success Criteria\n\n- [ ] c\n  - [ ] d\n\n"
        "## Definition of Done (all)\n\n- [ ] e\n\n## PR Checklist\n\n- [ ] f\n"
    )
    assert plan.dialect == "plain"
    assert [task.title for task in plan.tasks] == ["a"]
    assert [one.text for one in plan.criteria] == ["b", "c", "d", "e", "f"]


def test_a_document_of_conditions_alone_is_a_checklist() -> None:
    plan = read("# P\n\n## Success Criteria\n\n- [ ] a\n- [x] b\n")
    assert [task.title for task in plan.tasks] == ["a", "b"]
    assert plan.criteria == ()


def test_a_document_of_gates_alone_is_a_checklist() -> None:
    plan = read("# P\n\n## Quality Gates\n\n### Before Launch\n\n- [ ] a\n\n### Before Landing\n\n- [ ] b\n")
    assert [task.title for task in plan.tasks] == ["a", "b"]
    assert plan.checkpoints == ()


def test_rows_with_a_box_are_tasks_of_a_checklist() -> None:
    plan = read("- [ ] a\n\n| Boat | Port | Seen |\n|--|--|--|\n| Ann | Kiel | [x] |\n| Bob | - | [ ] Yes / [ ] No |\n")
    assert [(task.title, task.state.value) for task in plan.tasks] == [
        ("a", "not started"),
        ("Ann, Kiel", "done"),
    ]


def test_a_phase_without_ids_beside_others_is_read_box_by_box() -> None:
    plan = read(
        "# P\n\n## Phase 1: A\n\n- [ ] **1.1** a\n\n### Deliverables\n\n- [ ] no task\n\n## Phase 2: B\n\n- [x] b\n- [ ] c\n"
    )
    assert plan.dialect == "reference"
    assert [(task.id, task.title) for task in plan.tasks] == [("1.1", "a"), ("2.1", "b"), ("2.2", "c")]


def test_boxes_under_a_heading_with_the_id_of_a_task_are_no_tasks() -> None:
    plan = read("# P\n\n## Phase 1: A\n\n- [ ] **1.1** a\n\n### 1.1 More on a\n\n- [ ] b\n")
    assert [task.title for task in plan.tasks] == ["a"]
    assert [one.text for one in plan.criteria] == ["b"]


def test_a_phase_that_is_recalled_is_no_second_phase() -> None:
    plan = read(
        "# P\n\n## Phase 1: A\n\n- [ ] **1.1** a\n\n## Summary\n\n### Phase 1: A ✅\n\n**Progress**: 0/4 tasks complete\n"
    )
    assert [phase.id for phase in plan.phases] == ["1"]
    assert plan.claim(ClaimKind.PROGRESS) is None


def test_a_phase_that_is_announced_before_it_stands_is_where_its_tasks_are() -> None:
    plan = read("# P\n\n## Plan\n\n### Phase 1: A\n\nSoon.\n\n## Work\n\n### Phase 1: A\n\n- [ ] **1.1** a\n")
    assert [(phase.id, phase.tasks) for phase in plan.phases] == [("1", ("1.1",))]


def test_a_report_on_a_gate_is_no_gate() -> None:
    plan = read("- [ ] **1.1** a\n\n## Gate Status\n\nPASS\n\n## Gate 2: Ship\n\n- [ ] b\n")
    assert [one.name for one in plan.checkpoints] == ["Gate 2"]


def test_a_title_that_speaks_of_dependencies_draws_no_graph() -> None:
    plan = read("# Fix circular dependencies\n\n- [ ] **1.1** a\n- [ ] **1.2** b\n\nFrom 1.2 → 1.1 it went wrong.\n")
    assert plan.dependencies == ()


def test_signs_stand_for_boxes_in_a_list_of_tasks() -> None:
    text = "# Stories remaining\n\n- ✅ AG.1 - Wire it (DONE)\n- ❌ AG.2 - Test it\n- 🔄 AG.3 - Ship it\n"
    plan = read(text)
    assert [(task.title, task.state) for task in plan.tasks] == [
        ("AG.1 - Wire it (DONE)", TaskState.DONE),
        ("AG.2 - Test it", TaskState.NOT_STARTED),
        ("AG.3 - Ship it", TaskState.IN_PROGRESS),
    ]
    assert apply(plan.source, edits.tick(plan, "2", TaskState.DONE)).text == text.replace("❌", "✅")


def test_signs_of_good_and_bad_are_no_tasks() -> None:
    assert read("# Choosing a boat\n\n- ✅ cheap\n- ❌ slow\n- ❌ old\n").tasks == ()
    assert read("# Done tasks\n\n- ✅ a\n- ✅ b\n- ✅ c\n").tasks == ()
    assert read("# Roadmap\n\n## Left out\n\n- ❌ oars → ✅ sails\n- ❌ steam\n- ❌ wheels\n").tasks == ()
    assert [task.title for task in read("# Tasks\n\n- [ ] a\n- ❌ b\n- ❌ c\n- ✅ d\n").tasks] == ["a"]


def test_the_last_dialects_say_why_as_well() -> None:
    def why(text: str) -> str:
        document = Document.of(SourceText(text))
        return next(one.why(document) for one in DIALECTS if one.detect(document))

    assert why("## Phase 1: A\n\n- [ ] **1.1** a\n") == "a checkbox states a task's id"
    assert why("## Phase 1: A\n\n- **1.1** a\n").startswith("items of its phases state tasks' ids")
    # The nested box is a step of the first.
    assert why("- [ ] a\n  - [ ] b\n- [ ] c\n") == "no more special spelling fits; it has 2 outermost checkboxes"


KIRO = """# Implementation Plan

## Tasks

- [ ] 1. Sow
  - [ ] rake first
  - _Requirements: 1.1_
- [x] Fetch water
- [ ] 2. Reap

## Phase 2: Kitchen

- [ ] Wash
- [ ] **COOK-1: Boil** the beans

### Verification Checklist

- [ ] The pot is clean

## Dependencies & Prerequisites

- [x] A knife

## Post-MVP Enhancements

- [ ] Bake bread
"""


def test_boxes_without_an_id_beside_numbered_ones() -> None:
    plan = read(KIRO)
    assert plan.dialect == "kiro"
    found = {task.title: (task.id, task.optional, task.id_span is not None) for task in plan.tasks}
    assert found == {
        "Sow": ("1", False, True),
        "Fetch water": ("1.1", False, False),  # in the list of those with an id; 1.1 is the first name that is free
        "Reap": ("2", False, True),
        "Boil the beans": ("COOK-1", False, True),
        "Wash": ("2.1", False, False),
        "Bake bread": ("3.1", True, False),
    }
    assert [one.text for one in plan.criteria] == ["The pot is clean", "A knife"]
    assert coverage(plan).unread == ()


def test_boxes_of_a_phase_without_ids_are_tasks_and_others_are_conditions() -> None:
    plan = read(
        "## 1. Beds\n\n- [ ] 1.1 Dig\n- [ ] 1.2 Rake\n\n### Deliverables\n\n- [ ] Two beds\n\n"
        "## 2b. Paths\n\n- [ ] 2b.1 Fill\n\n## 3. Fence\n\n- [ ] Paint\n- [x] 1.1-1.2: Look again\n"
    )
    assert plan.dialect == "openspec"
    assert [(task.id, task.title) for task in plan.tasks] == [
        ("1.1", "Dig"),
        ("1.2", "Rake"),
        ("2b.1", "Fill"),
        ("3.1", "Paint"),
        ("3.2", "1.1-1.2: Look again"),  # the boxes of the third section have no ids, and this is one of them
    ]
    assert [one.text for one in plan.criteria] == ["Two beds"]


def test_a_box_about_a_range_of_tasks_beside_them_sums_them_up() -> None:
    plan = read("# Tasks: A\n\n## Phase 1: A\n\n- [x] T001 Dig\n- [ ] T002 Rake\n- [~] T003-T005: given up\n")
    assert [task.id for task in plan.tasks] == ["T001", "T002"]
    assert [one.text for one in plan.criteria] == ["T003-T005: given up"]


def test_boxes_outside_the_phases_of_a_spec_kit_plan_are_conditions() -> None:
    plan = read(
        "# Tasks: A\n\n## Phase 1: A\n\n- [x] T001 [P] Dig\n\n## Rollout & Deployment\n\n### PR Merge\n\n"
        "- [ ] 80%+ of it is dug\n- [ ] T001 is done\n"
    )
    assert plan.dialect == "speckit"
    assert [task.id for task in plan.tasks] == ["T001"]
    assert len(plan.criteria) == 2


def test_headings_over_tasks_that_continue_their_number_are_no_tasks() -> None:
    plan = read(
        "# Tasks\n\n## Phase 1: A\n\n### Task 1.1: Beds\n\n- [ ] 1.1.1 Dig\n  - File: a.md\n- [ ] 1.1.2 Rake\n  - File: b.md\n"
    )
    assert plan.dialect == "spec-workflow"
    assert [task.id for task in plan.tasks] == ["1.1.1", "1.1.2"]
    assert coverage(plan).unread == ()


def test_boxes_under_tasks_of_another_title_and_under_tests_to_come() -> None:
    plan = read(
        "# P\n\n## Remaining Tasks (by priority)\n\n### High\n\n- [ ] 1. Sow\n  - _Requirements: 1.1_\n\n### Medium\n\n- [ ] Rake\n\n"
        "## Integration Testing Requirements\n\n### Core Tests\n\n- [ ] It rains in\n\n# Later\n\n- [ ] Paint it\n"
    )
    assert [(task.id, task.title) for task in plan.tasks] == [("1", "Sow"), ("2.1", "Rake")]
    assert [one.text for one in plan.criteria] == ["It rains in"]
    assert [plan.source.slice(span) for span in coverage(plan).unread] == ["- [ ] Paint it"]
