"""Tasks as headings."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.plan.dialect_checks import check_ticks, read

from milepost.plan import edits
from milepost.plan.dialects import headings
from milepost.plan.dialects.document import Document
from milepost.plan.model import AnchorKind, Plan, TaskState
from milepost.plan.reader import read_plan
from milepost.source import SourceText, apply

PLAN = """# Allotment - Task Breakdown

**Status**: Draft
**Total Tasks**: 6

## Phase 1: Soil ✅ COMPLETED

### TASK-001: Dig the beds ✅ **COMPLETE**
**Priority**: Critical
**Estimated Time**: 45 minutes (extended for clay)
**Dependencies**: None (can parallel with TASK-002)

**Deliverables**:
- [x] Two beds
- [x] A path

**Acceptance Criteria**:
- [x] No stones

### TASK-002: Carry compost (half a ton)

🔴 P0 | 🔄 IN PROGRESS | Est: 3-4h

**Traces to:** [REQ-1], [DESIGN-2]
**Depends on:** [TASK-001]
**Blocks:** [TASK-004], [TASK-005]

### Phase 1 Gate

- [ ] Soil is crumbly

## Phase 2: Plants

### TASK-003: Buy seeds
- **Status**: [ ] Pending
- **Owner**: Ann
- **Files**: `seeds.txt`, `shops.txt`
- **Dependencies**: Python 3.11, TASK-001, TASK-099

### TASK-004: Sow

- [x] Rows
- [ ] Labels

### TASK-005: Water (2 hours)

**Dependencies:**
- TASK-003
- TASK-004 (sown)

- [ ] TASK-005.1 Fill the can
- [x] TASK-005.2 Carry it

### TASK-006: Harvest

**Dependencies**: All previous tasks

## Quality Assurance Checklist

- [ ] Nobody is hungry

## Future ideas

### Notes on TASK-001

- [ ] a box in no task

