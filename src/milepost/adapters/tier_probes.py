"""Agents of tiers tried out: whether they are there, and whether they answer."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from milepost.adapters.agent_reports import read_output
from milepost.adapters.surroundings import Surroundings

BRIEF = "# A test\n\nThis only tests whether you can be reached. Change no file and run no command. Answer with: OK\n"
_VERSION_SECONDS = 30.0
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Probe:
    """What became of a harmless prompt: whether an answer came, what it was, or why there is none.

    ``cost`` in US dollars and ``tokens`` are None where the agent does not tell.
    """

    answered: bool
    text: str
    seconds: float
    cost: float | None = None
    tokens: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Everything, as plain values."""
        return asdict(self)


def find_program(name: str) -> str:
    """Where a program lies; empty when it is not found."""
    return shutil.which(name) or ""


def version_of(path: str) -> str:
    """The version that a program says it has; empty when it says none."""
    try:
        done = subprocess.run(
            [path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=_VERSION_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = (done.stdout + b"\n" + done.stderr).decode("utf-8", "replace").splitlines()
    return next((line.strip()[:80] for line in lines if any(char.isdigit() for char in line)), "")


def probe(agent: str, command: str, worker: Surroundings, limit: float) -> Probe:
    """Give an agent a harmless prompt, in a new folder, for at most ``limit`` seconds."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="milepost-") as folder:
        code, output = _run(command, Path(folder), {**worker.env, **worker.secret_env}, limit)
    report = read_output(agent, output)
    seconds = round(time.monotonic() - begun, 1)
    answer = " ".join(report.answer.split())[-_LONGEST:]
    last = next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "it said nothing")
    failed = code != 0 or bool(report.error) or not answer
    text = (report.error or answer or last)[:_LONGEST] if failed else answer
    ended = f"it ended with exit code {code}: " if code else ""
    if code is None:
        ended = f"it was stopped after {limit:g} seconds: "
    return Probe(not failed, str(worker.masked(ended + text)), seconds, report.cost, report.tokens)


def _run(command: str, folder: Path, environment: Mapping[str, str], limit: float) -> tuple[int | None, str]:
    """The exit code of a command (None: it was killed after ``limit`` seconds) and what it printed."""
    brief = folder / "brief.md"
    brief.write_text(BRIEF)
    work = folder / "work"
    work.mkdir()
    told = {"MILEPOST_BRIEF": str(brief), "MILEPOST_RESULT": str(folder / "result.json")}
    process = subprocess.Popen(
        ["/bin/sh", "-c", command],
        cwd=work,
        env={**environment, **told, "MILEPOST_ATTEMPT_DIR": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    with process:
        try:
            output, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            return None, output.decode("utf-8", "replace")
    return process.returncode, output.decode("utf-8", "replace")
