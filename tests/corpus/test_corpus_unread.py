"""Lines of public documents that look like tasks and were not read: none, or a reason is listed."""

from __future__ import annotations

import pytest
from tests.corpus.figures import dialects
from tests.corpus.shared_corpus import SHARED, Entry, check_unread, entries

HAS_CORPUS = (SHARED / "corpus" / "MANIFEST.tsv").is_file()
ENTRIES = [entry for dialect in dialects() for entry in entries(dialect)] if HAS_CORPUS else []
pytestmark = pytest.mark.skipif(not ENTRIES, reason="MILEPOST_SHARED is not set")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.file[-40:])
def test_document(entry: Entry) -> None:
    check_unread(entry)