```markdown
### TASK-007: Fenced
```
"""


def plan() -> Plan:
    return read(PLAN)


def edges(text: str) -> set[tuple[str, str]]:
    return {(one.predecessor, one.successor) for one in read(text).dependencies}


def test_headings_are_the_tasks() -> None:
    assert plan().dialect == "headings"
    assert [(task.id, task.parent) for task in plan().tasks if task.parent is None] == [
        (f"TASK-00{number}", None) for number in range(1, 7)
    ]
    assert {task.id: task.parent for task in plan().tasks if task.parent} == {
        "TASK-005.1": "TASK-005",
        "TASK-005.2": "TASK-005",
    }
    # Of the eight tasks TASK-005 is made of its two parts.
    assert len(plan().required) == 7
    assert "6 headings name a task, the first of them TASK-001" in headings.why(Document.of(SourceText(PLAN)))


def test_titles_end_before_states_and_efforts() -> None:
    titles = {task.id: task.title for task in plan().tasks}
    assert titles["TASK-001"] == "Dig the beds"
    assert titles["TASK-002"] == "Carry compost (half a ton)"
    assert titles["TASK-005"] == "Water"


def test_states_come_from_words_boxes_and_steps() -> None:
    states = {task.id: task.state for task in plan().tasks}
    assert states["TASK-001"] is TaskState.DONE
    assert states["TASK-002"] is TaskState.IN_PROGRESS
    assert states["TASK-003"] is TaskState.NOT_STARTED
    # Half of the steps of TASK-004 are ticked, and it says no state of its own.
    assert states["TASK-004"] is TaskState.IN_PROGRESS
    assert states["TASK-005.2"] is TaskState.DONE


def test_labelled_lines_are_understood() -> None:
    by_id = plan().by_id
    effort = by_id["TASK-001"].effort
    assert effort is not None
    assert effort.likely == 45 * 60
    second = by_id["TASK-002"]
    assert second.priority == "P0"
    assert second.effort is not None
    # 3-4 h, the middle of which is 3.5 h.
    assert second.effort.likely == 3.5 * 3600
    assert [one.text for one in second.requirements] == ["REQ-1", "DESIGN-2"]
    third = by_id["TASK-003"]
    assert (third.owner, third.files) == ("Ann", ("seeds.txt", "shops.txt"))
    assert by_id["TASK-005"].effort is not None


def test_dependencies_are_read_from_sentences() -> None:
    found = {(one.predecessor, one.successor) for one in plan().dependencies}
    assert found == {
        ("TASK-001", "TASK-002"),
        ("TASK-002", "TASK-004"),
        ("TASK-002", "TASK-005"),
        ("TASK-001", "TASK-003"),
        ("TASK-003", "TASK-005"),
        ("TASK-004", "TASK-005"),
        *((f"TASK-00{number}", "TASK-006") for number in range(1, 6)),
        ("TASK-005.1", "TASK-006"),
        ("TASK-005.2", "TASK-006"),
    }


def test_steps_gates_and_criteria_are_no_tasks() -> None:
    assert [step.text for step in plan().by_id["TASK-001"].steps] == ["Two beds", "A path", "No stones"]
    (gate,) = plan().checkpoints
    assert (gate.name, gate.anchor.kind, gate.anchor.ids) == ("Phase 1 Gate", AnchorKind.PHASE, ("1",))
    assert [one.text for one in plan().criteria] == ["Nobody is hungry", "a box in no task"]


def test_a_list_with_an_unknown_id_is_reported_but_a_sentence_is_not() -> None:
    one = "### Task 1: A\n\n**Status**: done\n\n### Task 2: B\n\n**Depends on:** "
    assert [seen.text for seen in read(f"{one}Task 1, Task 9\n").observations] == ["9"]
    assert read(f"{one}Task 1, then the review of Task 9 of the other plan\n").observations == ()


def test_none_is_no_dependency() -> None:
    one = "### Task 1: A\n\n### Task 2: B\n\n**Dependencies:** "
    for words in (
        "None - can develop in parallel with 1",
        "None (can parallel with Task 1)",
        "N/A",
        "-",
        "—",
        "",
        "Not before Christmas (can run in parallel with Task 1)",
        "Python 3.1 and 1 person",
    ):
        assert edges(f"{one}{words}\n") == set(), words


def test_ranges_phases_and_other_spellings() -> None:
    text = "## Phase 1: A\n\n### Task 1.1: a\n\n### Task 1.2: b\n\n### Task 1.3: c\n\n## Phase 2: B\n\n"
    for words, expected in {
        "Tasks 1.1-1.3": {"1.1", "1.2", "1.3"},
        "Task 1.1 to 1.2": {"1.1", "1.2"},
        "1.1, 1.3": {"1.1", "1.3"},
        "Requires 1.2 completion": {"1.2"},
        "Phase 1": {"1.1", "1.2", "1.3"},
        "All Phase 1 tasks": {"1.1", "1.2", "1.3"},
        "Phases 0 & 1 completion": {"1.1", "1.2", "1.3"},
        "All previous tasks": {"1.1", "1.2", "1.3"},
        "Task 1.1 ✅ and Task 1.3 (the long one)": {"1.1", "1.3"},
        "[1.1] + [1.2]": {"1.1", "1.2"},
    }.items():
        found = edges(f"{text}### Task 2.1: d\n\n**Depends on**: {words}\n")
        assert found == {(one, "2.1") for one in expected}, words


def test_numbers_that_start_again_per_phase_are_kept_apart() -> None:
    text = "".join(
        f"## Phase {phase}: P\n\n### Task 1: A\n\n### Task 2: B\n\n**Depends on:** Task 1\n\n" for phase in (1, 2)
    )
    found = read(text)
    assert [task.id for task in found.tasks] == ["1", "2", "P2/1", "P2/2"]
    assert found.observations == ()
    assert ("P2/1", "P2/2") in {(one.predecessor, one.successor) for one in found.dependencies}


def test_headings_without_ids_are_tasks_by_their_fields() -> None:
    text = (
        "# Pond Tasks\n\n## Pending\n\n### Line the pond\n\n**Priority:** High\n**Status:** Not Started\n\n"
        "**Acceptance Criteria:**\n- [ ] It holds water\n\n### Buy a pump\n\n**Priority:** Low\n**Type:** Errand\n\n"
        "## Completed\n\n_None yet_\n"
    )
    found = read(text)
    assert [(task.id, task.title) for task in found.tasks] == [("1.1", "Line the pond"), ("1.2", "Buy a pump")]
    assert "2 headings stand over a task's fields" in headings.why(Document.of(SourceText(text)))


def test_sections_with_fields_are_no_tasks_when_their_boxes_are() -> None:
    # The boxes stand under the label "Tasks", so the headings only group them.
    text = "### 1.1 Pumps\n\n**Status:** Open\n**Priority:** P1\n\n**Tasks:**\n- [ ] One\n- [ ] Two\n"
    assert read(text).dialect == "plain"
    # A requirement is no task, whatever stands under it.
    text = "### FR-001: Speed\n\n**Status:** Open\n**Priority:** P1\n\n### FR-002: Size\n\n**Status:** Open\n**Owner:** A\n"
    assert read(text).tasks == ()


def test_parts_may_be_headings_too() -> None:
    found = read("### Task R1: A\n\n#### R1.1: B\n\n**Status**: ✅ Done\n**Owner**: Ann\n\n### Task R2: C\n")
    assert [(task.id, task.parent) for task in found.tasks] == [("R1", None), ("R1.1", "R1"), ("R2", None)]


def test_a_later_report_on_a_task_is_no_task() -> None:
    found = read("### Task 1: A\n\n### Task 2: B\n\n## Task 1 Summary - COMPLETED\n\nIt went well.\n")
    assert [task.id for task in found.tasks] == ["1", "2"]
    assert found.observations == ()


def test_struck_headings_do_not_count() -> None:
    found = read("### ~~Task 1: A~~\n\n### Task 2: B\n")
    assert [task.id for task in found.required] == ["2"]


def test_a_fence_closed_twice_hides_nothing() -> None:
    text = "### Task 1: A\n\n```\ncode\n```\n```\n\n### Task 2: B\n\n```python\nx\n```\n\n### Task 3: C\n"
    assert [task.id for task in read(text).tasks] == ["1", "2", "3"]
    sample = "### Task 1: A\n\n```markdown\n### Task 9: sample\n```\n"
    assert [task.id for task in read(sample).tasks] == ["1"]


def test_a_sample_of_markdown_with_a_fence_of_its_own_ends_where_it_should() -> None:
    text = (
        "### Task 1: A\n\n```markdown\n## Sample\n```bash\nls\n```\n## More\n```\n\n### Task 2: B\n\n## Notes\n\n- x\n"
    )
    assert [task.id for task in read(text).tasks] == ["1", "2"]


def test_arrows_may_mean_needs() -> None:
    tasks = "### Task 1: A\n\n### Task 2: B\n\n**Depends on:** 1\n\n### Task 3: C\n\n**Depends on:** 2\n\n"
    drawn = f"{tasks}## Dependencies\n\n```\n2 → 1\n3 → 2\n3 → 1\n```\n"
    assert edges(drawn) == {("1", "2"), ("2", "3"), ("1", "3")}
    assert read(drawn).observations == ()


def test_arrows_that_point_both_ways_are_used_where_tasks_say_how() -> None:
    tasks = "".join(f"### Task {number}: A\n\n**Depends on:** {number - 1 or 'None'}\n\n" for number in range(1, 6))
    drawn = f"{tasks}## Dependencies\n\n```\n1 → 2\n3 → 2\n5 → 1\n```\n"
    found = read(drawn)
    # The last line is stated by no task, and the drawing is of two minds: it goes against the document, so it is left out.
    assert edges(drawn) == {("1", "2"), ("2", "3"), ("3", "4"), ("4", "5")}
    assert [(seen.text, seen.detail.partition(",")[0]) for seen in found.observations] == [("5 → 1", "left out")]


def test_ticks_change_marks_and_words_only() -> None:
    check_ticks(PLAN, "headings")


def test_a_state_is_said_in_the_manner_of_the_document() -> None:
    from milepost.plan import edits
    from milepost.source import apply

    done = apply(plan().source, edits.tick(plan(), "TASK-003", TaskState.DONE)).text
    assert "- **Status**: [x] Complete\n" in done
    done = apply(plan().source, edits.tick(plan(), "TASK-002", TaskState.DONE)).text
    assert "🔴 P0 | ✅ COMPLETE | Est: 3-4h\n" in done
    opened = apply(plan().source, edits.tick(plan(), "TASK-001", TaskState.IN_PROGRESS)).text
    assert "### TASK-001: Dig the beds 🔄 **IN PROGRESS**\n" in opened


_PIECES = st.sampled_from(
    [
        "## Phase 1: A\n", "### Task 1: B ✅\n", "#### TASK-2: C [todo]\n", "### Gate\n", "**Status**: done\n",
        "**Depends on:** Task 1, Phase 1\n", "- [ ] 1.1 D\n", "- [x] E\n", "```\n", "\r\n", "\t", "> ", "\n", "(AC: 1)",
        "| 1 | a |\n",
    ]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=25).map("".join))
def test_any_pieces_are_read(text: str) -> None:
    assert read_plan(SourceText(text), dialect="headings").source.text == text
    assert read_plan(SourceText(text)).source.text == text


OVERVIEW = """# Boat

