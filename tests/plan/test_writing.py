"""Plans in other dialects: what they say survives the way there, or is listed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.plan.model import DependencyKind, Plan, TaskState
from milepost.plan.reader import read_plan
from milepost.plan.writing import STYLES, Written, write_plan
from milepost.source import SourceText

FIXTURES = sorted((Path(__file__).parent.parent / "fixtures" / "plans").glob("*.md"))

TOWER = """\
# Tower - Implementation Plan

> **Purpose:** Height

**Total Tasks:** 4

### **Phase 1: Ground**

- [x] **1.1** Dig
  - [x] deep
  - wide
  - _Requirements: REQ-1.1, US2_
  - _Estimated: 2h (1h-4h)_
  - _Run: make hole_

- [-] **1.2** Pour
  - _Depends: 1.1 (SS+30m)_
  - _Tier: 2_

### **Phase 2: Up**

Mind the wind.

- [ ]* **2.1** Raise
  - _Parallel_
  - [!] **2.1.1** Lift
    - _Depends: 1.2_
  - [ ] **2.1.2** Fix

## Checkpoints

### **Checkpoint 1: After Phase 1**
- [x] Level `make level`

## Notes

- **Critical Path:** Tasks 1.1 → 1.2
"""


def read(text: str) -> Plan:
    return read_plan(SourceText(text, path="tasks.md"))


def lost(written: Written) -> dict[str, tuple[str, ...]]:
    return {loss.what: loss.where for loss in written.lost}


@pytest.mark.parametrize("target", STYLES)
def test_the_result_is_recognised_as_what_it_is(target: str) -> None:
    assert read_plan(write_plan(read(TOWER), target).source).dialect == STYLES[target].dialect


def test_kiro() -> None:
    """Phases become tasks with parts, so that the numbers nest; all but the totals and the prose survives."""
    written = write_plan(read(TOWER), "kiro")
    assert (
        written.source.text
        == """\
# Implementation Plan: Tower

> **Purpose:** Height

- [-] 1. Ground
  - [x] 1.1 Dig
    - [x] deep
    - wide
    - _Requirements: REQ-1.1, US2_
    - _Estimated: 2h (1h-4h)_
    - _Run: make hole_
  - [-] 1.2 Pour
    - _Depends: 1.1 (SS+30 minutes)_
    - _Tier: 2_

- [-] 2. Up
  - [ ]* 2.1 Raise
    - _Parallel_
    - [!] 2.1.1 Lift
      - _Depends: 1.2_
    - [ ] 2.1.2 Fix

## Checkpoints

### Checkpoint 1: After Task 1
- [x] Level `make level`

## Notes

