"""What a writer leaves beside a document when it is killed in the middle is cleared away by the next one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from milepost.app.documents import new_file_beside, replace_file

KILLED = "import os, sys, pathlib; from milepost.app.documents import new_file_beside as new; "
KILLED += "print(new(pathlib.Path(sys.argv[1]))[1], flush=True); os.kill(os.getpid(), 9)"


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "tasks.md"
    path.write_text("# Plan\n")
    return path


def left(plan: Path, *, seconds_ago: float = 3600.0) -> Path:
    """The file of a writer that was killed so long ago."""
    told = subprocess.run([sys.executable, "-c", KILLED, str(plan)], stdout=subprocess.PIPE, text=True, check=False)
    assert told.returncode == -9
    path = Path(told.stdout.strip())
    moment = path.stat().st_mtime - seconds_ago
    os.utime(path, (moment, moment))
    return path


def test_what_was_left_is_gone_after_the_next_write(plan: Path) -> None:
    path = left(plan)
    assert path.parent == plan.parent
    replace_file(plan, b"# New\n", shown="tasks.md")
    assert os.listdir(plan.parent) == ["tasks.md"]
    assert plan.read_bytes() == b"# New\n"


def test_what_is_young_stays(plan: Path) -> None:
    """On a file system without locks, its writer may be about to rename it."""
    path = left(plan, seconds_ago=5.0)
    replace_file(plan, b"# New\n", shown="tasks.md")
    assert path.exists()


def test_what_a_living_writer_holds_stays_however_old(plan: Path) -> None:
    descriptor, name = new_file_beside(plan)
    os.utime(name, (1.0, 1.0))
    replace_file(plan, b"# New\n", shown="tasks.md")
    assert os.path.exists(name)
    os.close(descriptor)
    replace_file(plan, b"# Newer\n", shown="tasks.md")
    assert not os.path.exists(name)


def folder(path: Path) -> None:
    path.mkdir()


def link(path: Path) -> None:
    path.symlink_to(path.parent / "tasks.md")


@pytest.mark.parametrize(
    ("name", "make"),
    [
        (".tasks.md.0123456789ab.tmp", folder),
        (".tasks.md.0123456789ab.tmp", link),
        (".other.md.0123456789ab.tmp", Path.touch),
        (".tasks.md.mine.tmp", Path.touch),
        ("tasks.md.0123456789ab.tmp", Path.touch),
    ],
)
def test_what_is_not_ours_stays(plan: Path, name: str, make: Callable[[Path], None]) -> None:
    other = plan.parent / name
    make(other)
    os.utime(other, (1.0, 1.0), follow_symlinks=False)
    replace_file(plan, b"# New\n", shown="tasks.md")
    assert os.path.lexists(other)
