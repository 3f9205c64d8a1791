"""What a supervisor needs while it waits: `python -m benchmarks.bench_supervisor [--tasks N] [--running N]`.

A run of 10,000 tasks of which 100 run (they sleep): the memory of the supervisor and its CPU time over some idle
seconds. Beside it a Python that holds the same specification and sleeps, and make with as many commands running.
"""

from __future__ import annotations

import argparse
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.bench_resume import kill, supervisor, wait_for
from benchmarks.bench_run import makefile, no_ops
from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.app.runs import RunSession
from milepost.execution.commands import Start
from milepost.execution.policy import RunSpec, TierPolicy

HOLDER = """
import sys, time
from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.app.runs import RunSession

session = RunSession(SqliteLedger(sys.argv[1]), "bench#1")
time.sleep(600)
"""


def memory(pid: int) -> float:
    """Resident memory in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1000


def spent(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def idle(pid: int, seconds: float) -> float:
    """Percent of a core that a process takes."""
    before = spent(pid)
    time.sleep(seconds)
    return (spent(pid) - before) / seconds * 100


def sleepers(tasks: int, running: int) -> RunSpec:
    """So many tasks that sleep, so many of them at once."""
    spec = no_ops("independent", tasks)
    some = tuple(replace(task, commands={3: "exec sleep 600"}) for task in spec.tasks)
    return replace(spec, tasks=some, tiers=(TierPolicy(3, "Tier 3", running),))


def ours(root: Path, tasks: int, running: int, seconds: float) -> str:
    """One line on the supervisor, one on the specification alone."""
    path = root / ".milepost" / "ledger.db"
    RunSession(SqliteLedger(path), "bench#1").execute(Start(time.time(), "bench#1", sleepers(tasks, running)))
    process = supervisor(root)
    wait_for(sqlite3.connect(path), "AttemptStarted", running)
    time.sleep(3)
    line = (
        f"milepost: {memory(process.pid):.0f} MB (aim 150), idle {idle(process.pid, seconds):.2f} % of a core (aim 1)"
    )
    process.send_signal(signal.SIGINT)
    process.wait()
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)])
    time.sleep(5)
    line += f"\nthe state of the same run alone, in a Python that sleeps: {memory(holder.pid):.0f} MB"
    kill(holder)
    return line


def with_make(root: Path, tasks: int, running: int, seconds: float) -> str:
    """One line on make."""
    (root / "Makefile").write_text(makefile("independent", tasks).replace("@true", "@sleep 600"))
    process = subprocess.Popen(["make", "-s", f"-j{running}"], cwd=root, start_new_session=True)
    time.sleep(3)
    line = f"make -j{running}: {memory(process.pid):.0f} MB, idle {idle(process.pid, seconds):.2f} % of a core"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return line


def main() -> None:
    """Print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_supervisor")
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--running", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to watch it idle")
    options = parser.parse_args()
    sizes = options.tasks, options.running, options.seconds
    print(f"load {os.getloadavg()[0]:.1f}; {options.tasks:,} tasks, {options.running} running")
    with tempfile.TemporaryDirectory() as root:
        print(ours(Path(root), *sizes), flush=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as root:
        print(with_make(Path(root), *sizes))


if __name__ == "__main__":
    main()
