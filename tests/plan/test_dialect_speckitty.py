"""spec-kitty's plans and prompts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.plan.dialect_checks import check_ticks, read

from milepost.plan.dialects import speckitty
from milepost.plan.dialects.document import Document
from milepost.plan.model import DependencyOrigin, ObservationKind
from milepost.plan.reader import read_plan
from milepost.source import SourceText

PLAN = """# Work Packages: Bird table

**Critical Path**: WP01 → WP02

## Subtask Index

| ID | Description | WP | Parallel |
|----|-------------|----|----------|
| T001 | Saw | WP01 | [P] |

## Phase 1: Wood

### WP01 — Cut the wood

**Priority**: P0 — blocks WP02.
**Dependencies**: none (can parallel with WP03)
**Prompt**: [tasks/WP01.md](tasks/WP01.md)

- [x] T001 Saw (WP01)
- [ ] T002: Sand
- [ ] all edges are smooth

### WP02: Put it together (Priority: P1)

**Dependencies**: WP01 (wood must exist)

- [ ] T003 [P] Screw
- [ ] T004 [P] Glue

## Work Package 3: Post

### Included Subtasks

- [ ] T005 Dig

### Dependencies

- Depends on WP01, and later WP02 is nice.

## Work Package WP04: Seeds

**Dependencies**: WP02, WP03

Buy them.

## Testing

### WP01–WP02 (Wood)

- words
"""


def test_work_packages_group_their_subtasks() -> None:
    plan = read(PLAN)
    assert plan.dialect == "speckitty"
    assert "WP01" in speckitty.why(Document.of(SourceText(PLAN)))
    assert [(phase.id, phase.title, phase.tasks) for phase in plan.phases] == [
        ("WP01", "Cut the wood", ("T001", "T002")),
        ("WP02", "Put it together (Priority: P1)", ("T003", "T004")),
        ("WP03", "Post", ("T005",)),
        ("WP04", "Seeds", ("WP04",)),
    ]
    assert [task.title for task in plan.tasks] == ["Saw (WP01)", "Sand", "Screw", "Glue", "Dig", "Seeds"]


def test_dependencies_between_work_packages() -> None:
    plan = read(PLAN)
    stated = {
        (one.predecessor, one.successor)
        for one in plan.dependencies
        if one.sources[0].origin is not DependencyOrigin.ORDER
    }
    after_wood = {(first, then) for first in ("T001", "T002") for then in ("T003", "T004", "T005")}
    assert stated >= after_wood | {(first, "WP04") for first in ("T003", "T004", "T005")}
    assert not {then for _, then in stated} & {"T001", "T002"}


def test_names_of_work_packages_are_no_unknown_tasks() -> None:
    assert not [one for one in read(PLAN).observations if one.kind is ObservationKind.UNKNOWN_TASK]


def test_a_drawing_of_work_packages() -> None:
    plan = read(
        "# Tasks\n\n## Dependency Graph\n\n```\nWP01 (a) ──┐\nWP02 (b) ──┼── WP03 (c)\n```\n\n"
        "## WP01: A\n\n- [ ] T001 A\n\n## WP02: B\n\n- [ ] T002 B\n\n## WP03: C\n\n- [ ] T003 C\n"
    )
    assert {(one.predecessor, one.successor) for one in plan.dependencies} == {("T001", "T003"), ("T002", "T003")}


PROMPT = """---
work_package_id: WP02
title: Put it together
dependencies: [WP01]
subtasks:
- T003
- T004
---

# Work Package Prompt: WP02 – Put it together

## Subtasks & Detailed Guidance

### Subtask T003 – Screw

- Use the long ones

### Subtask T004 [P] – Glue

Wait a day.

## Definition of Done

- [ ] T003: it holds
"""


def test_a_prompt_has_its_subtasks_as_tasks() -> None:
    plan = read(PROMPT)
    assert plan.dialect == "speckitty"
    assert "WP02" in speckitty.why(Document.of(SourceText(PROMPT)))
    assert [(task.id, task.title, task.parallel, task.phase) for task in plan.tasks] == [
        ("T003", "Screw", False, None),
        ("T004", "Glue", True, None),
    ]
    assert [step.text for step in plan.by_id["T003"].steps] == ["Use the long ones"]
    assert plan.phases == ()
    assert not plan.observations


def test_a_prompt_without_subtasks_is_one_task() -> None:
    plan = read("---\nwork_package_id: WP07\ntitle: Paint\n---\n\n# WP07 – Paint\n\nRed.\n")
    assert [(task.id, task.title) for task in plan.tasks] == [("WP07", "Paint")]


def test_ticks_change_one_character() -> None:
    check_ticks(PLAN, "speckitty")


_PIECES = st.sampled_from(
    [
        "---\n",
        "work_package_id: WP01\n",
        "## WP01: A\n",
        "### WP02 — B\n",
        "- [ ] T001 C\n",
        "### Subtask T002 – D\n",
        "**Dependencies**: WP01\n",
        "### Dependencies\n",
        "- Depends on WP01\n",
        "WP01 → WP02\n",
        "```\n",
        "\r\n",
        "## Dependencies\n",
    ]
)


@given(st.lists(_PIECES, max_size=25).map("".join))
def test_any_pieces_are_read(text: str) -> None:
    plan = read_plan(SourceText(text), dialect="speckitty")
    assert plan.source.text == text
    known = {task.id for task in plan.tasks}
    assert all(one.predecessor in known and one.successor in known for one in plan.dependencies)


def test_a_second_heading_about_a_subtask_of_a_prompt_is_part_of_it() -> None:
    plan = read(
        "---\nwork_package_id: WP01\n---\n\n# Dig\n\n### T001 - Beds\n\n### T002 - Paths\n\n### T001 - what else\n"
    )
    assert [task.id for task in plan.tasks] == ["T001", "T002"]
    assert plan.observations == ()
