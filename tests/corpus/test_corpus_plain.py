"""Public documents with checklists of many kinds."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.corpus.shared_corpus import Entry, check_count, check_errors, check_lossless, entries

ENTRIES = entries("plain")
pytestmark = pytest.mark.skipif(not ENTRIES, reason="MILEPOST_SHARED is not set")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.file[-40:])
def test_document(entry: Entry) -> None:
    check_count(entry)
    check_errors(entry)
    check_lossless(entry)


def test_dialects() -> None:
    # What the folder calls plain holds other spellings as well.
    assert Counter(entry.plan.dialect for entry in ENTRIES) == {
        "plain": 36,
        "headings": 16,
        "tables": 1,
        "reference": 2,
        "openspec": 3,
    }


def test_documents_without_tasks() -> None:
    # Every document holds tasks.
    assert sum(not entry.plan.tasks for entry in ENTRIES) == 0
