"""Lines that are inserted to say a heading's state."""

from __future__ import annotations

import pytest

from milepost.plan.edits import tick
from milepost.plan.model import TaskState
from milepost.plan.reader import read_plan
from milepost.source import SourceText, apply


@pytest.mark.parametrize(
    ("below", "expected"),
    [
        ("", "\n\n**Status:** Done"),
        ("\n", "\n\n**Status:** Done\n"),
        ("\n\nWords\n", "\n\n**Status:** Done\n\nWords\n"),
        ("\nWords\n", "\n\n**Status:** Done\n\nWords\n"),
        ("\r\n\r\nWords\r\n", "\r\n\r\n**Status:** Done\r\n\r\nWords\r\n"),
        ("\n**Effort**: 2h\\\n**Files**: a\n", "\n**Status**: Done\\\n**Effort**: 2h\\\n**Files**: a\n"),
        ("\n\n- **Effort:** 2h\n- 画像\n", "\n\n- **Status:** Done\n- **Effort:** 2h\n- 画像\n"),
        ("\n\n\t* __Effort__: 2h\n", "\n\n**Status:** Done\n\n\t* __Effort__: 2h\n"),
        ("\n\n**EFFORT:** 2h\n", "\n\n**STATUS:** Done\n**EFFORT:** 2h\n"),
        ("\n\nمرحبا 🎉\n", "\n\n**Status:** Done\n\nمرحبا 🎉\n"),
        ("\n- [ ] a step\n", "\n\n**Status:** Done\n\n- [ ] a step\n"),
    ],
)
@pytest.mark.parametrize("before", ["", "\ufeff", "Words \udcff\n\n"])
def test_the_smallest_line_that_says_it(below: str, expected: str, before: str) -> None:
    text = f"{before}# P\n\n### Task 0: Z\n\n### Task 1: A{below}"
    plan = read_plan(SourceText(text))
    changed = apply(plan.source, tick(plan, "1", TaskState.DONE))
    assert changed.text == f"{before}# P\n\n### Task 0: Z\n\n### Task 1: A{expected}"
    again = read_plan(changed)
    assert [task.state for task in again.tasks] == [TaskState.NOT_STARTED, TaskState.DONE]
    assert tick(again, "1", TaskState.DONE) == []


def test_the_words_are_those_of_other_tasks() -> None:
    text = "# P\n\n### Task 1: A\n\n**Status:** ✅ COMPLETE\n\n### Task 2: B\n"
    plan = read_plan(SourceText(text))
    changed = apply(plan.source, tick(plan, "2", TaskState.IN_PROGRESS)).text
    assert changed == text.replace("Task 2: B\n", "Task 2: B\n\n**Status:** 🔄 IN PROGRESS\n")


def test_what_is_no_heading_or_is_made_of_parts_gets_no_line() -> None:
    plan = read_plan(SourceText("# P\n\n### Task 1: A\n\n#### Task 1.1: B\n\n- [x] **1.1.1** c\n"))
    assert tick(plan, "1", TaskState.DONE) == []
    assert tick(plan, "1.1", TaskState.DONE) == []
    plan = read_plan(SourceText("# P\n\n| ID | Task | Effort |\n|--|--|--|\n| 1 | Dig | 1h |\n| 2 | Fill | 1h |\n"))
    assert tick(plan, "1", TaskState.DONE) == []
