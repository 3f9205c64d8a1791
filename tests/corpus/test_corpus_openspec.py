"""Public documents of OpenSpec."""

from __future__ import annotations

import pytest
from tests.corpus.shared_corpus import Entry, check_count, check_errors, check_lossless, entries

ENTRIES = entries("openspec")
pytestmark = pytest.mark.skipif(not ENTRIES, reason="MILEPOST_SHARED is not set")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.file[-40:])
def test_document(entry: Entry) -> None:
    check_count(entry)
    check_errors(entry)
    check_lossless(entry)


def test_all_with_numbers_are_recognised() -> None:
    # The others hold checkboxes without numbers: plain checklists.
    others = [entry.plan for entry in ENTRIES if entry.plan.dialect != "openspec"]
    assert {plan.dialect for plan in others} == {"plain"}
    assert not any(task.id_span for plan in others for task in plan.tasks)
