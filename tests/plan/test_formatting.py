"""Canonical form: what it looks like, that it says the same, and that it is at rest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.errors import MeaningWouldChange
from milepost.plan.formatting import canonical, format_source, what_changes
from milepost.plan.model import TaskState
from milepost.plan.reader import read_plan
from milepost.plan.template import spec_files
from milepost.source import Edit, SourceText, Span

FIXTURES = sorted((Path(__file__).parent.parent / "fixtures" / "plans").glob("*.md"))

UNTIDY = """

# Tower - Implementation Plan\x20
**Status:** Not Started\x20\x20\x20
**Progress:** 0/3\x20\x20
## Breakdown
### **Phase 1: Ground**


* [X] 1.1 Dig
  * deep enough\x20
* [~] **1.2:** Pour
* [ ] **1.3 - not an id**


+ [/] **1.4** Cure


```

kept   \x20

```
| Task | Assigned To |
|:--|--:|
| 1.1 | Tier 3 |
| 1.2, 1.4|Tier 2|
"""

TIDY = """\
# Tower - Implementation Plan

**Status:** Not Started\x20\x20
**Progress:** 0/3

## Breakdown

### **Phase 1: Ground**

* [x] **1.1** Dig
  - deep enough

* [-] **1.2** Pour
* [ ] **1.3 - not an id**

+ [-] **1.4** Cure

```

kept   \x20

```

| Task     | Assigned To |
|:---------|------------:|
| 1.1      |      Tier 3 |
| 1.2, 1.4 |      Tier 2 |
"""


def formatted(text: str, dialect: str | None = None) -> str:
    return format_source(SourceText(text, path="tasks.md"), dialect).text


def test_an_untidy_plan() -> None:
    """Lists with `*` and `+` side by side keep their bullets: with `-` the two would be one list."""
    assert formatted(UNTIDY) == TIDY


@pytest.mark.parametrize(
    ("written", "canonical_form"),
    [
        ("- [ ] 1.1 Dig\n", "- [ ] **1.1** Dig\n"),
        ("- [ ] 1.1. Dig\n", "- [ ] **1.1** Dig\n"),
        ("- [ ] 1.1: Dig\n", "- [ ] **1.1** Dig\n"),
        ("- [ ] **1.1.** - Dig\n", "- [ ] **1.1** Dig\n"),
        ("- [ ] **1.1** — Dig\n", "- [ ] **1.1** Dig\n"),
        ("- [ ]* 1.1 Dig\n", "- [ ]* **1.1** Dig\n"),
        ("* [ ]   **1.1** Dig", "- [ ] **1.1** Dig\n"),
        ("- [ ] **1.1: Dig**\n", "- [ ] **1.1: Dig**\n"),
        ("- [ ] ~~1.1 Dig~~\n", "- [ ] ~~1.1 Dig~~\n"),
    ],
)
def test_ids_in_bold(written: str, canonical_form: str) -> None:
    assert formatted(written, "reference") == canonical_form


@pytest.mark.parametrize("dialect", ["kiro", "speckit", "openspec", "plain"])
def test_other_dialects_keep_their_syntax(dialect: str) -> None:
    text = "# Tasks\n\n* [~] 1.1 Dig\n+ [/] T001 Pour\n"
    assert formatted(text, dialect).replace("\n\n+", "\n+") == text


def test_marks_spaces_and_tables_of_other_dialects() -> None:
    text = "* [X] Dig  \n\n\n|a|b|\n|-|-|\n|long cell|\n"
    assert formatted(text, "plain") == "* [x] Dig\n\n| a         | b   |\n|-----------|-----|\n| long cell |\n"


def test_a_table_too_wide_to_be_seen_at_once_is_not_padded() -> None:
    text = f"- [ ] Dig\n\n| a | b |\n|---|---|\n| c   | {'d' * 200} |\n"
    assert formatted(text) == text.replace("| c   |", "| c |").replace("|---|---|", "|-----|-----|")


def test_wide_characters_take_two_columns() -> None:
    assert "| 深い | x   |\n| abcd | y   |" in formatted("- [ ] Dig\n\n|a|b|\n|-|-|\n|深い|x|\n|abcd|y|\n")


def test_a_new_plan_is_in_canonical_form() -> None:
    text = spec_files("Tower")["tasks.md"]
    assert formatted(text) == text


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_ends_stay(newline: str) -> None:
    assert formatted(UNTIDY.replace("\n", newline)) == TIDY.replace("\n", newline)


def test_bad_bytes_and_byte_order_mark_stay() -> None:
    source = SourceText.from_bytes(b"\xef\xbb\xbf- [X] **1.1** Dig \xff\xfe \n")
    assert format_source(source).to_bytes() == b"\xef\xbb\xbf- [x] **1.1** Dig \xff\xfe\n"


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_fixtures_say_the_same(path: Path) -> None:
    source = SourceText.from_bytes(path.read_bytes(), path=path.name)
    after = format_source(source)
    assert what_changes(read_plan(source), read_plan(after)) == ""
    assert format_source(after).text == after.text


LINES = st.sampled_from(
    ["- [X] 1.1 Dig", "* [ ] **1.2** Pour ", "  + deep", "  - _Estimated: 1 hour_  ", "", "   ", "# Phase 1", "```", "a  ",
     "a\\", "|a|b|", "|-|:-:|", "| x \\| y |", "> q  ", "<!-- c -->", "1. [x] T001 x", "---", "    code", "\t- x", "* * *",
     "**Status:** Done", "- ", "+", "<div>"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(LINES, max_size=14), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_any_document_comes_to_rest_or_is_refused(lines: list[str], newline: str, ends: bool) -> None:
    source = SourceText(newline.join(lines) + newline * ends)
    try:
        after = format_source(source)
    except MeaningWouldChange:
        return
    assert what_changes(read_plan(source), read_plan(after)) == ""
    assert format_source(after).text == after.text


def test_files_of_other_tools_stay() -> None:
    text = '{"tasks": [{"id": 1, "title": "Dig", "status": "done"}]}  \n\n'
    assert read_plan(SourceText(text, path="tasks.json")).tasks
    assert format_source(SourceText(text, path="tasks.json")).text == text


def test_a_change_of_meaning_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    source = SourceText("- [x] **1.1** Dig\n")
    monkeypatch.setattr(canonical, "_edits", lambda plan: [Edit(Span(3, 4), " ")])
    with pytest.raises(MeaningWouldChange, match="not say the same: tasks"):
        format_source(source)


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ("- [ ] **1.1** Dig", "- [x] **1.1** Dig", "tasks"),
        ("- [ ] **1.1** Dig\n\ntext", "- [ ] **1.1** Dig\n\ntxt", "words"),
        ("- [ ] **1.1** Dig\n\n```\na\n```", "- [ ] **1.1** Dig\n\n```\n a\n```", "blocks"),
        ("- [ ] **1.1** Dig\n\na\n\n***", "- [ ] **1.1** Dig\n\na\n***\n***", "blocks"),
    ],
)
def test_every_change_of_meaning_is_seen(before: str, after: str, name: str) -> None:
    assert what_changes(read_plan(SourceText(before)), read_plan(SourceText(after))) == name


def test_the_state_of_a_box_survives_its_mark() -> None:
    plan = read_plan(format_source(SourceText("- [/] **1.1** Dig\n")))
    assert plan.tasks[0].state is TaskState.IN_PROGRESS
    assert re.fullmatch(r"- \[-\] .*\n", plan.source.text)
