from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

from milepost.app.naming_tests import MOST_BYTES

REQUIREMENTS = """\
# Shop - Requirements

1. **REQ-1.1:** Sell
   - **Priority:** Must
2. **REQ-1.2:** Count
   - **Priority:** Could
"""
PLAN = """\
# Shop - Implementation Plan

- [x] **1.1** Sell
  - _Requirements: REQ-1.1, REQ-7.1_
- [ ] **1.2** Rest
"""


@pytest.fixture
def shop(project: Path) -> Path:
    folder = project / "specs" / "shop"
    folder.mkdir(parents=True)
    (folder / "requirements.md").write_text(REQUIREMENTS)
    (folder / "tasks.md").write_text(PLAN)
    return folder


def test_the_matrix_with_gaps_first(shop: Path, milepost: Milepost) -> None:
    result = milepost("trace", "specs/shop/tasks.md")
    assert result.out == (
        "No task serves:\n"
        "  REQ-1.2  Count  [Could]  (specs/shop/requirements.md:5)\n"
        "\n"
        "Done:\n"
        "  REQ-1.1  Sell  [Must]  ← 1.1✓\n"
        "\n"
        "Task 1.1 names REQ-7.1, which is stated nowhere.\n"
        "2 requirements: 1 uncovered, 1 done.\n"
        "1 task names no requirement: 1.2.\n"
    )
    # What is not served could be left out.
    assert result.code == 0


def test_a_must_that_no_task_serves_fails(shop: Path, milepost: Milepost) -> None:
    (shop / "tasks.md").write_text(PLAN.replace("REQ-1.1, ", ""))
    result = milepost("trace", "specs/shop/tasks.md", "--gaps")
    assert result.code == 1
    assert "Served by no task, and not to be left out: REQ-1.1" in result.out


def test_json(shop: Path, milepost: Milepost) -> None:
    found = milepost("trace", "specs/shop/tasks.md", "--json").json
    assert found["requirements_files"] == ["specs/shop/requirements.md"]
    assert [(one["id"], one["coverage"], one["must"], one["line"]) for one in found["requirements"]] == [
        ("REQ-1.2", "uncovered", False, 5),
        ("REQ-1.1", "done", True, 3),
    ]
    assert found["requirements"][1]["tasks"] == [{"id": "1.1", "title": "Sell", "state": "done"}]
    assert found["unknown_references"] == [{"task": "1.1", "reference": "REQ-7.1"}]
    assert found["summary"] == {"requirements": 2, "gaps": 1, "uncovered_must": 0, "uncovered": 1, "done": 1}
    gaps = milepost("trace", "specs/shop/tasks.md", "--json", "--gaps").json
    assert [one["id"] for one in gaps["requirements"]] == ["REQ-1.2"]


def test_requirements_from_elsewhere(shop: Path, milepost: Milepost) -> None:
    (shop / "requirements.md").rename(shop.parent / "wishes.md")
    missing = milepost("trace", "specs/shop/tasks.md")
    assert missing.code == 3
    assert "requirements-not-found" in missing.err
    assert milepost("trace", "specs/shop/tasks.md", "--requirements", "specs/wishes.md").code == 0
    empty = milepost("trace", "specs/shop/tasks.md", "--requirements", "milepost.toml")
    assert empty.code == 3


def test_the_specs_of_a_change_are_found(shop: Path, milepost: Milepost) -> None:
    (shop / "requirements.md").unlink()
    (shop / "specs" / "sale").mkdir(parents=True)
    (shop / "specs" / "sale" / "spec.md").write_text("## ADDED Requirements\n\n### Requirement: Sale\nText.\n")
    found = milepost("trace", "specs/shop/tasks.md", "--json").json
    assert [one["id"] for one in found["requirements"]] == ["Sale"]


TEST = """# Validates: Requirements 1.2, 1.3
def test_sale():
    assert sell()  # REQ-1.1, and REQ-1.10 is another one
    assert not sell(0)  # req-1.1 is no id in this spelling
"""


def test_tests_that_name_a_requirement(shop: Path, project: Path, milepost: Milepost) -> None:
    (project / "tests").mkdir()
    (project / "tests" / "sales.py").write_text(TEST)
    (project / "src").mkdir()
    (project / "src" / "sales.py").write_text("# REQ-1.1: no test\n")
    (project / "src" / "sales_test.go").write_text("// REQ-1.2\n")
    (project / "node_modules" / "tests").mkdir(parents=True)
    (project / "node_modules" / "tests" / "a.js").write_text("// REQ-1.1\n")
    found = milepost("trace", "specs/shop/tasks.md", "--json").json
    assert {one["id"]: one["tests"] for one in found["requirements"]} == {
        "REQ-1.1": [{"path": "tests/sales.py", "line": 3}],
        "REQ-1.2": [{"path": "src/sales_test.go", "line": 1}],
    }
    assert found["tests_searched"] == {"files": 2, "complete": True}
    shown = milepost("trace", "specs/shop/tasks.md").out
    assert "  REQ-1.1  Sell  [Must]  ← 1.1✓\n    tests: tests/sales.py:3\n" in shown


NUMBERED = """### Requirement 1: Sell

#### Acceptance Criteria

1. a
2. b
3. c
"""


def test_tests_that_name_criteria_by_number(shop: Path, project: Path, milepost: Milepost) -> None:
    (shop / "requirements.md").write_text(NUMBERED)
    (project / "sale.spec.ts").write_text(
        "// 1.1 is a number\n// **Validates: Requirements 1.2, 1.3**\n// Requirement 7\n"
    )
    found = milepost("trace", "specs/shop/tasks.md", "--json").json
    assert found["requirements"][0]["tests"] == [{"path": "sale.spec.ts", "line": 2}]


def test_large_test_files_are_left_out_and_that_is_said(shop: Path, project: Path, milepost: Milepost) -> None:
    (project / "test_all.py").write_text("# REQ-1.1\n" + "#" * MOST_BYTES)
    found = milepost("trace", "specs/shop/tasks.md", "--json").json
    assert found["tests_searched"] == {"files": 0, "complete": False}
    assert "some were too large or too many" in milepost("trace", "specs/shop/tasks.md").out


def test_evidence_of_a_run(shop: Path, milepost: Milepost) -> None:
    (shop / "tasks.md").write_text(PLAN.replace("[x]", "[ ]").replace("REQ-1.1, REQ-7.1", "REQ-1.1"))
    assert milepost("done", "specs/shop/tasks.md", "1.1", "--by", "ann", "--note", "sold ten").code == 0
    found = milepost("trace", "specs/shop/tasks.md", "--json").json
    (evidence,) = next(one["evidence"] for one in found["requirements"] if one["id"] == "REQ-1.1")
    assert (evidence["task"], evidence["by"], evidence["attempt"]) == ("1.1", "ann", 1)
    assert evidence["evidence"] == {"note": "sold ten"}
    assert "    done: 1.1 by ann\n" in milepost("trace", "specs/shop/tasks.md").out
