"""``milepost fmt``."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.cli.conftest import Milepost

from milepost.app import formats
from milepost.source import SourceText

PLAN = """\
# Tower - Implementation Plan

**Total Tasks:** 7
**Status:** Not Started

- [X] 1.1 Dig
- [ ] 1.2 Pour
"""
#: One of two tasks is done: 50 %.
CANONICAL = PLAN.replace("7", "2").replace("Not Started", "50% Complete").replace("[X] 1.1", "[x] **1.1**").replace(
    "[ ] 1.2", "[ ] **1.2**"
)  # fmt: skip


@pytest.fixture
def plan(project: Path) -> Path:
    path = project / "tasks.md"
    path.write_text(PLAN)
    return path


def test_it_writes_canonical_form_and_comes_to_rest(plan: Path, milepost: Milepost) -> None:
    assert milepost("fmt", "tasks.md") == (0, "tasks.md: formatted\n", "")
    assert plan.read_text() == CANONICAL
    assert milepost("fmt", "tasks.md") == (0, "tasks.md: in canonical form\n", "")


def test_check_writes_nothing(plan: Path, milepost: Milepost) -> None:
    assert milepost("fmt", "--check", "tasks.md") == (1, "tasks.md: would be formatted\n", "")
    assert plan.read_text() == PLAN
    plan.write_text(CANONICAL)
    assert milepost("fmt", "--check", "tasks.md").code == 0


def test_diff_writes_nothing(plan: Path, milepost: Milepost) -> None:
    result = milepost("fmt", "--diff", "tasks.md")
    assert result.code == 1
    assert "-**Total Tasks:** 7\n" in result.out
    assert "+- [x] **1.1** Dig\n" in result.out
    assert plan.read_text() == PLAN


def test_a_folder_is_searched_and_every_plan_formatted(plan: Path, milepost: Milepost) -> None:
    other = plan.parent / "specs" / "b" / "tasks.md"
    other.parent.mkdir(parents=True)
    other.write_text("- [X] Pour\n")
    (other.parent / "notes.md").write_text("- [X] no plan\n")
    assert milepost("fmt", ".").out == "tasks.md: formatted\nspecs/b/tasks.md: formatted\n"
    assert other.read_text() == "- [x] Pour\n"
    assert (other.parent / "notes.md").read_text() == "- [X] no plan\n"


def test_other_dialects_keep_what_they_claim(plan: Path, milepost: Milepost) -> None:
    text = "# Tasks\n\n**Status:** Draft\n\n* [X] 1. Dig\n  - _Requirements: 1.1_\n"
    plan.write_text(text)
    assert milepost("fmt", "tasks.md").code == 0
    assert plan.read_text() == text.replace("[X]", "[x]")


def feed(monkeypatch: pytest.MonkeyPatch, raw: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(raw)))


def test_standard_input_is_printed_formatted(
    project: Path, milepost: Milepost, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(monkeypatch, PLAN.encode())
    assert milepost("fmt", "-") == (0, CANONICAL, "")
    feed(monkeypatch, PLAN.encode())
    assert milepost("fmt", "-", "--check", "--stdin-filename", "a.md") == (1, "a.md: would be formatted\n", "")
    assert milepost("fmt", "-", "tasks.md").code == 2


def test_a_plan_that_cannot_be_formatted_hinders_no_other(plan: Path, milepost: Milepost) -> None:
    (plan.parent / "empty.md").write_text("no task\n")
    result = milepost("fmt", "empty.md", "gone.md", "tasks.md")
    assert result.code == 3
    assert result.out == "tasks.md: formatted\n"
    assert "error[no-tasks-found]" in result.err
    assert "there is no such file" in result.err


def test_what_cannot_be_proven_is_not_written(plan: Path, milepost: Milepost, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose_a_task(source: SourceText, *_: object) -> SourceText:
        return source.with_text(source.text.replace("- [ ] 1.2 Pour\n", ""))

    monkeypatch.setattr(formats, "project", lose_a_task)
    result = milepost("fmt", "tasks.md")
    assert result.code == 1
    assert "error[meaning-would-change]" in result.err
    assert plan.read_text() == PLAN


def test_files_of_other_tools_stay_as_they_are(milepost: Milepost, project: Path) -> None:
    text = '{"tasks": [{"id": 1,   "title": "Dig", "status": "pending"}]}'
    (project / "tasks.json").write_text(text)
    folder = project / "backlog" / "tasks"
    folder.mkdir(parents=True)
    (folder / "task-1 - Dig.md").write_text("---\nid: task-1\ntitle: Dig\nstatus: To Do\n---\n\n\n\nWords  \n")
    for path, name in [("tasks.json", "task-master"), ("backlog", "backlog")]:
        for option in ((), ("--check",)):
            told = milepost("fmt", path, *option)
            assert (told.code, told.out) == (0, f"{path}: stays as it is: {name} has its own form\n")
        assert milepost("check", path, "--diff").code == 0
        assert milepost("convert", path, "--to", "plain").out.startswith("# Plan\n\n")
        assert "- [ ] Dig" in milepost("convert", path, "--to", "plain").out
    assert (project / "tasks.json").read_text() == text
    assert (folder / "task-1 - Dig.md").read_text().endswith("\n\n\n\nWords  \n")
