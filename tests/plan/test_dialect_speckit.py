"""spec-kit's plans."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plan.dialect_checks import check_ticks, read

from milepost.plan.dialects import speckit
from milepost.plan.dialects.document import Document
from milepost.plan.model import AnchorKind, DependencyOrigin, ObservationKind, Plan, ReferenceKind
from milepost.plan.reader import read_plan
from milepost.source import SourceText

TASKS = """# Tasks: Star chart

**Input**: `specs/001-stars/`

## Format: `[ID] [P?] [Story] Description`

- **[P]**: can run in parallel
- **[Story]**: which story

## Phase 1: Setup (Shared)

- [x] T001 Create the folder
- [X] T002 [P] Add the paper

**Checkpoint**: There is paper

## Phase 2: Foundational (Blocking Prerequisites)

- [ ] T003 Draw the poles (depends on T001)
- [ ] T004 [P] Draw the equator

## Phase 3: User Story 1 - See the bear (Priority: P1) 🎯 MVP

### Tests for User Story 1

- [ ] T005 [P] [US1] Test the bear in tests/bear.py

### Implementation for User Story 1

- [ ] T006 [US1] Draw the bear
  - [ ] mind the tail
- [ ] **T006a** [US1+US2] Name the bear

## Phase 4: User Story 2 - See the swan (Priority: P2)

- [ ] T007 [US2] Draw the swan
- [ ] T008 Frame it (optional)

## Phase 5: Polish & Cross-Cutting Concerns

- [ ] T009 [P] Clean the glass
"""

PROSE = """
## Dependencies & Execution Order

### Phase Dependencies

- **Setup (Phase 1)**: No dependencies - can start immediately
- **Foundational (Phase 2)**: Depends on Setup completion - BLOCKS all user stories
- **User Stories (Phase 3+)**: All depend on Foundational phase completion
  - Or sequentially in priority order (P1 → P2 → P3)
- **Polish (Final Phase)**: Depends on all desired user stories being complete

### Parallel Opportunities

- T005 and T007 can run in parallel after T003

## Parallel Example: User Story 1

