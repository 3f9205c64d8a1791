"""Tasks that are headings get a line for their state; tasks without any place for one are named."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Milepost

PLAN = """\
# Fence

## Phase 1: Posts

### Task 1.1: Holes

**Effort**: 1 hour\x20\x20
**Owner**: Ann

Deep ones.

### Task 1.2: Concrete

- Mix
- Pour
"""


def test_done_inserts_a_line_like_those_beside_it(milepost: Milepost, project: Path) -> None:
    path = project / "tasks.md"
    path.write_text(PLAN)
    assert milepost("done", "tasks.md", "1.1").code == 0
    first = PLAN.replace("**Effort**", "**Status**: Done  \n**Effort**")
    assert path.read_text() == first
    assert milepost("done", "tasks.md", "1.2").code == 0
    assert path.read_text() == first.replace("Concrete\n", "Concrete\n\n**Status:** Done\n")
    assert milepost("sync", "tasks.md").out == "tasks.md: true already\n"


def test_line_ends_are_those_of_the_document(milepost: Milepost, project: Path) -> None:
    path = project / "tasks.md"
    path.write_bytes(PLAN.replace("\n", "\r\n").encode("utf-8-sig"))
    assert milepost("done", "tasks.md", "1.1").code == 0
    expected = PLAN.replace("**Effort**", "**Status**: Done  \n**Effort**").replace("\n", "\r\n")
    assert path.read_bytes() == expected.encode("utf-8-sig")


def test_reopening_changes_the_line(milepost: Milepost, project: Path) -> None:
    path = project / "tasks.md"
    path.write_text(PLAN)
    assert milepost("done", "tasks.md", "1.1").code == 0
    assert milepost("reopen", "tasks.md", "1.1", "cracked").code == 0
    assert path.read_text() == PLAN.replace("**Effort**", "**Status**: Todo  \n**Effort**")


def test_tasks_without_a_place_for_their_state_are_named(milepost: Milepost, project: Path) -> None:
    path = project / "tasks.md"
    text = "# Fence\n\n| ID | Task | Effort |\n|----|------|--------|\n| F-1 | Dig | 1h |\n| F-2 | Pour | 2h |\n"
    path.write_text(text)
    assert milepost("done", "tasks.md", "F-1").code == 0
    assert path.read_text() == text
    told = milepost("sync", "tasks.md")
    assert told.out == "tasks.md: true already\n"
    assert "done, but without a box or a status that could say so: F-1" in told.err
    assert milepost("sync", "--json", "tasks.md").json["unwritten"] == ["F-1"]
