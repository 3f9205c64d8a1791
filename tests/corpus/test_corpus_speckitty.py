"""Public documents of spec-kitty."""

from __future__ import annotations

import pytest
from tests.corpus.shared_corpus import Entry, check_count, check_errors, check_lossless, entries

ENTRIES = entries("speckitty")
pytestmark = pytest.mark.skipif(not ENTRIES, reason="MILEPOST_SHARED is not set")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.file[-40:])
def test_document(entry: Entry) -> None:
    check_count(entry)
    check_errors(entry)
    check_lossless(entry)


def test_all_but_two_are_recognised() -> None:
    # One is a plain checklist without work packages, one a glossary fragment without any task.
    others = [entry.plan for entry in ENTRIES if entry.plan.dialect != "speckitty"]
    assert sorted(len(plan.tasks) for plan in others) == [0, 11]
