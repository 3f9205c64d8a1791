from __future__ import annotations

import pytest

from milepost.lint.status import Status, contradiction, derived, read_status
from milepost.plan.model import Checkbox, Task, TaskState
from milepost.source import Span

HERE = Span(0, 0)
STATES = {
    " ": TaskState.NOT_STARTED,
    "x": TaskState.DONE,
    "-": TaskState.IN_PROGRESS,
    "!": TaskState.BLOCKED,
    ">": TaskState.DEFERRED,
}


def tasks(marks: str) -> list[Task]:
    return [
        Task(str(n), "", HERE, HERE, HERE, checkbox=Checkbox(STATES[mark], mark, HERE)) for n, mark in enumerate(marks)
    ]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Not Started", Status.NOT_STARTED),
        ("**In Progress**", Status.IN_PROGRESS),
        ("in-progress", Status.IN_PROGRESS),
        ("✅ Complete (2026-01-05)", Status.COMPLETE),
        ("done", Status.COMPLETE),
        ("100% Complete", Status.COMPLETE),
        ("⏳ Pending", Status.NOT_STARTED),
        ("[BLOCKED]", None),
        ("Blocked", Status.BLOCKED),
        # A sentence is no status.
        ("MUST COMPLETE BEFORE release", None),
        ("Completed except for the docs", None),
        ("Ready for review", None),
        # These words speak of the document as often as of the work.
        ("Active", None),
        ("Ready", None),
        ("", None),
    ],
)
def test_a_status_is_a_known_word_and_at_most_a_remark(text: str, status: Status | None) -> None:
    assert read_status(text) is status


@pytest.mark.parametrize(
    ("claimed", "marks", "contradicted"),
    [
        (Status.COMPLETE, "xx", False),
        (Status.COMPLETE, "x ", True),
        (Status.NOT_STARTED, "  ", False),
        (Status.NOT_STARTED, "x ", True),
        (Status.NOT_STARTED, "- ", True),
        (Status.IN_PROGRESS, "x ", False),
        (Status.IN_PROGRESS, "xx", True),
        # Few people mark a box before the work is done.
        (Status.IN_PROGRESS, "  ", False),
        (Status.BLOCKED, "x ", False),
        # What was put off on purpose is no unfinished work.
        (Status.COMPLETE, "x>", False),
        (Status.NOT_STARTED, "x>", True),
        (Status.BLOCKED, "xx", True),
    ],
)
def test_boxes_contradict_a_status(claimed: Status, marks: str, contradicted: bool) -> None:
    assert bool(contradiction(claimed, tasks(marks))) is contradicted


@pytest.mark.parametrize("marks", ["xx", "x ", "  ", "- ", "! ", "!x"])
def test_the_derived_status_is_never_contradicted(marks: str) -> None:
    assert contradiction(derived(tasks(marks)), tasks(marks)) == ""


def test_deferred_tasks_keep_nothing_from_being_complete() -> None:
    from milepost.lint.status import derived
    from milepost.plan.reader import read_plan
    from milepost.source import SourceText

    def status(*marks: str) -> Status:
        boxes = "".join(f"- [{mark}] **1.{number}** Task\n" for number, mark in enumerate(marks, 1))
        return derived(read_plan(SourceText(f"# A - Implementation Plan\n\n### **Phase 1: B**\n\n{boxes}")).tasks)

    assert status("x", ">") is Status.COMPLETE
    assert status("x", " ", ">") is Status.IN_PROGRESS
    assert status(">", ">") is Status.DEFERRED
