"""Which changed files lie outside of what a task may change."""

from __future__ import annotations

import pytest

from milepost.app.bounds import out_of_bounds


@pytest.mark.parametrize(
    ("file", "covered"),
    [
        ("src/models", ["src/models/a.py", "src/models/deep/b.py"]),
        ("src/models/", ["src/models/a.py"]),
        ("./src/a.py", ["src/a.py"]),
        ("src/*.py", ["src/a.py"]),
        ("src/**/test_*.py", ["src/x/y/test_a.py", "src/test_b.py"]),
        ("app/[id]/page.tsx", ["app/[id]/page.tsx"]),
        ("app/(group)/page.tsx", ["app/(group)/page.tsx"]),
        ("src/a.py (new)", ["src/a.py"]),
        ("`src/a.py` (to be made)", ["src/a.py"]),
        ("src/a.py` (its first backtick was taken)", ["src/a.py"]),
        (".", ["anything", "at/all"]),
    ],
)
def test_what_a_file_of_a_task_covers(file: str, covered: list[str]) -> None:
    assert out_of_bounds(covered, [file]) == []


@pytest.mark.parametrize("file", ["src/models", "src/*.py", "models", "src/a"])
def test_what_it_does_not_cover(file: str) -> None:
    changed = ["src/b/c.py", "lib/models/a.py", "src/a.pyc", "src/modelsx", "../src/a"]
    assert out_of_bounds(changed, [file]) == changed


def test_without_files_everything_may_change() -> None:
    assert out_of_bounds(["a", "b"], []) == []


def test_several_files() -> None:
    assert out_of_bounds(["a/1", "b/1", "c/1"], ["a", "c"]) == ["b/1"]
