"""spec-workflow's plans."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.plan.dialect_checks import check_ticks, read

from milepost.plan.dialects import specworkflow
from milepost.plan.dialects.document import Document
from milepost.plan.model import TaskState
from milepost.plan.reader import read_plan
from milepost.source import SourceText

PLAN = """# Tasks Document: Bird House

## Task Overview
| Task | Description | Estimated Files |
|------|-------------|-----------------|
| 1 | Saw | 1 |

- [x] 1. Saw the boards
  - File: `src/boards.py`
  - Measure twice
  - Purpose: boards
  - _Leverage: src/saw.py for patterns_
  - _Requirements: 1.1, 1.2_
  - _Prompt: Role: Carpenter | Task: Saw the boards with `saw_board` and mind this: 2 → 3 | Restrictions: none_

- [-] 2. Nail them
  - Files: `src/nails.py`, src/hammer.py (changed)
  - _Requirements: 2.1_
  - _Prompt: |
    Role: Carpenter

    Task: Nail:
    1. Take a nail
    2. Hit it

    _Leverage: hammer

    After that mark the task: change [ ] to [x]_
- [ ] R2.1. Paint it
- [~] 3. Carve names **[DISCONTINUED]**

## Admin (added)

- [x] Sweep the floor

## Future Enhancements

- [ ] A second house

## Task Dependencies

```
Task 1 (Saw) → Task 2 (Nail) → R2.1 (Paint)
```
"""


def test_numbered_boxes_are_tasks() -> None:
    plan = read(PLAN)
    assert plan.dialect == "spec-workflow"
    assert "_Leverage: …_" in specworkflow.why(Document.of(SourceText(PLAN)))
    assert [(task.id, task.title, task.state) for task in plan.tasks[:3]] == [
        ("1", "Saw the boards", TaskState.DONE),
        ("2", "Nail them", TaskState.IN_PROGRESS),
        ("R2.1", "Paint it", TaskState.NOT_STARTED),
    ]


def test_what_is_given_up_or_for_later_is_not_required() -> None:
    plan = read(PLAN)
    assert [task.title for task in plan.tasks if task.struck] == ["Carve names [DISCONTINUED]"]
    assert [task.title for task in plan.tasks if task.optional] == ["A second house"]
    assert [task.title for task in plan.required] == ["Saw the boards", "Nail them", "Paint it", "Sweep the floor"]


def test_files_and_requirements_are_read() -> None:
    by_id = read(PLAN).by_id
    assert by_id["1"].files == ("src/boards.py",)
    assert by_id["2"].files == ("src/nails.py", "src/hammer.py")
    assert [one.text for one in by_id["1"].requirements] == ["1.1", "1.2"]
    prompt = next(one for one in by_id["1"].fields if one.key == "Prompt")
    assert prompt.value.endswith("Restrictions: none")


def test_dependencies_are_drawn_with_labels() -> None:
    plan = read(PLAN)
    assert [(one.predecessor, one.successor) for one in plan.dependencies] == [("1", "2"), ("2", "R2.1")]
    assert plan.observations == ()


def test_a_folder_shows_the_dialect() -> None:
    text = "# Tasks\n\n- [ ] 1. Saw\n"
    assert read(text, "/home/a/.spec-workflow/specs/x/tasks.md").dialect == "spec-workflow"
    assert read(text, "tasks.md").dialect != "spec-workflow"


def test_parts_are_nested_by_number() -> None:
    plan = read("- [ ] 1. A\n  - File: a.py\n- [ ] 1.1 B\n  - File: b.py\n")
    assert [(task.id, task.parent) for task in plan.tasks] == [("1", None), ("1.1", "1")]


def test_a_number_that_starts_no_count_was_put_in_between() -> None:
    plan = read(PLAN + "\n- [ ] 2.5. Bend the nails\n  - File: src/nails.py\n")
    assert [task.parent for task in plan.tasks if task.id == "2.5"] == [None]


def test_ticks_change_one_character() -> None:
    check_ticks(PLAN, "spec-workflow")


_PIECES = st.sampled_from(
    ["- [ ] 1. A\n", "  - File: a.py\n", "  - _Leverage: b_\n", "  - _Prompt: |\n", "    _x\n", "- [~] 2. B [dropped]\n",
     "## Future\n", "- [ ] C\n", "```\n", "\r\n", "\t", "> ", "\n"]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=25).map("".join))
def test_any_pieces_are_read(text: str) -> None:
    assert read_plan(SourceText(text), dialect="spec-workflow").source.text == text
