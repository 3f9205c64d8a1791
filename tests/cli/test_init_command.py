from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from milepost.cli.main import run
from milepost.lint.runner import check
from milepost.plan.reader import read_plan
from milepost.source import SourceText

FILES = ["requirements.md", "design.md", "tasks.md"]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_writes_a_spec_folder_and_says_what_comes_next(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "full-text-search"]) == 0
    folder = Path("specs/full-text-search")
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    shown = capsys.readouterr().out
    assert [line for line in shown.splitlines() if line.startswith("wrote ")] == [f"wrote {folder}/{n}" for n in FILES]
    assert f"milepost check {folder}/tasks.md" in shown
    assert (folder / "tasks.md").read_text().startswith("# Full Text Search - Implementation Plan\n")


def test_a_new_plan_has_nothing_wrong_but_its_placeholders() -> None:
    run(["init", "search"])
    plan = read_plan(SourceText.from_bytes(Path("specs/search/tasks.md").read_bytes()))
    # 1 + (3 + 2) + (2 + 1) + (1 + 1) hours, as the template's header claims.
    assert (len(plan.required), plan.effort) == (7, 11 * 3600)
    found = check(plan)
    assert {finding.name for finding in found} == {"placeholder-left"}
    assert not any("[Date]" in finding.message for finding in found)  # today is known


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "search", "--dir", "plans", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "name": "search",
        "folder": "plans/search",
        "files": [f"plans/search/{name}" for name in FILES],
    }


def test_what_is_there_is_not_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    run(["init", "search"])
    Path("specs/search/design.md").unlink()
    plan = Path("specs/search/tasks.md")
    plan.write_text("mine")
    assert run(["init", "search"]) == 1
    shown = capsys.readouterr().err
    assert "there is already requirements.md, tasks.md" in shown
    assert "--force" in shown
    assert plan.read_text() == "mine"
    assert not Path("specs/search/design.md").exists()


def test_force_overwrites() -> None:
    Path("specs/search").mkdir(parents=True)
    plan = Path("specs/search/tasks.md")
    plan.write_text("mine")
    assert run(["init", "search", "--force"]) == 0
    assert plan.read_text().startswith("# Search - Implementation Plan")


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("Full Text_Search", "full-text-search"),
        ("../escape", "escape"),
        ("a/b", "a-b"),
        ("-x-", "x"),
        ("..", "word-count"),
        ("Überblick", "überblick"),
    ],
)
def test_a_name_that_suits_no_folder(name: str, suggestion: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "--", name]) == 2
    assert f"such as `{suggestion}`" in capsys.readouterr().err
    assert list(Path().iterdir()) == []


def test_a_name_in_any_script() -> None:
    assert run(["init", "検索"]) == 0
    assert Path("specs/検索/tasks.md").is_file()


def test_a_folder_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    Path("specs").write_text("a file where the folder should be")
    assert run(["init", "search"]) == 1
    shown = capsys.readouterr().err
    assert "error[document-unwritable]" in shown
    assert f"specs{os.sep}search" in shown
