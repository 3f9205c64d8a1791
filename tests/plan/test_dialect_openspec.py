"""OpenSpec's plans."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.plan.dialect_checks import check_ticks, read

from milepost.plan.dialects import openspec
from milepost.plan.dialects.document import Document
from milepost.plan.model import TaskState
from milepost.plan.reader import read_plan
from milepost.source import SourceText

PLAN = """# Implementation Tasks

## 1. Dependencies

- [x] 1.1 Buy seeds

## 2. Configure Job Dependencies and Notes

Some words.

- [x] 2.1 Water daily, which takes
  two lines to say
- [ ] 2.2 Weeds
  - [ ] 2.2.1 Dandelions
  - [ ] 2.2.2 Nettles
  - [ ] gloves on
- plain bullet

```md
- [ ] 2.9 fenced
```

## 3. Checkpoint actions

- [ ] 3.1 Look around
- [ ] without a number

## 注释

- 说明
"""


def test_sections_are_phases_whatever_their_titles_sound_like() -> None:
    plan = read(PLAN)
    assert plan.dialect == "openspec"
    # The fourth of four numbered boxes outermost in lists is 3.1; the box without a number is none of them.
    assert "4 of 4" in openspec.why(Document.of(SourceText(PLAN)))
    assert [(phase.id, phase.title, phase.tasks) for phase in plan.phases] == [
        ("1", "Dependencies", ("1.1",)),
        ("2", "Configure Job Dependencies and Notes", ("2.1", "2.2", "2.2.1", "2.2.2")),
        ("3", "Checkpoint actions", ("3.1", "3.2")),
    ]


def test_parts_steps_and_states() -> None:
    plan = read(PLAN)
    weeds = plan.by_id["2.2"]
    assert [step.text for step in weeds.steps] == ["gloves on"]
    assert {task.id: task.parent for task in plan.tasks}["2.2.1"] == "2.2"
    assert [task.id for task in plan.required] == ["1.1", "2.1", "2.2.1", "2.2.2", "3.1", "3.2"]
    assert [task.id for task in plan.tasks if task.state is TaskState.DONE] == ["1.1", "2.1"]


def test_bold_ids_under_plain_headings_are_another_format() -> None:
    assert read("## Phase 1: A\n\n- [ ] **1.1** One\n- [ ] **1.2** Two\n").dialect != "openspec"


def test_a_repeated_number_in_one_section_is_a_duplicate() -> None:
    plan = read("## 3. A\n\n- [ ] 3.3 One\n- [ ] 3.3 Two\n")
    assert [one.text for one in plan.observations] == ["3.3"]


def test_ticks_change_one_character() -> None:
    check_ticks(PLAN, "openspec")


_PIECES = st.sampled_from(
    ["## 1. A\n", "- [ ] 1.1 B\n", "  - [x] 1.1.1 C\n", "## 2 D\n", "- [ ] E\n", "```\n", "\r\n", "\t", "> ", "\n"]
)


@given(st.lists(_PIECES, max_size=25).map("".join))
def test_any_pieces_are_read(text: str) -> None:
    plan = read_plan(SourceText(text), dialect="openspec")
    assert plan.source.text == text


def test_boxes_without_a_blank_before_the_number() -> None:
    plan = read("## Phase 1: A\n\n- [x]1.1 Dig\n  **Dependencies**: None\n\n- [ ]1.2 Rake\n")
    assert [(task.id, task.title, task.state) for task in plan.tasks] == [
        ("1.1", "Dig", TaskState.DONE),
        ("1.2", "Rake", TaskState.NOT_STARTED),
    ]


def test_a_number_that_ends_in_nought_heads_those_of_its_kind() -> None:
    plan = read("## 1. A\n\n- [ ] 1.0 All of it\n  - [ ] 1.1 Dig\n  - [x] 1.2 Rake\n    - gently\n")
    assert [(task.id, task.parent) for task in plan.tasks] == [("1.0", None), ("1.1", "1.0"), ("1.2", "1.0")]
    assert [task.id for task in plan.required] == ["1.1", "1.2"]