- **Critical Path:** Tasks 1.1 → 1.2
"""
    )
    assert lost(written) == {"claims": ("total tasks",), "optional": ("2.1.1", "2.1.2"), "text": ("line 22",)}
    assert written.foreign == (
        "estimates", "dependencies", "tiers", "commands", "parallel", "checkpoints", "the state blocked"
    )  # fmt: skip


def test_spec_kit_numbers_the_leaves_through_and_marks_them() -> None:
    written = write_plan(read(TOWER), "spec-kit")
    assert written.names == {"1.1": "T001", "1.2": "T002", "2.1.1": "T003", "2.1.2": "T004"}
    assert "- [x] T001 [US2] Dig\n" in written.source.text
    assert "- _Depends: T001 (SS+30 minutes)_\n" in written.source.text
    assert "- **Critical Path:** Tasks T001 → T002\n" in written.source.text
    assert lost(written)["tasks that other tasks are part of"] == ("2.1",)


def test_openspec_numbers_tasks_after_their_sections() -> None:
    written = write_plan(read(TOWER), "openspec")
    assert "## 1. Ground\n\n- [x] 1.1 Dig\n" in written.source.text
    assert set(lost(written)) == {"claims", "text"}


def test_plain_says_what_it_cannot() -> None:
    written = write_plan(read(TOWER), "plain")
    assert lost(written)["dependencies"] == ("1.1 → 1.2", "1.2 → 2.1.1")
    assert lost(written)["ids"] == ("1.1", "1.2", "2.1.1", "2.1.2")
    assert [task.title for task in read_plan(written.source).tasks] == ["Dig", "Pour", "Lift", "Fix"]


def test_the_reference_format_says_it_all() -> None:
    """But the line of prose, which no part of the model holds."""
    written = write_plan(read(TOWER), "reference")
    assert lost(written) == {"text": ("line 22",)}
    again = read_plan(written.source)
    (first, _) = again.dependencies
    assert (first.kind, first.lag) == (DependencyKind.START_TO_START, 1800)
    assert again.by_id["2.1"].optional


def test_ids_that_do_not_fit_are_given_anew() -> None:
    plan = read("# Tasks\n\n## Phase 1: A\n\n- [ ] T001 [P] Dig\n- [ ] T002 Pour\n  - _Depends: T001_\n")
    written = write_plan(plan, "openspec")
    assert lost(written)["ids"] == ("T001 is now 1.1", "T002 is now 1.2")
    assert [(one.predecessor, one.successor) for one in read_plan(written.source).dependencies][:1] == [("1.1", "1.2")]


def test_front_matter_comes_along() -> None:
    written = write_plan(read("---\nowner: me\n---\n\n- [ ] **1** Dig\n"), "kiro")
    assert written.source.text.startswith("---\nowner: me\n---\n\n# Implementation Plan: Plan\n")
    assert lost(written) == {}


@pytest.mark.parametrize("target", STYLES)
@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_fixtures_keep_their_tasks_and_states(path: Path, target: str) -> None:
    plan = read_plan(SourceText.from_bytes(path.read_bytes(), path=path.name))
    again = read_plan(write_plan(plan, target).source, STYLES[target].dialect)
    parts = {task.parent for task in again.tasks}
    leaves = [(" ".join(task.title.split()), task.state) for task in again.tasks if task.id not in parts]
    assert leaves == [(" ".join(task.title.split()), task.state) for task in plan.tasks if task.id not in plan.parents]


TASKS = st.lists(
    st.tuples(
        st.sampled_from([state for state in TaskState if state is not TaskState.UNKNOWN]),
        st.sampled_from(["Dig", "Pour it", "深い", "a_b `c`", "up (a, b)"]),
        st.integers(0, 5),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)
MARKS = {"not started": " ", "in progress": "-", "done": "x", "blocked": "!", "deferred": ">"}


@settings(max_examples=60, deadline=None)
@given(TASKS, st.sampled_from([one for one in STYLES if STYLES[one].named]), st.booleans())
def test_there_and_back(tasks: list[tuple[TaskState, str, int, bool]], target: str, phased: bool) -> None:
    lines = ["# Tower - Implementation Plan", "", *(["### **Phase 1: Ground**", ""] if phased else [])]
    for number, (state, title, waits, optional) in enumerate(tasks, start=1):
        lines.append(f"- [{MARKS[state]}]{'*' * optional} **1.{number}** {title}")
        if 0 < waits < number:
            lines.append(f"  - _Depends: 1.{waits}_")
    plan = read("\n".join(lines))
    written = write_plan(plan, target)
    back = write_plan(read_plan(written.source, STYLES[target].dialect), "reference")
    again = read_plan(back.source, "reference")
    leaves = [task for task in again.tasks if task.id not in again.parents]
    assert [(t.title, t.state, t.optional) for t in leaves] == [(t.title, t.state, t.optional) for t in plan.tasks]
    places = {task.id: place for place, task in enumerate(leaves)}
    links = {(places[one.predecessor], places[one.successor]) for one in again.dependencies}
    before = {task.id: place for place, task in enumerate(plan.tasks)}
    assert {(before[one.predecessor], before[one.successor]) for one in plan.dependencies} == links


def test_front_matter_that_belongs_to_another_tool_is_left_out_and_listed() -> None:
    plan = read(
        "---\nwork_package_id: WP01\ntitle: Dig\nsubtasks: [T001, T002]\n---\n\n# Dig\n\n## Subtasks\n\n- [ ] T001 a\n- [x] T002 b\n"
    )
    assert plan.dialect == "speckitty"
    written = write_plan(plan, "reference")
    again = read_plan(written.source)
    assert again.dialect == "reference"
    assert [(task.id, task.state) for task in again.tasks] == [(task.id, task.state) for task in plan.tasks]
    assert "work_package_id" in lost(written)["front matter"]


def test_what_is_lost_is_found_in_the_text_as_it_will_be_read() -> None:
    """A title such as "T001 …" makes a checklist one with ids: what others will read there is what is compared."""
    plan = read("# P\n\n- [ ] **7.1** T001 Dig\n- [ ] **7.2** T002 Fill\n  - _Depends: 7.1_\n")
    written = write_plan(plan, "plain")
    again = read_plan(written.source)
    kept = {task.title for task in again.tasks}
    for task in plan.tasks:
        assert task.title in kept or {task.id} & {one for places in lost(written).values() for one in places}
    assert lost(written)["dependencies"] == ("7.1 → 7.2",)
