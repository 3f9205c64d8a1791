"""What status words say about tasks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from milepost.plan.model import Task, TaskState
from milepost.source.lazy_regex import lazy_regex


class Status(StrEnum):
    """A status as the reference document writes it."""

    NOT_STARTED = "Not Started"
    IN_PROGRESS = "In Progress"
    COMPLETE = "Complete"
    BLOCKED = "Blocked"
    DEFERRED = "Deferred"


_WORDS = {
    Status.NOT_STARTED: "not started|pending|to ?do|planned|queued",
    Status.IN_PROGRESS: "in[ -]progress|started|ongoing|wip|work in progress|doing|underway",
    Status.COMPLETE: "complete|completed|done|finished|all done|100 ?% complete|100 ?% done|100 ?%",
    Status.BLOCKED: "blocked|stuck",
    Status.DEFERRED: "deferred|postponed|on hold",
}
_DECORATION = r"[^\w%(\[]*"
_STATUS = [
    (status, lazy_regex(rf"{_DECORATION}(?:{words}){_DECORATION}(?:[(\[][^)\]]*[)\]]{_DECORATION})?", re.IGNORECASE))
    for status, words in _WORDS.items()
]


def read_status(text: str) -> Status | None:
    """Read a status; None unless the text is a status word and at most a remark in brackets."""
    return next((status for status, pattern in _STATUS if pattern.fullmatch(text)), None)


def contradiction(claimed: Status, tasks: Sequence[Task]) -> str:
    """Say how the tasks' boxes contradict a claimed status; empty when they agree well enough.

    An unticked box agrees with work in progress: few people mark a box before the work is done. Deferred tasks
    agree with everything.
    """
    states = [task.state for task in tasks]
    count = len(tasks) - states.count(TaskState.DEFERRED)
    if not count:
        return ""
    done = states.count(TaskState.DONE)
    if claimed is Status.COMPLETE and done < count:
        return f"{count - done} of {count} boxes are not ticked"
    if claimed is not Status.COMPLETE and done == count:
        return "every box is ticked" if done > 1 else "its box is ticked"
    if claimed is Status.NOT_STARTED and done:
        return f"{done} of {count} boxes are ticked"
    if claimed is Status.NOT_STARTED and TaskState.IN_PROGRESS in states:
        return "a box says that work is in progress"
    return ""


def derived(tasks: Sequence[Task]) -> Status:
    """The status the tasks' boxes amount to; deferred tasks do not count unless all are."""
    states = {task.state for task in tasks}
    if states == {TaskState.DEFERRED}:
        return Status.DEFERRED
    if states - {TaskState.DEFERRED} == {TaskState.DONE}:
        return Status.COMPLETE
    if states & {TaskState.DONE, TaskState.IN_PROGRESS}:
        return Status.IN_PROGRESS
    return Status.BLOCKED if TaskState.BLOCKED in states else Status.NOT_STARTED
