"""``milepost convert``."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Milepost

PLAN = """\
# Tower - Implementation Plan

- [x] **1.1** Dig
- [ ] **1.2** Pour
  - _Depends: 1.1_
"""


def test_it_prints_the_text_and_lists_what_is_lost(project: Path, milepost: Milepost) -> None:
    (project / "tasks.md").write_text(PLAN)
    result = milepost("convert", "tasks.md", "--to", "plain")
    assert (result.code, result.out) == (0, "# Tower\n\n- [x] Dig\n- [ ] Pour\n")
    assert result.err == "lost: ids (2): 1.1, 1.2\nlost: dependencies (1): 1.1 → 1.2\n"
    assert (project / "tasks.md").read_text() == PLAN


def test_what_the_dialect_itself_does_not_know_is_told(project: Path, milepost: Milepost) -> None:
    (project / "tasks.md").write_text(PLAN)
    assert milepost("convert", "tasks.md", "--to", "openspec").err == (
        "said in Milepost's own way, not in openspec's: dependencies\n"
    )


def test_it_writes_a_file_and_overwrites_none(project: Path, milepost: Milepost) -> None:
    (project / "tasks.md").write_text(PLAN)
    assert milepost("convert", "tasks.md", "--to", "kiro", "-o", "kiro.md").out == "kiro.md: written in kiro form\n"
    assert "  - _Depends: " in (project / "kiro.md").read_text()
    again = milepost("convert", "tasks.md", "--to", "plain", "-o", "kiro.md")
    assert again.code == 1
    assert "error[document-exists]" in again.err
    assert milepost("convert", "tasks.md", "--to", "plain", "-o", "kiro.md", "--force").code == 0
    assert (project / "kiro.md").read_text() == "# Tower\n\n- [x] Dig\n- [ ] Pour\n"


def test_json(project: Path, milepost: Milepost) -> None:
    (project / "tasks.md").write_text(PLAN)
    assert milepost("convert", "tasks.md", "--to", "spec-kit", "--json").json == {
        "to": "spec-kit",
        "output": None,
        "text": "# Tasks: Tower\n\n## Phase 1: Tasks\n\n- [x] T001 Dig\n- [ ] T002 Pour\n  - _Depends: T001_\n",
        "ids": {"1.1": "T001", "1.2": "T002"},
        "lost": [{"what": "ids", "count": 2, "where": ["1.1 is now T001", "1.2 is now T002"]}],
        "foreign": ["dependencies"],
    }


def test_totals_of_the_reference_format_are_computed(project: Path, milepost: Milepost) -> None:
    (project / "tasks.md").write_text("- [x] Dig\n- [ ] Pour\n")
    out = milepost("convert", "tasks.md", "--to", "reference").out
    assert "**Total Tasks:** 2  \n" in out
    assert "**Status:** 50% Complete\n" in out
    assert "**Progress:** 1/2 tasks complete\n" in out


def test_bad_usage(project: Path, milepost: Milepost) -> None:
    (project / "tasks.md").write_text(PLAN)
    assert milepost("convert", "tasks.md", "--to", "word").code == 2
    assert milepost("convert", "gone.md", "--to", "plain").code == 3


def test_a_dialect_may_be_named_without_its_hyphen(project: Path, milepost: Milepost) -> None:
    (project / "tasks.md").write_text(PLAN)
    told = milepost("convert", "tasks.md", "--to", "spec-kit")
    assert told.code == 0
    assert milepost("convert", "tasks.md", "--to", "speckit") == told


def test_a_reference_to_a_task_that_is_not_there_is_not_dropped_in_silence(project: Path, milepost: Milepost) -> None:
    (project / "tasks.md").write_text(PLAN.replace("_Depends: 1.1_", "_Depends: 1.1, 7.7_"))
    assert "lost: references to unknown tasks (1): 7.7\n" in milepost("convert", "tasks.md", "--to", "kiro").err
