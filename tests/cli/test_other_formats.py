"""Every command on plans that are no Markdown lists: Task Master's file and Backlog.md's folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

TASKS = {
    "master": {
        "tasks": [
            {"id": 1, "title": "Set up", "status": "done", "dependencies": []},
            {"id": 2, "title": "Build", "status": "pending", "dependencies": [1]},
            {"id": 3, "title": "Ship", "status": "pending", "dependencies": [2]},
        ]
    }
}


def backlog_file(number: int, status: str, needs: str = "[]") -> bytes:
    text = (
        f"---\nid: task-{number}\ntitle: Task {number}\nstatus: {status}\ndependencies: {needs}\nextra: {{a: 1}}\n---\n"
    )
    return text.replace("\n", "\r\n").encode()


@pytest.fixture
def taskmaster(project: Path) -> Path:
    path = project / ".taskmaster" / "tasks" / "tasks.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(TASKS, indent=2))
    return path


@pytest.fixture
def backlog(project: Path) -> Path:
    folder = project / "backlog"
    (folder / "tasks").mkdir(parents=True)
    (folder / "completed").mkdir()
    (folder / "completed" / "task-1 - Done.md").write_bytes(backlog_file(1, "Done"))
    (folder / "tasks" / "task-2 - Next.md").write_bytes(backlog_file(2, "To Do", "[task-1]"))
    (folder / "tasks" / "task-10 - Last.md").write_bytes(backlog_file(10, "To Do", "[task-2]"))
    (folder / "tasks" / "readme.md").write_text("# How we work\n")
    return folder


def test_task_master(taskmaster: Path, milepost: Milepost) -> None:
    path = ".taskmaster/tasks/tasks.json"
    assert milepost("check", path).code == 0
    # Found by itself when the folder is named.
    assert [one["path"] for one in milepost("check", ".", "--format", "json").json["plans"]] == [path]
    assert [one["id"] for one in milepost("next", path, "--json").json["tasks"]] == ["2"]
    # Without estimates each task takes the default of one hour, one after the other.
    schedule = milepost("schedule", path, "--json").json
    assert schedule["gated"]["critical_path"] == ["1", "2", "3"]
    before = taskmaster.read_text()
    assert milepost("claim", path, "2").code == 0
    assert milepost("sync", path).code == 0
    assert taskmaster.read_text() == before.replace('"pending"', '"in-progress"', 1)
    assert milepost("done", path, "2").code == 0
    assert milepost("sync", path).code == 0
    assert taskmaster.read_text() == before.replace('"pending"', '"done"', 1)
    assert milepost("status", path, "--json").json["tasks"]["done"] == 2


def test_a_backlog(backlog: Path, milepost: Milepost) -> None:
    for path in ("backlog", "backlog/tasks"):
        assert milepost("check", path).code == 0
        assert [one["id"] for one in milepost("next", path, "--json").json["tasks"]] == ["task-2"]
    assert [one["path"] for one in milepost("check", ".", "--format", "json").json["plans"]] == ["backlog"]
    assert milepost("schedule", "backlog", "--json").json["gated"]["critical_path"] == ["task-1", "task-2", "task-10"]
    files = {path: path.read_bytes() for path in sorted(backlog.rglob("*.md"))}
    times = {path: path.stat().st_mtime_ns for path in files}
    assert milepost("done", "backlog", "task-2").code == 0
    assert milepost("sync", "backlog").code == 0
    changed = backlog / "tasks" / "task-2 - Next.md"
    assert changed.read_bytes() == files[changed].replace(b"To Do", b"Done")
    for file in files.keys() - {changed}:
        assert (file.read_bytes(), file.stat().st_mtime_ns) == (files[file], times[file])
    assert [one["id"] for one in milepost("next", "backlog", "--json").json["tasks"]] == ["task-10"]


def test_a_finding_names_the_file_it_is_in(backlog: Path, milepost: Milepost) -> None:
    path = backlog / "tasks" / "task-2 - Next.md"
    path.write_bytes(backlog_file(2, "To Do", "[task-1, task-99]"))
    result = milepost("check", "backlog")
    assert result.code == 1
    assert result.out.startswith("backlog/tasks/task-2 - Next.md:5:24 MP201")
    (found,) = milepost("check", "backlog", "--format", "json").json["findings"]
    assert (found["path"], found["line"], found["column"]) == ("backlog/tasks/task-2 - Next.md", 5, 24)
    # An archived task is no mistake.
    (backlog / "archive" / "tasks").mkdir(parents=True)
    (backlog / "archive" / "tasks" / "task-99 - Old.md").write_bytes(backlog_file(99, "Done"))
    assert milepost("check", "backlog").code == 0


def test_one_id_in_two_files(backlog: Path, milepost: Milepost) -> None:
    (backlog / "tasks" / "task-2 - Again.md").write_bytes(backlog_file(2, "To Do"))
    result = milepost("check", "backlog")
    assert result.code == 1
    assert "backlog/tasks/task-2 - Next.md:2:5" in result.out
    assert "in backlog/tasks/task-2 - Again.md" in result.out


def test_what_sync_would_change_is_shown_by_file(backlog: Path, milepost: Milepost) -> None:
    assert milepost("claim", "backlog", "task-2").code == 0
    path = backlog / "tasks" / "task-2 - Next.md"
    path.write_bytes(path.read_bytes().replace(b"In Progress", b"To Do"))
    result = milepost("sync", "backlog", "--dry-run")
    assert "--- a/backlog/tasks/task-2 - Next.md" in result.out
    assert "+status: In Progress" in result.out


def test_a_folder_with_similar_names_is_searched(project: Path, milepost: Milepost) -> None:
    (project / "docs").mkdir()
    (project / "docs" / "adr-1-words.md").write_text("# Words\n")
    result = milepost("check", "docs")
    assert result.code == 3
    assert "no plan was found" in result.err


def test_broken_json_is_said_where_it_breaks(taskmaster: Path, milepost: Milepost) -> None:
    taskmaster.write_text(json.dumps(TASKS, indent=2)[:-12])
    result = milepost("check", ".taskmaster/tasks/tasks.json")
    assert result.code == 1
    assert "MP105" in result.out
    assert "no JSON from here on" in result.out
