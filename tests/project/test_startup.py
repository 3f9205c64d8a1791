"""What may be imported at start-up: the price of every call, which no test of behaviour notices."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "alembic",
    "asyncio",
    "fastapi",
    "numpy",
    "pydantic",
    "rich",
    "sqlalchemy",
    "sqlite3",
    "ssl",
    "unittest",
    "xml",
}
UNNEEDED = {"concurrent", "email", "getpass", "json", "logging", "multiprocessing", "subprocess", "tempfile", "tomllib"}

PLAN = """\
# Small - Implementation Plan

- [ ] **1** One
  - _Estimated: 1 hour_
- [ ] **2** Two
  - _Estimated: 1 hour_

```
1 → 2
```
"""


def imported(*args: str, cwd: Path) -> set[str]:
    """Top-level packages that a command imports, and those right below ``milepost``."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "milepost", *args], cwd=cwd, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    names = re.findall(r"^import time:\s*\d+ \|\s*\d+ \|\s*(milepost\.\w+|\w+)", done.stderr, re.MULTILINE)
    assert "milepost" in names
    return set(names)


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_nothing_heavy_to_say_who_we_are(option: str, tmp_path: Path) -> None:
    assert imported(option, cwd=tmp_path) & (HEAVY | UNNEEDED) == set()


def test_check_draws_nothing_and_opens_no_ledger(tmp_path: Path) -> None:
    (tmp_path / "tasks.md").write_text(PLAN, encoding="utf-8")
    assert imported("check", "tasks.md", cwd=tmp_path) & HEAVY == set()


@pytest.mark.parametrize("command", ["status", "next"])
def test_a_plan_that_is_known_is_not_read_again(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is what reads plans loaded, which takes as long as the rest of the command."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "tasks.md").write_text(PLAN, encoding="utf-8")
    assert "milepost.plan" in imported(command, "tasks.md", cwd=tmp_path)
    assert (
        imported(command, "tasks.md", cwd=tmp_path) & {"milepost.plan", "milepost.lint", "milepost.schedule"} == set()
    )
