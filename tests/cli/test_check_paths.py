"""Folders, standard input and watching: what ``milepost check`` reads."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

from milepost.app.plan_files import find_plans, snapshot
from milepost.cli.watch import Snapshot, watch

PLAN = "# Birdhouse - Implementation Plan\n\n**Total Tasks:** {}\n\n- [ ] **1.1** Saw the boards\n"
CLEAN, STALE, FIXED = PLAN.format(1), PLAN.format(7), PLAN.format(1)


def plant(root: Path, *paths: str, text: str = CLEAN) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def test_a_folder_is_searched_for_plans(project: Path) -> None:
    wanted = [
        ".kiro/specs/login/tasks.md",
        "docs/Implementation_Plan.md",
        "openspec/changes/add-login/tasks.md",
        "specs/login/TASKS.md",
        "tasks.md",
    ]
    others = [
        ".git/tasks.md",
        ".hidden/tasks.md",
        "README.md",
        "backlog/docs/notes.md",
        "backlog/tasks/task-1.md",  # holds no task of that tool
        "node_modules/pkg/tasks.md",
        "own-env/lib/tasks.md",
        "specs/login/design.md",
        "specs/login/mytasks.md",
        "venv/lib/tasks.md",
    ]
    plant(project, *wanted, *others)
    plant(project, "backlog/tasks/task-1 - Saw.md", text="---\nid: task-1\ntitle: Saw\nstatus: To Do\n---\n")
    (project / "own-env" / "pyvenv.cfg").touch()
    assert sorted(find_plans(".")) == sorted([*wanted, "backlog"])  # a folder of Backlog.md is one plan
    assert find_plans("specs") == ["specs/login/TASKS.md"]
    # A file is taken at its word.
    assert find_plans("README.md") == ["README.md"]


def test_settings_leave_files_out_of_the_search(project: Path, milepost: Milepost) -> None:
    plant(project, "specs/a/tasks.md", "specs/b/tasks.md", "fixtures/tasks.md")
    (project / "milepost.toml").write_text('[lint]\nexclude = ["fixtures", "specs/b/**"]\n')
    assert find_plans(".") == ["specs/a/tasks.md"]
    # Whoever names an excluded file means it.
    assert milepost("check", "specs/b/tasks.md").code == 0


def test_links_that_go_in_circles_end(project: Path) -> None:
    plant(project, "specs/tasks.md")
    (project / "specs" / "again").symlink_to(project / "specs")
    assert find_plans("specs") == ["specs/tasks.md"]


def test_each_plan_is_checked_once(project: Path, milepost: Milepost) -> None:
    plant(project, "specs/a/tasks.md", text=STALE)
    plant(project, "specs/b/tasks.md")
    result = milepost("check", "specs", "specs/a/tasks.md", "specs")
    assert result.code == 1
    assert result.out.count("MP601") == 1
    assert result.out.endswith("Found 1 finding in 2 plans (1 warning); 1 fixable with --fix.\n")


def test_a_found_file_without_tasks_is_not_passed_over(project: Path, milepost: Milepost) -> None:
    plant(project, "specs/a/tasks.md")
    plant(project, "specs/b/tasks.md", text="# Nothing yet\n")
    result = milepost("check", "specs")
    assert result.code == 3
    assert "error[no-tasks-found]" in result.err
    assert "--> specs/b/tasks.md" in result.err


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> io.BytesIO:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(raw))
    return raw


def test_standard_input_is_a_plan(project: Path, milepost: Milepost, stdin: io.BytesIO) -> None:
    stdin.write(STALE.encode())
    stdin.seek(0)
    result = milepost("check", "-", "--stdin-filename", "specs/a/tasks.md")
    assert result.code == 1
    assert result.out.startswith("specs/a/tasks.md:3:18 MP601")


def test_settings_hold_for_the_named_place(project: Path, milepost: Milepost, stdin: io.BytesIO) -> None:
    (project / "milepost.toml").write_text('[lint.per-file-ignores]\n"specs/**" = ["MP6"]\n')
    stdin.write(STALE.encode())
    stdin.seek(0)
    assert milepost("check", "-", "--stdin-filename", "specs/a/tasks.md").code == 0
    stdin.seek(0)
    assert milepost("check", "-", "--stdin-filename", "other/tasks.md").code == 1


def test_standard_input_is_fixed_on_standard_output(project: Path, milepost: Milepost, stdin: io.BytesIO) -> None:
    stdin.write(STALE.encode())
    stdin.seek(0)
    result = milepost("check", "--fix", "-")
    assert (result.code, result.out) == (0, FIXED)
    assert result.err.startswith("Fixed 1 finding.")
    assert os.listdir(project) == ["milepost.toml"]


@pytest.mark.parametrize("arguments", [["--watch", "-"], ["--fix", "-", "tasks.md"], ["--diff", "--watch", "tasks.md"]])
def test_what_makes_no_sense_is_refused(project: Path, milepost: Milepost, arguments: list[str]) -> None:
    result = milepost("check", *arguments)
    assert result.code == 2
    assert "help:" in result.err


def test_empty_standard_input_is_unreadable(project: Path, milepost: Milepost, stdin: io.BytesIO) -> None:
    assert milepost("check", "-").code == 3


def test_statistics_count_by_rule(project: Path, milepost: Milepost) -> None:
    plant(project, "specs/a/tasks.md", text=STALE + "  - _Requirements: [REQ-X.X]_\n")
    plant(project, "specs/b/tasks.md", text=STALE)
    result = milepost("check", "specs", "--statistics")
    assert result.code == 1
    assert result.out == "2  MP601  [*]  total-mismatch\n1  MP701  [ ]  placeholder-left\n"


class Files:
    """Looks that were written down beforehand; the watcher is interrupted after the last of them."""

    def __init__(self, *looks: Snapshot) -> None:
        self.looks = list(looks)
        self.acts: list[list[str]] = []

    def watch(self) -> list[list[str]]:
        with pytest.raises(KeyboardInterrupt):
            watch(lambda: self.looks.pop(0), self.acts.append, self.wait)
        return self.acts

    def wait(self) -> None:
        if not self.looks:
            raise KeyboardInterrupt


OLD: Snapshot = {"a": (1, 1), "b": (1, 1)}
NEW: Snapshot = {"a": (2, 1), "b": (1, 1)}
NEWER: Snapshot = {"a": (3, 1), "b": (1, 1)}


def test_watching_acts_once_and_then_only_on_changes() -> None:
    assert Files(OLD, OLD, OLD).watch() == [[]]


def test_a_change_is_acted_on_when_it_has_come_to_rest() -> None:
    # The third look still sees writing going on; the fourth and the fifth agree.
    assert Files(OLD, OLD, NEW, NEWER, NEWER, NEWER).watch() == [[], ["a"]]


def test_a_change_that_was_taken_back_is_none() -> None:
    assert Files(OLD, NEW, OLD, OLD).watch() == [[]]


def test_files_that_come_and_go_are_changes() -> None:
    without: Snapshot = {"b": (1, 1)}
    assert Files(OLD, without, without, OLD, OLD).watch() == [[], ["a"], ["a"]]


def test_a_snapshot_sees_plans_and_settings(project: Path) -> None:
    plant(project, "specs/a/tasks.md")
    before = snapshot(["specs", "missing.md"])
    assert {Path(name).name for name in before} == {"tasks.md", "milepost.toml"}
    plant(project, "specs/b/tasks.md")
    after = snapshot(["specs", "missing.md"])
    assert {os.path.relpath(name) for name in after.keys() - before.keys()} == {"specs/b/tasks.md"}


INTERRUPTIBLE = """\
import signal
from milepost.cli.main import main

signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever starts the tests may have it ignored
main(["check", "--watch", "tasks.md"])
"""


@pytest.fixture
def watcher(project: Path) -> Iterator[subprocess.Popen[str]]:
    plant(project, "tasks.md", text=STALE)
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", INTERRUPTIBLE],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def lines_until_watching(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout
    lines: list[str] = []
    for line in process.stdout:
        if line.startswith("Watching"):
            return lines
        lines.append(line)
    raise AssertionError("".join(lines))


def test_watch_checks_again_after_a_change_and_ends_quietly(project: Path, watcher: subprocess.Popen[str]) -> None:
    assert "MP601" in lines_until_watching(watcher)[0]
    plant(project, "tasks.md", text=CLEAN)
    changed, passed = lines_until_watching(watcher)
    assert changed == "Changed: tasks.md\n"
    assert passed.startswith("All checks passed: 1 task")
    watcher.send_signal(signal.SIGINT)
    assert watcher.stdout
    assert watcher.stdout.read().strip() == ""
    assert watcher.wait() == 0
