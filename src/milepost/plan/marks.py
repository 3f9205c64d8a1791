"""The marks in checkboxes, and the states they stand for."""

from __future__ import annotations

from milepost.plan.task_model import TaskState

MARKS: dict[str, TaskState] = {
    " ": TaskState.NOT_STARTED,
    "x": TaskState.DONE,
    "X": TaskState.DONE,
    "-": TaskState.IN_PROGRESS,
    "~": TaskState.IN_PROGRESS,
    "/": TaskState.IN_PROGRESS,
    "!": TaskState.BLOCKED,
    ">": TaskState.DEFERRED,
}

MARK_OF: dict[TaskState, str] = {
    TaskState.NOT_STARTED: " ",
    TaskState.DONE: "x",
    TaskState.IN_PROGRESS: "-",
    TaskState.BLOCKED: "!",
    TaskState.DEFERRED: ">",
}
