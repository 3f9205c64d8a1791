"""A run of 10,000 no-op tasks is killed half way: how soon the next supervisor starts something.

`python -m benchmarks.bench_resume [--tasks N] [--rounds N]`. The supervisor gets SIGKILL once half of the tasks are
done; its successor is a fresh process, timed from its start to its first claim in the ledger. Beside it, what make
needs to find out how far it had come: a rebuild with as many targets, half of which have their stamp files.
"""

from __future__ import annotations

import argparse
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.bench_run import makefile, no_ops
from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.app.runs import RunSession
from milepost.execution.commands import Start

SUPERVISOR = """
import sys
from pathlib import Path
from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.adapters.local_engine import LocalEngine
from milepost.app.runs import RunSession

root = Path(sys.argv[1])
LocalEngine(RunSession(SqliteLedger(root / ".milepost" / "ledger.db"), "bench#1"), root).run()
"""
_COUNT = "SELECT count(*) FROM event WHERE kind = ? AND position > ?"


def supervisor(root: Path) -> subprocess.Popen[bytes]:
    """Begin or go on with the run."""
    return subprocess.Popen([sys.executable, "-c", SUPERVISOR, str(root)])


def wait_for(ledger: sqlite3.Connection, kind: str, count: int, after: int = 0) -> None:
    """Wait for so many events of a kind after a position."""
    while ledger.execute(_COUNT, (kind, after)).fetchone()[0] < count:
        time.sleep(0.005)


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def resume(root: Path, rounds: int) -> list[float]:
    """Seconds from the start of each next supervisor to its first claim; each is killed in its turn."""
    ledger = sqlite3.connect(root / ".milepost" / "ledger.db")
    took = []
    for _ in range(rounds):
        (last,) = ledger.execute("SELECT max(position) FROM event").fetchone()
        began = time.perf_counter()
        process = supervisor(root)
        wait_for(ledger, "AttemptStarted", 1, last)
        took.append(time.perf_counter() - began)
        kill(process)
    return took


def with_make(root: Path, tasks: int) -> float:
    """Seconds until make has begun the first target that is left."""
    (root / "Makefile").write_text(makefile("independent", tasks))
    for number in range(tasks // 2):
        (root / f"s{number}").touch()
    began = time.perf_counter()
    process = subprocess.Popen(["make", "-s", "-j2"], cwd=root, start_new_session=True)
    while not (root / f"s{tasks // 2}").exists():
        time.sleep(0.005)
    took = time.perf_counter() - began
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return took


def main() -> None:
    """Print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_resume")
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, tempfile.TemporaryDirectory() as other:
        root, half = Path(folder), options.tasks // 2
        ledger = SqliteLedger(root / ".milepost" / "ledger.db")
        RunSession(ledger, "bench#1").execute(Start(time.time(), "bench#1", no_ops("independent", options.tasks)))
        process = supervisor(root)
        wait_for(sqlite3.connect(ledger.path), "TaskCompleted", half)
        kill(process)
        took = resume(root, options.rounds)
        make = with_make(Path(other), options.tasks)
    print(f"load {os.getloadavg()[0]:.1f}; killed after {half:,} of {options.tasks:,} tasks")
    print(f"milepost: next task started after {statistics.median(took):.2f} s (aim 2; worst {max(took):.2f})")
    print(f"make -j2: next target made after {make:.2f} s")


if __name__ == "__main__":
    main()
