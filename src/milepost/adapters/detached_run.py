"""A run driven by a process of its own, which outlives the one that started it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from milepost.adapters.processes import let_go
from milepost.errors import WorkerUnavailable

_PATIENCE_SECONDS = 20.0
_LOOK_SECONDS = 0.05
_TAIL_BYTES = 2000


def start_run(plan: str, by: str, output: Path, joined: Callable[[], bool]) -> None:
    """Start ``milepost run`` for a plan, in a session of its own, and come back when it has ``joined`` the run.

    What it prints goes to the file ``output``. A process that is slow to join is left alone.

    Raises:
        WorkerUnavailable: it cannot be started, or it ended at once; the message says what it printed.
    """
    command = [sys.executable, "-m", "milepost", "run", plan, "--by", by, "--quiet"]
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with open(output, "wb") as file:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
            )
    except OSError as error:
        raise WorkerUnavailable(f"the run cannot be started: {error.strerror}", place=plan) from None
    let_go(child)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and not joined():
        if child.poll() is not None:
            if joined():
                return
            raise WorkerUnavailable(
                f"the run ended at once, with exit code {child.returncode}: {_tail(output)}",
                place=plan,
                remedy="`milepost run` in a terminal shows more",
            )
        time.sleep(_LOOK_SECONDS)


def _tail(output: Path) -> str:
    try:
        with open(output, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").strip().split("\n")
            return " ".join(" ".join(lines[-3:]).split())
    except OSError:
        return ""
