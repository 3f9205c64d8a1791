"""Public documents in other dialects: the same tasks, states and dependencies, but for what is listed as lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from tests.corpus.figures import dialects
from tests.corpus.shared_corpus import SHARED, Entry, entries

from milepost.plan.model import Plan
from milepost.plan.reader import read_plan
from milepost.plan.writing import STYLES, Written, write_plan

HAS_CORPUS = (SHARED / "corpus" / "MANIFEST.tsv").is_file()
ENTRIES = [entry for dialect in dialects() for entry in entries(dialect)] if HAS_CORPUS else []
pytestmark = pytest.mark.skipif(not ENTRIES, reason="MILEPOST_SHARED is not set")


def words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.replace("_", " "))).casefold()


def listed(written: Written, what: str) -> set[str]:
    return {name for loss in written.lost if loss.what.startswith(what) for name in loss.where}


def silent_losses(plan: Plan, written: Written, target: str) -> Iterator[str]:
    """What is not there again and not listed; compared without the code that makes the list."""
    again = read_plan(written.source)
    if again.dialect != STYLES[target].dialect and not listed(written, "what it looks like"):
        yield f"taken for {again.dialect}"
    for task in plan.by_id.values():
        found = again.by_id.get(written.names.get(task.id, ""))
        if found is None:
            if task.id not in listed(written, "tasks"):
                yield f"task {task.id}"
            continue
        if found.state is not task.state and task.id not in listed(written, "states"):
            yield f"state of {task.id}"
        if words(found.title) != words(task.title) and task.id not in listed(written, "titles"):
            yield f"title of {task.id}"
    there = {(one.predecessor, one.successor) for one in again.dependencies}
    gone = listed(written, "dependencies")
    for one in plan.dependencies:
        ends = (written.names.get(one.predecessor, ""), written.names.get(one.successor, ""))
        if ends not in there and f"{one.predecessor} → {one.successor}" not in gone:
            yield f"dependency {one.predecessor} → {one.successor}"


@pytest.mark.parametrize("target", STYLES)
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.file[-40:])
def test_nothing_is_lost_in_silence(entry: Entry, target: str) -> None:
    plan = entry.plan
    if len(plan.by_id) == len(plan.tasks):  # Of two tasks with one id nobody can say which one is meant.
        assert list(silent_losses(plan, write_plan(plan, target, "tasks.md"), target)) == []
