"""``milepost check --coverage`` and ``--explain-dialect``: how a document was read."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

from milepost.plan.coverage import Coverage, coverage
from milepost.plan.dialects import DIALECTS
from milepost.plan.formats import FORMATS
from milepost.plan.reader import explain_choice, read_plan
from milepost.source import SourceText

# 17 lines and the empty one behind the last line end. The two boxes at the end stand apart from the plan's tasks.
PLAN = """\
# Implementation Plan

## Tasks

- [ ] 1. Saw
  - [x] 1.1 Saw the boards
  - [ ] 1.2 Sand the boards
  - _Requirements: 1.1_

## Journal

### Yesterday

Much was done.

- [x] Bought the wood
- [x] Bought the nails
"""


def covered(text: str) -> tuple[Coverage, list[str]]:
    source = SourceText(text)
    found = coverage(read_plan(source))
    return found, [source.slice(span) for span in found.unread]


def test_every_line_is_counted_once() -> None:
    found, unread = covered(PLAN)
    assert unread == ["- [x] Bought the wood", "- [x] Bought the nails"]
    assert found.lines == len(PLAN.split("\n"))
    assert found.lines == found.blank + found.recognised + found.prose + len(found.unread)
    assert found.blank == sum(not line for line in PLAN.split("\n"))
    assert not found.complete


@pytest.mark.parametrize(
    "text",
    [
        "- [ ] **1.1** Saw\n\n```\n- [ ] 9.9 Example\n```\n",
        "- [ ] **1.1** Saw\n\n> - [ ] 9.9 Quotation\n",
        "- [ ] **1.1** Saw\n\n<!--\n- [ ] 9.9 Comment\n-->\n",
        "- [ ] **1.1** Saw\n  - [ ] Measure\n    - [ ] twice\n",
        "- [ ] **1.1** Saw\n\n### Checkpoint 1: Before Completion\n- [ ] Straight\n",
        '{"tasks": [{"id": 1, "title": "- [ ] Saw", "status": "pending"}]}',
    ],
)
def test_what_is_shown_quoted_or_read_is_not_unread(text: str) -> None:
    found, unread = covered(text)
    assert unread == []
    assert found.complete


def test_a_numbered_heading_that_is_nothing_is_unread() -> None:
    text = "- [ ] **1.1** Saw\n\n# Appendix\n\n#### Task 7: Paint\n"
    found, unread = covered(text)
    known = {task.id for task in read_plan(SourceText(text)).tasks}
    assert unread == ([] if "7" in known else ["#### Task 7: Paint"])
    assert found.complete is ("7" in known)


def test_a_box_before_the_name_of_a_phase_sums_up_its_tasks() -> None:
    text = "# P\n\n- [ ] **Phase 1. Dig**\n- [ ] Phase 3\n\n## Phase 1. Dig deep\n\n- [ ] **1.1** a\n- [ ] **1.2** b\n"
    plan = read_plan(SourceText(text))
    assert [task.id for task in plan.tasks] == ["1.1", "1.2"]
    assert [plan.source.slice(span) for span in coverage(plan).unread] == ["- [ ] Phase 3"]


def test_line_ends_of_every_kind_count() -> None:
    for end in ("\r\n", "\r"):
        assert covered(PLAN.replace("\n", end))[1] == ["- [x] Bought the wood", "- [x] Bought the nails"]


def test_coverage_lists_what_was_not_read(project: Path, milepost: Milepost) -> None:
    (project / "tasks.md").write_text(PLAN)
    result = milepost("check", "--coverage", "tasks.md")
    assert result.code == 1
    lines = result.out.splitlines()
    assert lines[0].startswith("tasks.md: 18 lines: ")
    assert lines[0].endswith("2 like tasks but unread (2 tasks read)")
    assert lines[1:] == ["tasks.md:16:1 unread: - [x] Bought the wood", "tasks.md:17:1 unread: - [x] Bought the nails"]


def test_coverage_as_json(project: Path, milepost: Milepost) -> None:
    (project / "tasks.md").write_text(PLAN)
    (project / "whole.md").write_text("- [ ] **1.1** Saw\n")
    data = milepost("check", "--coverage", "tasks.md", "whole.md", "--format", "json").json
    first, second = data["plans"]
    assert first["lines"] == first["blank"] + first["recognised"] + first["prose"] + len(first["unread"])
    assert first["unread"][0] == {"path": "tasks.md", "line": 16, "column": 1, "text": "- [x] Bought the wood"}
    assert (first["complete"], second["complete"]) == (False, True)


def test_a_document_without_tasks_is_never_complete(project: Path, milepost: Milepost) -> None:
    (project / "tasks.md").write_text("# Notes\n\nNothing.\n")
    result = milepost("check", "--coverage", "tasks.md", "--format", "json")
    assert result.code == 3
    assert result.json["plans"][0]["complete"] is False
    assert result.json["errors"][0]["code"] == "no-tasks-found"


def test_unread_tasks_keep_a_plan_from_passing(project: Path, milepost: Milepost) -> None:
    # All that was read is done; a status that says less is no contradiction, and is not "fixed" to Complete.
    text = "**Status:** In Progress\n\n" + PLAN.replace("- [ ]", "- [x]").replace("Bought the nails", "Buy the nails")
    (project / "tasks.md").write_text(text)
    result = milepost("check", "tasks.md", "--fix")
    assert result.code == 1
    assert "MP106" in result.out
    assert "MP602" not in result.out
    assert (project / "tasks.md").read_text() == text


@pytest.mark.parametrize(("text", "status"), [("", "Complete"), ("# Later\n\n- [ ] Paint it\n", "In Progress")])
def test_sync_calls_no_plan_complete_that_was_not_read(
    project: Path, milepost: Milepost, text: str, status: str
) -> None:
    """Read are tasks 1 and 1.1, which are done; what may stand behind them is none of the plan's numbered tasks."""
    done = PLAN.partition("## Journal")[0].replace("[ ]", "[x]")
    (project / "tasks.md").write_text("# Implementation Plan\n\n**Status:** In Progress\n" + done[21:] + text)
    assert milepost("sync", "tasks.md").code == 0
    assert f"**Status:** {status}\n" in (project / "tasks.md").read_text()


def test_the_choice_of_a_dialect_is_explained(project: Path, milepost: Milepost) -> None:
    (project / "tasks.md").write_text(PLAN)
    result = milepost("check", "--explain-dialect", "tasks.md")
    assert result.code == 0
    first, second = result.out.splitlines()
    assert first.startswith(f"tasks.md: {read_plan(SourceText(PLAN)).dialect}: ")
    assert second.startswith("  tried before, and not recognised: ")
    assert FORMATS[0].name in second


@pytest.mark.parametrize("text", ["", "- [ ] **1.1** Saw\n", PLAN, '{"tasks": []}', "# [Feature]\n"])
def test_the_explained_choice_is_the_readers(text: str) -> None:
    choice = explain_choice(SourceText(text))
    assert choice.name == read_plan(SourceText(text)).dialect
    names = [one.name for one in FORMATS] + [one.name for one in DIALECTS]
    assert list(choice.declined) == names[: names.index(choice.name)]
    assert choice.why
