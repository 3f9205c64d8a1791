"""A project in a folder of its own, and the command line in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from milepost.cli.main import run

Milepost = Callable[..., "Result"]


class Result(NamedTuple):
    """What a command gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, a project's root, whose user has trusted nothing yet and is called `tester`."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("MILEPOST_WORKER", "tester")
    root = tmp_path / "project"
    root.mkdir()
    (root / "milepost.toml").write_text("")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def milepost(project: Path, capsys: pytest.CaptureFixture[str]) -> Milepost:
    """Run a command in the project."""

    def call(*args: str) -> Result:
        capsys.readouterr()
        code = run(list(args))
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return call


def run_without(package: str, *args: str, **variables: str) -> Result:
    """Run a command in a process of its own where a package is not installed."""
    code = f"import sys; sys.modules[{package!r}] = None; from milepost.cli.main import main; main(sys.argv[1:])"
    call = [sys.executable, "-c", code, *args]
    done = subprocess.run(call, env={**os.environ, **variables}, capture_output=True, text=True, timeout=120)
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def example(project: Path) -> Path:
    """The example's spec folder, copied into the project."""
    source = Path(__file__).parents[2] / "examples" / "wordcount"
    shutil.copytree(source, project, dirs_exist_ok=True)
    return project / "tasks.md"
