"""Reading a document again after a change gives what reading it afresh gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fuzz.seeds import DIALECTS

from milepost.plan.block_cache import BlockCache
from milepost.plan.block_model import Block
from milepost.plan.blocks import parse_blocks
from milepost.plan.dialects.memory import moved_task
from milepost.plan.incremental import Reparser
from milepost.plan.model import TaskState, WrittenState
from milepost.plan.reader import read_plan
from milepost.source import SourceText, Span

LINES = st.sampled_from(
    ["# A", "## B", "#", "#x", "####### no", " # C", "- [ ] a", "  - b", "1. [x] c", "```", "~~~", "  ```", "- ```", "<!--",
     "-->", "<div>", "<script>", "</script>", "text", "", "  ", "> q", "> ```", "| a | b |", "|---|---|", "---", "===",
     "    code", "\t- tab", "***", "key: value", "> # D", "- # E"]
)  # fmt: skip
NEWLINES = st.sampled_from(["\n", "\r\n", "\r"])
DOCUMENTS = st.builds(lambda lines, newline: newline.join(lines), st.lists(LINES, max_size=16), NEWLINES)


def shape(block: Block) -> tuple[object, ...]:
    inner = [shape(child) for child in block.children]
    return block.kind, block.span, list(block.lines), block.level, block.info, block.checkbox, inner


@settings(max_examples=400, deadline=None)
@given(st.lists(DOCUMENTS, min_size=1, max_size=4))
def test_blocks_of_documents_in_a_row(texts: list[str]) -> None:
    cache = BlockCache()
    for text in texts:
        assert shape(cache.parse(text)) == shape(parse_blocks(text))


PLAN_LINES = st.sampled_from(
    ["# Tower - Implementation Plan", "### **Phase 1: A**", "### Phase 2: B", "## 1. C", "## Task Dependencies", "1.1 → 1.2",
     "- [ ] **1.1** Dig", "- [x] **1.2** Pour", "- [?] 1.3 Raise", "  - [ ] **1.1.1** Part", "  - step", "  - [x] step",
     "  - _Estimated: 2 hours_", "  - _Depends: 1.1_", "  - _Estimated: soon_", "  - _Requirements: 1.1_", "- [ ] 1. Top",
     "  - [ ] 1.1 Sub", "- [ ]* 2.1 Maybe", "- [ ] T001 [P] [US1] Build", "- [ ] loose", "### **Checkpoint 1: After Phase 1**",
     "- [ ] All pass `make`", "## Acceptance Criteria", "```", "", "", "**Status:** Done", "## Notes",
     "- **Critical Path:** Tasks 1.1 → 1.2", "| Task | Assigned To | Status |", "|---|---|---|", "| 1.1 | Tier 2 | Done |",
     "### TASK-001: Heading", "**Status**: Done", "  - _Verify: `make`_", "  - _Run: make_", "[Name]", "- [] 1.4 empty box"]
)  # fmt: skip
PLANS = st.builds(lambda lines, newline: newline.join(lines), st.lists(PLAN_LINES, max_size=25), NEWLINES)
CHANGES = st.tuples(
    st.floats(0, 1),
    st.integers(0, 12),
    st.sampled_from(["", "x", "[x]", "\n", "- [ ] **9.9** New\n", "```\n", "# H\n", "é"]),
)


@settings(max_examples=300, deadline=None)
@given(PLANS, st.lists(CHANGES, max_size=5))
def test_plans_read_after_every_change(text: str, changes: list[tuple[float, int, str]]) -> None:
    reparser = Reparser()
    for place, length, new in [(0.0, 0, ""), *changes]:
        at = round(place * len(text))
        text = text[:at] + new + text[at + length :]
        source = SourceText(text, path="tasks.md")
        assert reparser.update(source) == read_plan(source)


ITEM_LINES = st.sampled_from(
    ["- a", "- b", "- [ ] **1.1** c", "  - d", "  e", "* f", "+ g", "-  h", "- - -", "1. i", "```", "  ```", "<div>", "<!--", "-->",
     "# J", "text", "", "| a |", "|---|", "> q", "    code", "---"]
)  # fmt: skip
LISTS = st.builds(lambda lines, newline: newline.join(lines), st.lists(ITEM_LINES, max_size=14), NEWLINES)
LIST_CHANGES = st.tuples(
    st.floats(0, 1), st.integers(0, 6), st.sampled_from(["", "x", "\n", "- b\n", "```\n", "<!--\n", "# K\n", "  "])
)


@settings(max_examples=400, deadline=None)
@given(LISTS, st.lists(LIST_CHANGES, max_size=4))
def test_blocks_of_lists_after_every_change(text: str, changes: list[tuple[float, int, str]]) -> None:
    cache = BlockCache()
    for place, length, new in [(0.0, 0, ""), *changes]:
        at = round(place * len(text))
        text = text[:at] + new + text[at + length :]
        assert shape(cache.parse(text)) == shape(parse_blocks(text))


@pytest.mark.parametrize("path", DIALECTS, ids=lambda path: path.stem)
def test_documents_of_all_dialects(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    reparser = Reparser(path.stem)
    for version in (text, text.replace("Dig", "Dig well"), "Intro\n\n" + text, text.replace("[ ]", "[x]", 1), text):
        source = SourceText(version, path=path.name)
        assert reparser.update(source) == read_plan(source, path.stem)


def test_what_did_not_move_is_not_read_again() -> None:
    text = "## Phase 1: A\n\n- [ ] **1.1** Dig\n\n## Phase 2: B\n\n- [ ] **2.1** Pour\n\n## Phase 3: C\n\n- [ ] **3.1** Go\n"
    reparser = Reparser()
    first = reparser.update(SourceText(text))
    ticked = reparser.update(SourceText(text.replace("[ ] **2", "[x] **2")))
    assert [one is two for one, two in zip(first.tasks, ticked.tasks, strict=True)] == [True, False, True]
    longer = reparser.update(SourceText("New words\n\n" + text))
    assert [one.span.start + len("New words\n\n") for one in first.tasks] == [one.span.start for one in longer.tasks]


def test_an_item_beside_a_changed_one_is_not_read_again() -> None:
    text = "- [ ] **1.1** Dig\n\n- [ ] **1.2** Pour\n  - slowly\n\n- [ ] **1.3** Go\n"
    reparser = Reparser()
    first = reparser.update(SourceText(text))
    ticked = reparser.update(SourceText(text.replace("[ ] **1.2", "[x] **1.2")))
    assert [one is two for one, two in zip(first.tasks, ticked.tasks, strict=True)] == [True, False, True]


def test_moving_a_task_moves_all_its_places() -> None:
    text = (
        "- [ ] **1.1** Dig\n  - [x] step\n    - inner\n  - _Requirements: R-1_\n  - _Estimated: 1 hour_\n"
        "  - _Run: a_\n  - _Verify: b_\n"
    )
    (task,) = read_plan(SourceText(text)).tasks
    task = replace(task, written=WrittenState(TaskState.DONE, "Done", Span(1, 2)))
    assert len(list(spans(task))) == 21  # task 4, box, steps 2 and their box, fields 4 x 2, requirement, effort,
    # command, check, written state
    assert [span.start + 7 for span in spans(task)] == [span.start for span in spans(moved_task(task, 7))]


def spans(value: Any) -> Iterator[Span]:
    if isinstance(value, Span):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from spans(one)
    elif is_dataclass(value):
        for part in fields(value):
            yield from spans(getattr(value, part.name))
