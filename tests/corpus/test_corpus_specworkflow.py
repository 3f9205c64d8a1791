"""Public documents kept in spec-workflow folders."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.corpus.shared_corpus import Entry, check_count, check_errors, check_lossless, entries

ENTRIES = entries("specworkflow")
pytestmark = pytest.mark.skipif(not ENTRIES, reason="MILEPOST_SHARED is not set")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.file[-40:])
def test_document(entry: Entry) -> None:
    check_count(entry)
    check_errors(entry)
    check_lossless(entry)


def test_dialects() -> None:
    # Some of them write tasks as headings, and one translates the reference format.
    assert Counter(entry.plan.dialect for entry in ENTRIES) == {"spec-workflow": 19, "headings": 9, "reference": 1}


def test_documents_without_tasks() -> None:
    # Every document holds tasks.
    assert sum(not entry.plan.tasks for entry in ENTRIES) == 0
