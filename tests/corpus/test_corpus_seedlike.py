"""Public documents near the reference format."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.corpus.shared_corpus import Entry, check_count, check_errors, check_lossless, entries

ENTRIES = entries("seedlike")
pytestmark = pytest.mark.skipif(not ENTRIES, reason="MILEPOST_SHARED is not set")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.file[-40:])
def test_document(entry: Entry) -> None:
    check_count(entry)
    check_errors(entry)
    check_lossless(entry)


def test_dialects() -> None:
    # They vary the format in every way; two hold no task at all.
    assert Counter(entry.plan.dialect for entry in ENTRIES) == {
        "reference": 3,
        "headings": 13,
        "kiro": 4,
        "plain": 3,
        "bmad": 6,
        "tables": 1,
    }


def test_documents_without_tasks() -> None:
    # An analysis of one task, and an order of changes in prose: neither lists tasks.
    assert sum(not entry.plan.tasks for entry in ENTRIES) == 2