## Where we are

- [x] **1. Sew the sails** (P0), all three
- [ ] 2. Paint the hull
- [x] 3. Something else
- [x] Buy beer

## Plan

### 1. Sew the sails

**Effort:** 2 days
**Dependencies:** None

- three of them

### 2. Paint the hull

**Effort:** 1 day
**Dependencies:** 1

### 3. Caulk

**Effort:** 1 day
**Status:** In Progress
"""


def test_boxes_of_an_overview_are_the_boxes_of_its_tasks() -> None:
    plan = read(OVERVIEW)
    assert plan.dialect == "headings"
    assert [(task.id, task.state.value) for task in plan.tasks] == [
        ("1", "done"),
        ("2", "not started"),
        ("3", "in progress"),
    ]
    assert [one.text for one in plan.criteria] == ["3. Something else", "Buy beer"]
    ticked = apply(plan.source, edits.tick(plan, "2", TaskState.DONE)).text
    assert ticked == OVERVIEW.replace("- [ ] 2.", "- [x] 2.")


def test_clock_times_and_dates_are_no_ids() -> None:
    entry = "### {}\n\n**Status:** Done\n**Effort:** 2h\n\n"
    plan = read(
        "# Log\n\n" + entry.format("21:00 - Sewed") + entry.format("21:30 - Cut") + entry.format("2026-01-02 (Day 1)")
    )
    assert [(task.title, task.id_span) for task in plan.tasks] == [("21:00 - Sewed", None), ("21:30 - Cut", None)]


def test_fields_of_a_few_sections_do_not_hide_a_checklist() -> None:
    text = "# P\n\n## Week 1\n\n- [ ] a\n- [ ] b\n- [x] c\n\n## References\n\n**Status:** Draft\n**Owner:** Ann\n\n## Return\n\n**Timeline:** 4 weeks\n**Status:** Draft\n"
    plan = read(text)
    assert (plan.dialect, [task.title for task in plan.tasks]) == ("plain", ["a", "b", "c"])
