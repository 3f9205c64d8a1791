"""Eight processes that take one task after the other. `python -m benchmarks.bench_claims [--tasks N] [--processes N]`.

Every process claims the most urgent task, as the server of an agent does (the next one when somebody was faster), and
completes it, until nothing is left; then the same without completing anything. Beside it, what the machine gives at
most: as many appends by as many processes to a bare SQLite file, one transaction each. `bench_postgres` does the same
on a server.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import statistics
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Barrier, current_process
from multiprocessing.synchronize import Barrier as BarrierType
from pathlib import Path

from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.app.agents import claim_most_urgent
from milepost.app.ports import Ledger
from milepost.app.runs import RunSession
from milepost.app.tasks import complete
from milepost.errors import Refused
from milepost.execution.commands import Start
from milepost.execution.events import AttemptStarted, TaskCompleted
from milepost.execution.policy import RunSpec, TaskSpec, TierPolicy

RUN = "bench#1"
LEASE = 3600.0
_barrier: BarrierType | None = None


def take_part(barrier: BarrierType) -> None:
    """Begin together."""
    global _barrier
    _barrier = barrier


def ledger_at(where: tuple[str, ...]) -> Ledger:
    """The ledger in a file, or of a project in a database."""
    if len(where) == 1:
        return SqliteLedger(where[0])
    from milepost.adapters.ledger_postgres import PostgresLedger

    return PostgresLedger(*where)


def worker(where: tuple[str, ...], completes: bool) -> tuple[list[float], int, float, float]:
    """Claim, and complete if asked to, until nothing is left: seconds of each claim, spurious ends, start and end."""
    session = RunSession(ledger_at(where), RUN)
    name = current_process().name
    took: list[float] = []
    spurious = 0
    assert _barrier is not None
    _barrier.wait()
    began = time.monotonic()
    while session.state.open_tasks > (0 if completes else len(session.state.active)):
        asked = time.perf_counter()
        try:
            got = claim_most_urgent(session, worker=name, now=time.time(), lease=LEASE)
        except Refused:
            session.refresh()
            spurious += not session.state.active and session.state.open_tasks > 0
            continue
        took.append(time.perf_counter() - asked)
        if completes:
            complete(session, got.task.spec.id, by=name, now=time.time, attempt_no=got.attempt_no)
    return took, spurious, began, time.monotonic()


def bare(path: str, each: int) -> tuple[float, float]:
    """Append so many rows, one transaction each, and wait for others as long as it takes."""
    connection = sqlite3.connect(path, timeout=60, isolation_level=None)
    assert _barrier is not None
    _barrier.wait()
    began = time.monotonic()
    for number in range(each):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO event VALUES (?, ?)", (number, "x" * 200))
        connection.execute("COMMIT")
    return began, time.monotonic()


def claims_at(where: tuple[str, ...], tasks: int, processes: int, aim: int, *, completes: bool) -> str:
    """One line on the claims of a run in a ledger, each followed by a completion or not."""
    ledger = ledger_at(where)
    specs = tuple(TaskSpec(str(number), "no-op", 1, order=number) for number in range(tasks))
    capacity = processes if completes else tasks
    RunSession(ledger, RUN).execute(
        Start(time.time(), RUN, RunSpec("bench", specs, tiers=(TierPolicy(1, "One", capacity),)))
    )
    barrier = Barrier(processes)
    with ProcessPoolExecutor(processes, initializer=take_part, initargs=(barrier,)) as pool:
        found = list(pool.map(worker, [where] * processes, [completes] * processes, chunksize=1))
    events = ledger.read(RUN)
    starts = Counter(event.task for event in events if isinstance(event, AttemptStarted))
    done = Counter(event.task for event in events if isinstance(event, TaskCompleted))
    took = sorted(seconds for one in found for seconds in one[0])
    wall = max(one[3] for one in found) - min(one[2] for one in found)
    what = "claims, each then completed," if completes else "claims, nothing completed,"
    lost = tasks - len(done if completes else starts)
    rate = f"{tasks / wall:,.0f} claims/s with as many completions" if completes else f"{tasks / wall:,.0f} claims/s"
    return (
        f"{tasks:,} {what} by {processes} processes: {rate} (aim {aim:,}); a claim takes"
        f" {statistics.median(took) * 1000:.1f} ms, p99 {took[len(took) * 99 // 100] * 1000:.0f} ms (aim 100);"
        f" doubles {starts.total() - len(starts) + done.total() - len(done)}, lost {lost},"
        f" spurious ends {sum(one[1] for one in found)}"
    )


def floor(folder: Path, tasks: int, processes: int) -> str:
    """One line on bare appends."""
    path = str(folder / "bare.db")
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE event (version INTEGER, payload TEXT)")
    connection.close()
    barrier = Barrier(processes)
    each = 2 * tasks // processes
    with ProcessPoolExecutor(processes, initializer=take_part, initargs=(barrier,)) as pool:
        found = list(pool.map(bare, [path] * processes, [each] * processes, chunksize=1))
    wall = max(end for _, end in found) - min(began for began, _ in found)
    return f"bare SQLite, as many processes, a row a transaction: {each * processes / wall:,.0f}/s"


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_claims")
    parser.add_argument("--tasks", type=int, default=2000)
    parser.add_argument("--processes", type=int, default=8)
    options = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        for completes in (True, False):
            path = str(Path(folder) / f"{completes}" / "ledger.db")
            line = claims_at((path,), options.tasks, options.processes, aim=500, completes=completes)
            print(f"milepost, SQLite: {line}", flush=True)
        print(floor(Path(folder), options.tasks, options.processes))


if __name__ == "__main__":
    main()
