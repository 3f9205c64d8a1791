"""Many writers of one plan, and claims by a process that stays: `python -m benchmarks.bench_writers`.

First 32 processes that each complete five tasks of one plan file, one `milepost done` after the other, all at once;
beside them as many processes that only take a lock, read a file of that size and replace it. Then claims and
completions in one process that has the plan open, as a server has it: the ledger alone, and the document too; beside
them a bare SQLite append and a bare replacement of the file.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.bench_commands import grid
from benchmarks.plans import SETTINGS, Grid, plan
from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.app.tasks import claim, complete
from milepost.bootstrap import open_project
from milepost.execution.events import TaskCompleted

DONE = """
import subprocess, sys
print("ready", flush=True)
sys.stdin.read()
for task in sys.argv[1:]:
    if subprocess.run([sys.executable, "-m", "milepost", "done", "tasks.md", task], stdout=-3).returncode:
        sys.exit(1)
"""
BARE = """
import sys
from pathlib import Path
from benchmarks.bench_writers import replace
print("ready", flush=True)
sys.stdin.read()
for task in sys.argv[1:]:
    replace(Path("bare.md"))
"""


def replace(path: Path) -> None:
    """Read a file and put a changed one in its place while nobody else does, durably as documents are."""
    folder = os.open(path.parent, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    raw = path.read_bytes()
    with open(path.with_suffix(".new"), "wb") as file:
        file.write(raw.swapcase())
        file.flush()
        os.fsync(file.fileno())
    os.replace(path.with_suffix(".new"), path)
    os.fsync(folder)
    os.close(folder)


def at_once(code: str, works: list[list[str]], folder: Path) -> tuple[float, int]:
    """Have a process for each work begin at once; gives the seconds until the last has ended, and how many failed."""
    root = Path(__file__).parents[1]
    env = {**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
    start = [sys.executable, "-c", code]
    pipe = subprocess.PIPE
    running = [subprocess.Popen([*start, *work], cwd=folder, stdin=pipe, stdout=pipe, env=env) for work in works]
    for process in running:
        assert process.stdout is not None
        process.stdout.readline()
    began = time.monotonic()
    for process in running:
        assert process.stdin is not None
        process.stdin.close()
    failed = sum(process.wait() != 0 for process in running)
    return time.monotonic() - began, failed


def writers(folder: Path, processes: int, each: int) -> None:
    """Print a line on the writers, and one on the floor."""
    shape = Grid(phases=2, width=processes * each)  # all tasks of the first phase may start
    path = folder / "tasks.md"
    path.write_text(plan(shape), encoding="utf-8")
    (folder / "bare.md").write_text(plan(shape), encoding="utf-8")
    (folder / "milepost.toml").write_text(SETTINGS.format(capacity=1000).replace("command", "manual"))
    names = [shape.task_id(0, place) for place in range(shape.width)]
    works = [names[number::processes] for number in range(processes)]
    took, failed = at_once(DONE, works, folder)
    ticked = path.read_text(encoding="utf-8").count("- [x] **")
    events = SqliteLedger(folder / ".milepost" / "ledger.db").read("tasks.md#1")
    done = len({event.task for event in events if isinstance(event, TaskCompleted)})
    print(
        f"milepost: {processes} writers x {each} on one plan: {ticked} of {shape.width} ticked, {done} in the ledger,"
        f" {failed} writers refused, {took:.1f} s ({shape.width / took:.0f}/s)",
        flush=True,
    )
    floor, _ = at_once(BARE, works, folder)
    print(f"a lock, a read and a durable replacement alone, without a start of Python each: {floor:.1f} s", flush=True)


def warm(folder: Path, size: int, times: int) -> None:
    """Print a line on each kind of work in a process that has the plan open."""
    (folder / "tasks.md").write_text(plan(grid(size)), encoding="utf-8")
    (folder / "milepost.toml").write_text(SETTINGS.format(capacity=1000).replace("command", "manual"))
    project = open_project(str(folder / "tasks.md"))
    session = project.open_run("bench")
    shape = grid(size)
    names = [shape.task_id(0, place) for place in range(shape.width)]

    def take(name: str) -> None:
        claim(session, name, worker="bench", now=time.time(), lease=600.0)

    def finish(name: str) -> None:
        complete(session, name, by="bench", now=time.time)

    shown = f"{size:,} tasks, a process that stays"
    print(line(f"claim, {shown}", names[:times], take, "aim 25"))
    print(line(f"done, {shown}", names[:times], finish, ""))
    rows = sqlite3.connect(folder / "bare.db", isolation_level=None)
    rows.execute("PRAGMA journal_mode = WAL")
    rows.execute("CREATE TABLE event (payload TEXT)")
    print(
        line(
            "bare SQLite append", names[:times], lambda name: rows.execute("INSERT INTO event VALUES (?)", (name,)), ""
        )
    )

    def take_and_tick(name: str) -> None:
        fresh = open_project(str(folder / "tasks.md"))
        opened = fresh.open_run("bench")
        claim(opened, name, worker="bench", now=time.time(), lease=600.0)
        fresh.keep_extract(fresh.sync(opened))

    named = f"claim with the plan opened anew and its document written, {size:,} tasks"
    print(line(named, names[times : times + 5], take_and_tick, ""))
    (folder / "bare.md").write_bytes((folder / "tasks.md").read_bytes())
    print(line("bare replacement of that document", names[:times], lambda _: replace(folder / "bare.md"), ""))


def line(name: str, works: list[str], work: Callable[[str], object], aim: str) -> str:
    """One line: CPU and wall milliseconds of the median."""
    cpu, wall = [], []
    for one in works:
        cpu_before, wall_before = time.process_time(), time.perf_counter()
        work(one)
        cpu.append(time.process_time() - cpu_before)
        wall.append(time.perf_counter() - wall_before)
    median = (statistics.median(cpu) * 1000, statistics.median(wall) * 1000)
    return f"{name:<75} {median[0]:8.1f} ms CPU {median[1]:8.1f} ms wall   {aim}"


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_writers")
    parser.add_argument("--processes", type=int, default=32)
    parser.add_argument("--each", type=int, default=5)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=15)
    options = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        os.environ["XDG_STATE_HOME"] = f"{one}/state"
        writers(Path(one), options.processes, options.each)
        warm(Path(other), options.tasks, options.times)


if __name__ == "__main__":
    main()
