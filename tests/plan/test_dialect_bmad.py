"""BMAD stories."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.plan.dialect_checks import check_ticks, read

from milepost.plan.dialects import bmad
from milepost.plan.dialects.document import Document
from milepost.plan.model import ClaimKind, TaskState
from milepost.plan.reader import read_plan
from milepost.source import SourceText

STORY = """# Story 4.2: Plant the Pear Tree and its Dependencies

## Status

Done

## Story

**As a** gardener,
**I want** a pear tree.

## Acceptance Criteria

- [ ] The tree stands
1. It bears pears
2. Its pears are sweet

## Tasks / Subtasks

- [x] Task 1: Dig a hole (AC: 1, 2)
    - [x] Subtask 1.1: Find the spade
    - [x] Subtask 1.2: Dig → deep
    - [ ] Lunch
- [ ] **Task 2: Plant** (AC: #2-4) (DEPENDS ON: Task 1) (2-3 hours) `bd-1.2`
    - [ ] Hold it straight
        - [ ] really straight
- [ ] Water it (AC: all)
- [ ] **Task 4: Wait** (1 hour) *(AC5)*
- plain bullet

## Dev Notes

1.1 → 1.2 is about something else.

- [ ] a note with a box

### Gate Status

Gate: PASS
"""


def test_tasks_stand_in_their_section() -> None:
    plan = read(STORY)
    assert plan.dialect == "bmad"
    assert 'a section "Tasks / Subtasks"' in bmad.why(Document.of(SourceText(STORY)))
    assert [(task.id, task.title, task.parent) for task in plan.tasks] == [
        ("1", "Dig a hole", None),
        ("1.1", "Find the spade", "1"),
        ("1.2", "Dig → deep", "1"),
        ("2", "Plant", None),
        ("3", "Water it", None),
        ("4", "Wait", None),
    ]
    # Task 1 is made of its two parts; the others have none.
    assert len(plan.required) == 5


def test_remarks_behind_a_title_are_read() -> None:
    by_id = read(STORY).by_id
    assert [one.text for one in by_id["1"].requirements] == ["AC1", "AC2"]
    assert [one.text for one in by_id["2"].requirements] == ["AC2", "AC3", "AC4"]
    assert [one.text for one in by_id["3"].requirements] == ["AC1", "AC2"]
    assert [one.text for one in by_id["4"].requirements] == ["AC5"]
    effort = by_id["2"].effort
    assert effort is not None
    # 2-3 h, in seconds.
    assert (effort.low, effort.high) == (7200, 10800)


def test_a_remark_may_stand_between_number_and_title() -> None:
    plan = read("# S\n\n## Tasks / Subtasks\n\n- [ ] Task 1 (AC: 1): Dig\n- [ ] **Task 2** (AC: 2) (1 hour) Fill\n")
    assert [(task.id, task.title) for task in plan.tasks] == [("1", "Dig"), ("2", "Fill")]
    assert [[one.text for one in task.requirements] for task in plan.tasks] == [["AC1"], ["AC2"]]
    assert plan.tasks[1].effort is not None
    assert plan.tasks[1].effort.likely == 3600


def test_criteria_of_a_group_are_those_of_its_tasks() -> None:
    plan = read(
        "# S\n\n## Tasks / Subtasks\n\n### 1. Dig (AC: 1, 2)\n\n- [ ] Deep\n- [ ] Wide (AC: 3)\n\n### 2. Fill\n\n- [ ] Sand\n"
    )
    assert [[one.text for one in task.requirements] for task in plan.tasks] == [["AC1", "AC2"], ["AC3"], []]


def test_all_criteria_are_those_the_story_states() -> None:
    def named(criteria: str) -> list[str]:
        plan = read(f"# S\n\n## Acceptance Criteria\n\n{criteria}\n\n## Tasks / Subtasks\n\n- [ ] Dig (AC: all)\n")
        assert plan.tasks[0].title == "Dig"
        return [one.text for one in plan.tasks[0].requirements]

    assert named("1. a\n   1. part\n2. b\n\nMore:\n\n5. c") == ["AC1", "AC2", "AC5"]
    assert named("### AC1: a\n\nWords\n\n### AC2: b") == ["AC1", "AC2"]
    assert named("- [ ] **AC-1**: a\n- [x] **AC-2**: b\n- see AC9") == ["AC1", "AC2"]
    assert named("Whatever pleases.") == []


def test_dependencies_come_from_remarks_and_not_from_prose() -> None:
    plan = read(STORY)
    assert [(one.predecessor, one.successor) for one in plan.dependencies] == [("1", "2")]
    assert plan.checkpoints == ()


def test_steps_and_conditions_are_no_tasks() -> None:
    plan = read(STORY)
    assert [step.text for step in plan.by_id["1"].steps] == ["Lunch"]
    assert [step.text for step in plan.by_id["2"].steps[0].steps] == ["really straight"]
    assert [one.text for one in plan.criteria] == ["The tree stands", "a note with a box"]


def test_the_section_status_is_a_claim_when_it_is_a_state() -> None:
    claim = read(STORY).claim(ClaimKind.STATUS)
    assert claim is not None
    assert claim.text == "Done"
    assert read(STORY.replace("Done", "Approved")).claim(ClaimKind.STATUS) is None


def test_tasks_may_be_headings() -> None:
    plan = read(
        "# Story 1: A\n\n## Status\n\nDraft\n\n## Acceptance Criteria\n\n### AC1: X\n- [ ] x\n\n## Tasks/Subtasks\n\n"
        "### Task 1: Find dependency issues (AC: #1) (0.5 days)\n\n- [x] **1.1** Look\n- [ ] **1.2** Look again\n\n"
        "### Task 2: Think\n\n- [x] hard\n\n## Dev Notes\n\n### Task 9: no task\n"
    )
    assert [(task.id, task.parent, task.state) for task in plan.tasks] == [
        ("1", None, TaskState.NOT_STARTED),
        ("1.1", "1", TaskState.DONE),
        ("1.2", "1", TaskState.NOT_STARTED),
        ("2", None, TaskState.DONE),
    ]
    assert plan.by_id["1"].title == "Find dependency issues"
    assert plan.by_id["1"].effort is not None
    assert [one.text for one in plan.criteria] == ["x"]


def test_a_story_without_tasks_is_read_by_its_checklists() -> None:
    text = "# Story 1: A\n\n## Status\n\nDraft\n\n## Acceptance Criteria\n\n- [ ] a\n- [x] b\n\n## Dev Notes\n\n- c\n"
    assert [(task.id, task.title) for task in read(text).tasks] == [("1", "a"), ("2", "b")]


def test_a_phase_may_group_tasks() -> None:
    text = "## Tasks / Subtasks\n\n### Phase A: X\n\n- [ ] Task 1: a\n\n### Phase B: Y\n\n- [ ] Task 2: b (AC: 1)\n"
    assert [(phase.id, phase.tasks) for phase in read(text).phases] == [("A", ("1",)), ("B", ("2",))]


def test_ticks_change_one_character() -> None:
    check_ticks(STORY, "bmad")


_PIECES = st.sampled_from(
    ["# Story 1: A\n", "## Status\n", "Done\n", "## Tasks / Subtasks\n", "- [ ] Task 1: B (AC: 1-9999999)\n", "### Task 2\n",
     "  - [x] Subtask 1.1: C (BLOCKS: all)\n", "## Acceptance Criteria\n", "- [ ] D\n", "```\n", "\r\n", "\t", "> ", "\n"]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=25).map("".join))
def test_any_pieces_are_read(text: str) -> None:
    assert read_plan(SourceText(text), dialect="bmad").source.text == text