```bash
Task: T005 before T001
- [ ] T099 fenced
```
"""


def _between_phases(plan: Plan) -> set[tuple[str | None, str | None]]:
    """Which phase waits for which, in so many words."""
    phase = {task.id: task.phase for task in plan.tasks}
    return {
        (phase[one.predecessor], phase[one.successor])
        for one in plan.dependencies
        if one.sources[0].origin is not DependencyOrigin.ORDER and phase[one.predecessor] != phase[one.successor]
    }


def _with(statements: str) -> Plan:
    return read(f"{TASKS}\n## Dependencies\n\n{statements}\n")


def test_detection_names_its_reasons() -> None:
    assert read(TASKS).dialect == "speckit"
    reasons = speckit.why(Document.of(SourceText(TASKS)))
    assert "[P]" in reasons
    assert "phases" in reasons


def test_ids_titles_and_marks() -> None:
    plan = read(TASKS)
    shown = [(task.id, task.title, task.parallel) for task in plan.tasks]
    assert shown == [
        ("T001", "Create the folder", False),
        ("T002", "Add the paper", True),
        ("T003", "Draw the poles (depends on T001)", False),
        ("T004", "Draw the equator", True),
        ("T005", "Test the bear in tests/bear.py", True),
        ("T006", "Draw the bear", False),
        ("T006a", "Name the bear", False),
        ("T007", "Draw the swan", False),
        ("T008", "Frame it (optional)", False),
        ("T009", "Clean the glass", True),
    ]
    assert [task.id for task in plan.tasks if task.optional] == ["T008"]
    assert [step.text for step in plan.by_id["T006"].steps] == ["mind the tail"]


def test_stories_are_references() -> None:
    plan = read(TASKS)
    stories = {task.id: [one.text for one in task.requirements] for task in plan.tasks if task.requirements}
    assert stories == {"T005": ["US1"], "T006": ["US1"], "T006a": ["US1", "US2"], "T007": ["US2"]}
    [first] = plan.by_id["T005"].requirements
    assert (first.kind, plan.source.slice(first.span)) == (ReferenceKind.STORY, "US1")


def test_phases_hold_the_tasks_of_their_subsections() -> None:
    phases = {phase.id: phase.tasks for phase in read(TASKS).phases}
    assert phases["3"] == ("T005", "T006", "T006a")
    assert list(phases) == ["1", "2", "3", "4", "5"]


def test_a_checkpoint_sentence_holds_back_what_waits_for_its_phase() -> None:
    [checkpoint] = read(TASKS).checkpoints
    assert checkpoint.name == "Checkpoint after Phase 1"
    assert (checkpoint.anchor.kind, checkpoint.anchor.ids) == (AnchorKind.TASK, ("T001", "T002"))
    assert [criterion.text for criterion in checkpoint.criteria] == ["There is paper"]


def test_the_template_prose() -> None:
    # Phase 2 waits for Setup; phases 3 and up wait for it, as the last one does for all stories (3 and 4). Parallel
    # work, examples in fences and priorities in brackets are no dependencies.
    expected = {("1", "2"), ("2", "3"), ("2", "4"), ("2", "5"), ("3", "5"), ("4", "5")}
    assert _between_phases(read(TASKS + PROSE)) == expected


def test_order_inside_phases_is_implied() -> None:
    implied = {
        (one.predecessor, one.successor)
        for one in read(TASKS + PROSE).dependencies
        if one.sources[0].origin is DependencyOrigin.ORDER
    }
    assert implied == {("T001", "T002"), ("T003", "T004"), ("T005", "T006"), ("T006", "T006a"), ("T007", "T008")}


def test_without_any_statement_nothing_is_stated() -> None:
    assert read(TASKS.replace(" (depends on T001)", "")).dependencies == ()


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("- **US2 (Phase 4)**: Depends on US1 (needs the pole) + Phase 2 - can run beside Phase 5", {("2", "4"), ("3", "4")}),
        ("- **Phase 3, 4**: All depend on Phase 2 but are independent of Phase 1", {("2", "3"), ("2", "4")}),
        ("- **Phases 3–4**: Depend on Phases 1-2", {("1", "3"), ("1", "4"), ("2", "3"), ("2", "4")}),
        ("- **Polish (Phase 5)**: Depends on all previous phases", {("1", "5"), ("2", "5"), ("3", "5"), ("4", "5")}),
        ("- **User Story 2 (P2)**: Can start after Foundational (Phase 2) - May integrate with US1", {("2", "4")}),
        ("- **US2**: No dependencies on other stories", set()),
        ("- **US2**: Does not depend on US1", set()),
        ("- **US2**: None (can parallel with US1)", set()),
        ("- **US1** and **US2** could need each other after Phase 5", set()),
        ("- **Phase 1 → Phase 2**: the folder first", {("1", "2")}),
        ("**Sequence**: Setup → Foundational → US1 → sleep → US2", {("1", "2"), ("2", "3")}),
        ("- **US2**: Foundational → US2 (its nest depends on US1's pole)", {("3", "4")}),
        ("- **Dev A**: US2 → US1", set()),
        ("- T007 blocks T009", {("4", "5")}),
        ("- Tests (T005) before the swan (T007)", {("3", "4")}),
        ("- T007 depends on T006, needs Python 3", {("3", "4")}),
        ("T009 ← T001, T007", {("1", "5"), ("4", "5")}),
        ("| Story | Depends On | Can Parallel With |\n|---|---|---|\n| US2 | US1 (the pole) | US3 |\n| US1 | None | US2 |", {("3", "4")}),
        ("| Story | Phase | Can Start After |\n|---|---|---|\n| US2 | Phase 4 | Foundational (Phase 2) |", {("2", "4")}),
        ("```mermaid\ngraph TD\nT001 --> T003\n```", {("1", "2")}),
        ("```\nPhase 1 (Setup)\n  └─→ Phase 2\n        ├─→ Phase 3 (US1) ──→ Phase 4\n        └─→ Phase 5\n```", {("1", "2"), ("2", "3"), ("3", "4"), ("2", "5")}),
        ("```\nPhase 5: US-9 ─── P1 (first)\n```", set()),
    ],
)  # fmt: skip
def test_statements(statement: str, expected: set[tuple[str, str]]) -> None:
    # T003 says itself that it depends on T001.
    assert _between_phases(_with(statement)) - {("1", "2")} == expected - {("1", "2")}


def test_brackets_make_a_story_narrower() -> None:
    plan = _with("- **US2**: Depends on US1 bear (T006) so that there is one")
    pairs = {
        (one.predecessor, one.successor) for one in plan.dependencies if one.sources[0].origin is DependencyOrigin.FIELD
    }
    assert pairs == {("T001", "T003"), ("T006", "T007"), ("T006", "T008")}


def test_prose_that_runs_in_a_circle_was_misunderstood() -> None:
    plan = _with("- **US1**: needs US2\n- **US2**: needs US1")
    assert _between_phases(plan) == {("1", "2")}


def test_dependencies_on_other_specs_are_not_ours() -> None:
    plan = read(
        f"{TASKS}\n## Dependencies\n\n### Cross-Spec Dependencies\n\n- **Phase 2**: Depends on Phase 5 of Spec 004\n"
    )
    assert _between_phases(plan) == {("1", "2")}


def test_an_id_that_no_task_has_is_noticed_where_a_task_names_it() -> None:
    plan = read(TASKS.replace("depends on T001", "depends on T001, T077"))
    assert [one.text for one in plan.observations if one.kind is ObservationKind.UNKNOWN_TASK] == ["T077"]


def test_suffixes_and_renumbered_ids_are_no_duplicates() -> None:
    plan = read(
        "# Tasks\n\n## Phase 1: A\n\n- [ ] T001 One\n- [ ] T001a More\n- [ ] T001b-1 Most\n- [ ] T002A Two\n\n"
        "## Phase 2: B\n\n- [ ] T003 New\n- [ ] T001: Again (UPDATED: was T001, renamed)\n- [ ] T004 Last\n"
    )
    assert [task.id for task in plan.tasks] == ["T001", "T001a", "T001b-1", "T002A", "T003", "P2/T001", "T004"]
    assert not plan.observations


def test_huge_phases_are_tied_by_their_ends() -> None:
    lines = "".join(f"- [ ] T{number:04d} [P] Star\n" for number in range(200))
    more = "".join(f"- [ ] T{number:04d} [P] Star\n" for number in range(200, 400))
    plan = read(
        f"# Tasks\n\n## Phase 1: A\n\n{lines}\n## Phase 2: B\n\n{more}\n## Dependencies\n\n- **Phase 2**: Depends on Phase 1\n"
    )
    # 200 for the first task of the second phase, and one for each of the other 199.
    assert len(plan.dependencies) == 399


def test_ticks_change_one_character() -> None:
    check_ticks(TASKS + PROSE, "speckit")


_PIECES = st.sampled_from(
    [
        "## Phase 1: Setup\n",
        "- [ ] T001 [P] [US1] A\n",
        "- [x] T002 B (depends on T001)\n",
        "## Dependencies\n\n",
        "- **US1**: Depends on Phase 2\n",
        "T001 → T002\n",
        "| Story | Depends On |\n|---|---|\n",
        "| US1 | Phase 2 |\n",
        "**Checkpoint**: ok\n",
        "```\n",
        "all phases ",
        "Phase 3+ ",
        "(",
        ")",
        "\r",
        "WP01 ",
        "BLOCKS all user stories. ",
    ]
)


@given(st.lists(_PIECES, max_size=30).map("".join))
def test_any_pieces_are_read(text: str) -> None:
    plan = read_plan(SourceText(text), dialect="speckit")
    assert plan.source.text == text
    known = {task.id for task in plan.tasks}
    assert all(one.predecessor in known and one.successor in known for one in plan.dependencies)


def test_tasks_nested_in_others() -> None:
    plan = read(
        "# Tasks: A\n\n## Phase 1: A\n\n- [ ] T001 [P] Dig\n  - [ ] T001a Fetch a spade\n  - [ ] T007 [US1] Sharpen it\n"
        "    - blocks: T001\n- [ ] T002 Rake\n"
    )
    assert [(task.id, task.parent) for task in plan.tasks] == [
        ("T001", None),
        ("T001a", "T001"),
        ("T007", None),
        ("T002", None),
    ]


STORIES = """# Tasks: A

## Phase 1: User Story 1 - Browse + User Story 4 - Sort

- [ ] T001 [US1] Browse

## Phase 2: User Story 1.5 - Sign in

- [ ] T002 [P] [US1.5][US2] Sign in
- [~] T001' given up: see there

## Dependencies

- **US1.5**: Depends on US1
"""


def test_stories_of_several_and_of_parts() -> None:
    plan = read(STORIES)
    assert [(task.id, task.title, [one.text for one in task.requirements]) for task in plan.tasks] == [
        ("T001", "Browse", ["US1"]),
        ("T002", "Sign in", ["US1.5", "US2"]),  # the last box only mentions T001
    ]
    assert ("T001", "T002") in {(one.predecessor, one.successor) for one in plan.dependencies}
