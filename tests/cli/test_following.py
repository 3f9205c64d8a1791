"""`milepost log --follow`: what is new is shown as it comes, until it is over."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

from milepost.cli.following import output_of

PLAN = """\
# Watch - Implementation Plan

### **Phase 1: One**

- [ ] **1.1** Wait for a sign
  - _Run: echo ready; until test -e sign; do sleep 0.05; done; echo go_
- [ ] **1.2** Ask
"""


@pytest.fixture
def plan(project: Path) -> Path:
    path = project / "tasks.md"
    path.write_text(PLAN)
    return path


@pytest.fixture
def follower(project: Path) -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


def start(started: list[subprocess.Popen[str]], *args: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-m", "milepost", *args], stdout=subprocess.PIPE, text=True)
    started.append(process)
    return process


def read_until(process: subprocess.Popen[str], words: str) -> list[str]:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return lines
    raise AssertionError(f"{words} never came: {lines}")


def test_events_are_shown_as_they_come_until_the_run_is_over(
    milepost: Milepost, plan: Path, follower: list[subprocess.Popen[str]]
) -> None:
    milepost("done", "tasks.md", "1.1", "--by", "ann", "--force")
    shown = start(follower, "log", "tasks.md", "--follow")
    read_until(shown, "1.1 done (by hand: ann)")
    milepost("claim", "tasks.md", "1.2")
    read_until(shown, "1.2 started on tier 3: Ask")
    milepost("done", "tasks.md", "1.2")
    rest = read_until(shown, "run finished")
    assert "1.2 done" in rest[0]
    assert shown.wait(timeout=120) == 0


def test_followed_events_are_lines_of_json(milepost: Milepost, plan: Path) -> None:
    milepost("done", "tasks.md", "1.1", "--force")
    milepost("done", "tasks.md", "1.2", "--force")
    lines = [json.loads(line) for line in milepost("log", "tasks.md", "--follow", "--json").out.splitlines()]
    assert [line["event"] for line in lines] == ["RunStarted", "TaskCompleted", "TaskCompleted", "RunFinished"]
    assert [line["version"] for line in lines] == [1, 2, 3, 4]


def test_output_is_shown_as_it_comes_until_the_attempt_is_over(
    milepost: Milepost, plan: Path, project: Path, follower: list[subprocess.Popen[str]]
) -> None:
    milepost("trust", "tasks.md")
    run = start(follower, "run", "tasks.md", "--no-wait")
    read_until(run, "1.1 started")
    shown = start(follower, "log", "tasks.md", "1.1", "-f")
    read_until(shown, "ready")
    (project / "sign").touch()
    read_until(shown, "go")
    assert shown.wait(timeout=120) == 0
    assert milepost("log", "tasks.md", "1.1", "-f", "--json").code == 2
    run.communicate(timeout=120)


def test_a_log_that_is_begun_anew_is_read_on(tmp_path: Path) -> None:
    log = tmp_path / "output"

    def begin() -> None:
        log.write_bytes(b"first ")

    def begin_anew() -> None:
        with log.open("ab") as file:
            file.write(b"more ")
        log.rename(tmp_path / "older")
        log.write_bytes(b"second")

    steps = iter([begin, begin_anew])
    over: list[bool] = []

    def wait() -> None:
        step = next(steps, None)
        if step is None:
            over.append(True)
        else:
            step()

    assert b"".join(output_of(log, lambda: bool(over), wait)) == b"first more second"
