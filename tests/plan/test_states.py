"""States in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.plan.grammar.states import find_state, read_state, restate
from milepost.plan.model import TaskState

DONE, OPEN, BUSY = TaskState.DONE, TaskState.NOT_STARTED, TaskState.IN_PROGRESS


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("✅ Complete (261 lines)", DONE),
        ("✅ **COMPLETE**", DONE),
        ("⚠️ COMPLETED WITH KNOWN ISSUE", DONE),
        ("✅", DONE),
        ("[x] Complete", DONE),
        ("completado", DONE),
        ("已完成", DONE),
        ("Готово", DONE),
        ("[ ] Pending", OPEN),
        ("⬜ TODO", OPEN),
        ("🔴 Not Started", OPEN),
        # The word counts before the sign.
        ("🔄 Not Started", OPEN),
        ("🔄 Ready to start (waiting for phase 2)", OPEN),
        ("Not yet done", OPEN),
        ("[⏳ Pending]", OPEN),
        ("In Progress", BUSY),
        ("🔄", BUSY),
        ("Ready for review", BUSY),
        ("🔒 BLOCKED", TaskState.BLOCKED),
        ("📅 DEFERRED TO v1.1.0+", TaskState.DEFERRED),
        ("on hold", TaskState.DEFERRED),
        ("Draft", None),
        ("Approved", None),
        ("Not applicable", None),
        ("done by Bob", None),
        ("completeness", None),
        ("openly", None),
        ("", None),
    ],
)
def test_reading(text: str, state: TaskState | None) -> None:
    assert read_state(text) is state


@pytest.mark.parametrize(
    ("text", "state", "told"),
    [
        ("✅ Complete", OPEN, "⏳ Not Started"),
        ("[ ] Pending", DONE, "[x] Complete"),
        ("⬜ TODO", DONE, "✅ DONE"),
        ("todo", DONE, "done"),
        ("✅ **COMPLETE", BUSY, "🔄 **IN PROGRESS"),
        ("✅", OPEN, "⏳"),
        ("pending", TaskState.BLOCKED, "blocked"),
    ],
)
def test_saying_another_state(text: str, state: TaskState, told: str) -> None:
    assert restate(text, state) == told
    assert read_state(told) is state


def test_the_place_of_the_words() -> None:
    text = "**Status**: 🔄 In Progress (half)"
    found = find_state(text, len("**Status**: "))
    assert found is not None
    assert text[found[1] : found[2]] == "🔄 In Progress"


@given(st.text(alphabet="✅🔄[]x *_-done todo pending()", max_size=30))
def test_any_text(text: str) -> None:
    found = find_state(text)
    if found:
        assert 0 <= found[1] < found[2] <= len(text)
        assert read_state(text[found[1] : found[2]]) is found[0]
