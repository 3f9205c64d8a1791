"""Public files of Task Master and Backlog.md."""

from __future__ import annotations

import pytest
from tests.corpus.shared_corpus import Entry, check_count, check_errors, check_lossless, entries

from milepost.plan.edits import tick
from milepost.plan.model import TaskState
from milepost.source import apply

ENTRIES = [*entries("taskmaster"), *entries("backlogmd")]
pytestmark = pytest.mark.skipif(not ENTRIES, reason="MILEPOST_SHARED is not set")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.file[-40:])
def test_document(entry: Entry) -> None:
    check_count(entry)
    check_errors(entry)
    check_lossless(entry)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.file[-40:])
def test_a_changed_status_changes_nothing_else(entry: Entry) -> None:
    plan = entry.plan
    for task in plan.tasks:
        if task.written and task.written.words:
            wanted = TaskState.DONE if task.state is not TaskState.DONE else TaskState.NOT_STARTED
            start, end = task.written.span
            after = apply(plan.source, tick(plan, task.id, wanted)).text
            word = dict(task.written.words)[wanted]
            assert after == plan.source.text[:start] + word + plan.source.text[end:]


def test_all_with_tasks_are_recognised() -> None:
    plain = [entry for entry in ENTRIES if entry.plan.dialect not in {"task-master", "task-master-text", "backlog"}]
    # Two documents that lie beside the tasks of a backlog and state none.
    assert [len(entry.plan.tasks) for entry in plain] == [0, 0]
