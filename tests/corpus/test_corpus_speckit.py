"""Public documents of spec-kit."""

from __future__ import annotations

import pytest
from tests.corpus.shared_corpus import Entry, check_count, check_errors, check_lossless, entries

ENTRIES = entries("speckit")
pytestmark = pytest.mark.skipif(not ENTRIES, reason="MILEPOST_SHARED is not set")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.file[-40:])
def test_document(entry: Entry) -> None:
    check_count(entry)
    check_errors(entry)
    check_lossless(entry)


def test_all_are_recognised() -> None:
    assert [entry.file for entry in ENTRIES if entry.plan.dialect != "speckit"] == []


def test_all_state_dependencies() -> None:
    assert all(entry.plan.dependencies for entry in ENTRIES)
