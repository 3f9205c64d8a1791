"""`make demo`, without its set-up: the example plan from nothing to a program that works."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.project.repository import ROOT

EXAMPLE = ROOT / "examples" / "wordcount"


def in_environment(*command: str | Path, cwd: Path) -> str:
    """Run a command that finds this interpreter's `milepost` and `python3` first; give what it prints."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "COLUMNS": "100"}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_demo_builds_the_program_and_shows_what_it_changed(tmp_path: Path) -> None:
    before = (EXAMPLE / "tasks.md").read_bytes()
    shown = in_environment("sh", ROOT / "examples" / "demo.sh", tmp_path, cwd=tmp_path)
    project = tmp_path / "wordcount"
    after = (project / "tasks.md").read_text(encoding="utf-8")

    # 13 tasks and 6 criteria: 19 boxes, all ticked; nothing in the repository changed.
    assert (after.count("- [x]"), after.count("- [ ]")) == (19, 0)
    assert "**Progress:** 13/13 tasks complete" in after
    assert (EXAMPLE / "tasks.md").read_bytes() == before
    # The diff at the end takes each box off and puts it back ticked.
    assert len(re.findall(r"^\+- \[x\]", shown, re.MULTILINE)) == 19
    # The program that came out of it works: this text has one line, three words and thirteen characters.
    (project / "text").write_text("one two three", encoding="utf-8")
    command = ["env", "PYTHONPATH=build/site", "build/site/bin/wordcount", "text"]
    assert in_environment(*command, cwd=project).split() == ["1", "3", "13", "text"]
    # The task that is made to overrun did, and Tier 2 finished it.
    assert tiers_that_worked_on("4.3", project) == [3, 2]


def tiers_that_worked_on(task: str, project: Path) -> list[int]:
    """The tier of each attempt at a task, in order, from the ledger's events."""
    events = json.loads(in_environment("milepost", "log", "tasks.md", "--json", cwd=project))
    return [event["tier"] for event in events if event["event"] == "AttemptStarted" and event["task"] == task]
