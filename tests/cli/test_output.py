"""What a terminal or a pipe does to output: narrow encodings, full disks, errors where JSON was asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

PLAN = """\
# Ämter 部門 - Implementation Plan

### **Phase 1: Räume**

- [ ] **1.1** Stühle 🪑
  - _Estimated: 1 hour_
"""


@pytest.fixture
def plan(project: Path) -> Path:
    path = project / "tasks.md"
    path.write_text(PLAN, "utf-8")
    return path


def call(*args: str, encoding: str = "utf-8", stdout: int | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "milepost", *args]
    where = {**os.environ, "PYTHONIOENCODING": encoding}
    pipe = subprocess.PIPE
    return subprocess.run(command, stdout=pipe if stdout is None else stdout, stderr=pipe, env=where, check=False)


@pytest.mark.parametrize(
    "command", ["status tasks.md", "claim tasks.md 1.1", "sync --dry-run --diff tasks.md", "report tasks.md", "check ."]
)
def test_signs_that_an_encoding_has_not_are_written_in_another_way(
    milepost: Milepost, plan: Path, command: str
) -> None:
    milepost("pause", "tasks.md")
    milepost("resume", "tasks.md")
    done = call(*command.split(), encoding="latin-1")
    assert b"Traceback" not in done.stderr
    assert done.returncode == 0


def test_json_is_json_in_any_encoding(plan: Path) -> None:
    shown = [call("next", "tasks.md", "--json", encoding=name).stdout for name in ("latin-1", "ascii", "utf-8")]
    assert [json.loads(text)["tasks"][0]["title"] for text in shown] == ["Stühle 🪑"] * 3


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only some systems have a full device")
@pytest.mark.parametrize("command", ["rules", "status tasks.md", "status tasks.md --json", "--version"])
def test_output_that_finds_no_room_is_said(plan: Path, command: str) -> None:
    with open("/dev/full", "w") as full:
        done = call(*command.split(), stdout=full.fileno())
    assert done.returncode == 1
    assert b"No space left on device\n  --> standard output\n" in done.stderr
    assert b"Traceback" not in done.stderr


def test_an_error_is_json_too_where_json_was_asked_for(milepost: Milepost, plan: Path) -> None:
    told = milepost("claim", "tasks.md", "1.7", "--json")
    assert told.code == 2
    assert told.json == {
        "error": {
            "code": "unknown-name",
            "message": "the run has no task 1.7",
            "place": "",
            "remedy": "did you mean 1.1?",
        }
    }
    assert "error[unknown-name]" in told.err
    assert milepost("claim", "tasks.md", "1.7").out == ""
