from __future__ import annotations

from milepost.plan.reader import read_plan
from milepost.source import SourceText
from milepost.spec.requirements import read_requirements
from milepost.spec.traceability import Coverage, Matrix, trace

REQUIREMENTS = """\
# Requirements

1. **REQ-1.1:** done
2. **REQ-1.2:** begun
3. **REQ-1.3:** open
4. **REQ-1.4:** left out
   - **Priority:** High
5. **REQ-1.5:** left out, and it does not matter
6. **REQ-1.6:** only struck tasks
"""
PLAN = """\
# P - Implementation Plan

- [x] **1.1** One
  - _Requirements: REQ-1.1_
- [ ] **1.2** Two
  - _Requirements: REQ-1.2, REQ-1.3, Code standards_
- [x] **1.3** Three
  - _Requirements: REQ-1.2, REQ-1.9, NFR-1_
- [ ] **1.4** Four
- [ ] ~~**1.5** Five~~
  - _Requirements: REQ-1.6_
"""


def matrix(plan: str, requirements: str) -> Matrix:
    return trace(read_plan(SourceText(plan)), [read_requirements(SourceText(requirements))])


def coverage(found: Matrix) -> list[tuple[str, str]]:
    return [(row.requirement.id, row.coverage.value) for row in found.rows]


def test_gaps_come_first_and_the_serious_ones_before_the_others() -> None:
    found = matrix(PLAN, REQUIREMENTS)
    assert coverage(found) == [
        ("REQ-1.4", "uncovered"),  # high
        ("REQ-1.5", "uncovered"),
        ("REQ-1.6", "uncovered"),  # its task is struck out
        ("REQ-1.3", "not started"),
        ("REQ-1.2", "in progress"),  # one of its two tasks is done
        ("REQ-1.1", "done"),
    ]
    assert [row.requirement.id for row in found.gaps] == ["REQ-1.4", "REQ-1.5", "REQ-1.6"]
    assert [row.requirement.id for row in found.rows if row.is_serious] == ["REQ-1.4"]
    assert [task.id for row in found.rows for task in row.tasks] == ["1.2", "1.2", "1.3", "1.1"]


def test_what_tasks_name_besides() -> None:
    found = matrix(PLAN, REQUIREMENTS)
    assert found.standards == {"Code standards": ("1.2",)}
    assert [(one.task.id, one.reference.text) for one in found.unknown] == [("1.3", "REQ-1.9")]
    assert [(one.task.id, one.reference.text) for one in found.elsewhere] == [("1.3", "NFR-1")]
    assert [task.id for task in found.untraced] == ["1.4"]


KIRO = """\
### Requirement 1: One

#### Acceptance Criteria

1. a
2. b

### Requirement 2: Two

#### Acceptance Criteria

1. c
2. d
"""


def test_criteria_without_a_task_are_a_gap_unless_the_whole_requirement_is_named() -> None:
    plan = "- [x] 1. A\n  - [x] 1.1 B\n    - _Requirements: 1.1_\n  - [ ] 1.2 C\n    - _Requirements: 2, 2.1_\n"
    found = matrix(plan, KIRO)
    assert coverage(found) == [("1", "partly covered"), ("2", "not started")]
    assert [one.id for one in found.rows[0].missing] == ["1.2"]


def test_a_parent_task_stands_for_its_parts() -> None:
    plan = """\
- [ ] **1** Whole
  - _Requirements: REQ-1_
  - [x] **1.1** Part
  - [ ] **1.2** Part
"""
    found = matrix(plan, "- **REQ-1:** x\n")
    # Half of the parts are done.
    assert coverage(found) == [("REQ-1", "in progress")]
    assert found.untraced == ()


def test_a_requirement_in_parts_is_covered_by_them() -> None:
    requirements = (
        "## FR-1: Whole\n\n**FR-1.1**: a\n\n**FR-1.2**: b\n\n## FR-2: Other\n\n**FR-2.1**: c\n\n**FR-2.2**: d\n"
    )
    plan = "- [x] **1.1** A\n  - _Requirements: FR-1.1, FR-1.2, FR-2.1_\n"
    assert coverage(matrix(plan, requirements)) == [
        ("FR-2", "uncovered"),
        ("FR-2.2", "uncovered"),
        ("FR-1", "done"),
        ("FR-1.1", "done"),
        ("FR-1.2", "done"),
        ("FR-2.1", "done"),
    ]


def test_several_documents_are_one_matrix() -> None:
    documents = [read_requirements(SourceText(f"- **REQ-{n}:** x\n", path=f"{n}.md")) for n in (1, 2)]
    found = trace(read_plan(SourceText("- [x] **1.1** A\n  - _Requirements: REQ-2_\n")), documents)
    assert [(row.requirement.id, row.document.source.path) for row in found.rows] == [
        ("REQ-1", "1.md"),
        ("REQ-2", "2.md"),
    ]
    assert found.rows[0].coverage is Coverage.UNCOVERED


def test_a_phase_named_after_a_story_speaks_for_its_tasks() -> None:
    plan = """\
# Tasks: Shop

## Phase 1: User Story 1 - Sell (P1)

- [x] T001 Model
- [x] T002 Page

## Phase 2: Polish

- [ ] T003 [US2a] Colours
- [ ] T004 Fonts
"""
    stories = "### User Story 1 - Sell\n\n### User Story 2a - Please\n\n### User Story 3 - Other\n"
    found = matrix(plan, stories)
    assert coverage(found) == [("US3", "uncovered"), ("US2a", "not started"), ("US1", "done")]
    assert [task.id for task in found.rows[2].tasks] == ["T001", "T002"]
    assert [task.id for task in found.untraced] == ["T004"]


def test_a_phase_serves_the_stories_of_its_name_that_no_task_names() -> None:
    found = matrix(
        "# Tasks: A\n\n## Phase 1: User Story 1 - Browse + User Story 4 - Sort\n\n- [x] T001 [US1] Browse\n",
        "### User Story 1 - Browse (Priority: P1)\n\n### User Story 4 - Sort (Priority: P1)\n\n### User Story 5 - Buy\n",
    )
    assert coverage(found) == [("US5", "uncovered"), ("US1", "done"), ("US4", "done")]
