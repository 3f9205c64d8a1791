"""Measure child processes: CPU time (user + system, of the process and the children it waited for) and wall time."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

MILEPOST = (sys.executable, "-m", "milepost")


@dataclass(frozen=True)
class Sample:
    """What one run of a command took, in milliseconds, and its exit code."""

    cpu: float
    wall: float
    code: int


@dataclass(frozen=True)
class Measurement:
    """Several runs of one command."""

    samples: tuple[Sample, ...]

    @property
    def cpu_min(self) -> float:
        return min(sample.cpu for sample in self.samples)

    @property
    def cpu_median(self) -> float:
        return statistics.median(sample.cpu for sample in self.samples)

    @property
    def wall_min(self) -> float:
        return min(sample.wall for sample in self.samples)


def run_once(command: Sequence[str], cwd: Path, *, codes: Sequence[int] = (0,)) -> Sample:
    """Run a command to its end; an exit code that is not expected ends the benchmark."""
    with open(cwd / ".output", "wb") as output:
        start = time.perf_counter()
        child = subprocess.Popen(command, cwd=cwd, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
    child.returncode = code = os.waitstatus_to_exitcode(status)
    if code not in codes:
        shown = (cwd / ".output").read_text(encoding="utf-8", errors="replace")
        sys.exit(f"{' '.join(command)} ended with {code}:\n{shown[-2000:]}")
    return Sample((usage.ru_utime + usage.ru_stime) * 1000, wall * 1000, code)


def measure(command: Sequence[str], cwd: Path, *, times: int, codes: Sequence[int] = (0,)) -> Measurement:
    """Run a command several times, after once to fill the caches."""
    run_once(command, cwd, codes=codes)
    return Measurement(tuple(run_once(command, cwd, codes=codes) for _ in range(times)))


def in_process(work: Callable[[], object], *, times: int) -> Measurement:
    """Measure a function in this process."""
    samples = []
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        samples.append(Sample((time.process_time() - cpu) * 1000, (time.perf_counter() - wall) * 1000, 0))
    return Measurement(tuple(samples))
