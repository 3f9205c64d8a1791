"""Documents whose boxes changed are told apart from those that have to be read, and give the same as reading does."""

from __future__ import annotations

from pathlib import Path

import pytest

from milepost.app.extracts import Extract, extract
from milepost.app.rereads import reread
from milepost.app.settings import load_settings
from milepost.plan.reader import read_plan
from milepost.source import SourceText

PLAN = """# Greeting - Implementation Plan

**Total Tasks:** 2
**Estimated Time:** 2 hours
**Status:** Not Started

### **Phase 1: Words**

- [ ] **1.1** Choose the words
  - _Estimated: 1 hour_
- [ ] **1.2** Order them
  - _Estimated: 1 hour_

### **Checkpoint 1: After Phase 1**

- [ ] Somebody likes them

## Task Assignment

| Task | Assigned To | Status | Notes |
|---|---|---|---|
| 1.1-1.2 | Tier 3 | Not Started | |

**Progress:** 0/2 tasks complete
"""


def taken(text: str, folder: Path) -> tuple[SourceText, Extract]:
    source = SourceText(text, path=str(folder / "tasks.md"))
    return source, extract(read_plan(source), load_settings(source.path), "tasks.md")


@pytest.mark.parametrize(
    "changes",
    [
        {"- [ ] **1.1**": "- [x] **1.1**"},
        {"- [ ] **1.1**": "- [~] **1.1**", "- [ ] **1.2**": "- [X] **1.2**"},
        {"- [ ] Somebody": "- [x] Somebody"},
        {"Not Started\n": "50% Complete\n", "0/2 tasks": "1/2 tasks"},
        {"- [ ] **1.1**": "- [-] **1.1**", "| Not Started |": "| In Progress |"},
        {"**Status:** Not Started": "**Status:** 50% Complete", "- [ ] **1.2**": "- [x] **1.2**"},
        {},
    ],
)
def test_boxes_and_computed_lines_give_what_reading_gives(tmp_path: Path, changes: dict[str, str]) -> None:
    before, known = taken(PLAN, tmp_path)
    text = PLAN
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new, 1)
    after, expected = taken(text, tmp_path)
    found = reread(known, before, after)
    assert found is not None
    assert (found.ticks, found.spec, found.apart) == (expected.ticks, expected.spec, expected.apart)
    assert found.sheet == expected.sheet
    assert found.spec is known.spec  # that a run need not compare


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Order them", "Sort them"),
        ("- [ ] **1.1**", "- [!] **1.1**"),  # a mark that not every dialect takes for a box
        ("- [ ] **1.1** Choose", "- [x] **1.1** Select"),
        ("_Estimated: 1 hour_", "_Estimated: 2 hours_"),
        ("**Progress:** 0/2 tasks complete\n", "**Progress:** 0/2 tasks complete\n- [ ] **1.3** More\n"),
        ("**Progress:** 0/2 tasks complete\n", ""),
        ("| Tier 3 |", "| Tier 1 |"),
        ("**Status:** Not Started", "**Status:** "),
        ("| Not Started |", "| a | b |"),
        ("- [ ] **1.1**", "- [] **1.1**"),
        ("\n- [ ] **1.2**", "\n\n- [ ] **1.2**"),
    ],
)
def test_whatever_else_differs_has_to_be_read(tmp_path: Path, old: str, new: str) -> None:
    before, known = taken(PLAN, tmp_path)
    assert old in PLAN
    after = SourceText(PLAN.replace(old, new, 1), path=before.path)
    assert reread(known, before, after) is None


def test_an_extract_of_another_document_is_of_no_use(tmp_path: Path) -> None:
    _, known = taken(PLAN, tmp_path)
    other = SourceText(PLAN.replace("Order", "Sort"), path=str(tmp_path / "tasks.md"))
    assert reread(known, other, other) is None
