"""A ledger of 1,000,000 events: folding one run of 10,000, and `milepost status`. `python -m benchmarks.bench_ledger`.

The ledger holds a hundred runs of as many events each. Beside it, what SQLite and JSON alone take to read the rows of
one run, and how long the hashes of all events take to verify. With `--postgres` a server is started, the events are
brought there, and the short commands, each a fresh process, are asked of both ledgers.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bench_postgres import server
from benchmarks.measure import MILEPOST, Measurement, Sample, in_process, measure, run_once
from benchmarks.plans import SETTINGS, Grid, plan
from milepost.adapters.ledger_postgres import PostgresLedger
from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.app.ledgers import verify
from milepost.app.runs import RunSession
from milepost.bootstrap import open_project
from milepost.execution.commands import Start
from milepost.execution.decisions import decide
from milepost.execution.events import AttemptStarted, Event, TaskCompleted
from milepost.execution.policy import RunSpec
from milepost.execution.state import RunState

_LEFT = 50
"""So many tasks are left to do."""


def events(spec: RunSpec, run: str, count: int) -> Iterator[Event]:
    """A run with about so many events: its tasks done one after the other."""
    yield from decide(RunState(), Start(1.0, run, spec, "bench"))
    evidence = {"command": "true", "exit_code": 0, "seconds": 0.01, "log": "a/b/c", "log_sha256": "0" * 64}
    for number in range((count - 1) // 2 - _LEFT):
        name = f"{number // 100 + 1}.{number % 100 + 1}"
        yield AttemptStarted(number, name, 1, 3, "Measured")
        yield TaskCompleted(number, name, 1, "Measured", evidence)


def fill(ledger: SqliteLedger, spec: RunSpec, runs: int, each: int) -> int:
    """Append the runs, the one that is looked at last; gives how many events there are."""
    total = 0
    for number in range(runs):
        looked_at = number == runs - 1
        name = "tasks.md#1" if looked_at else f"other-{number}.md#1"
        found = list(events(spec if looked_at else RunSpec(name, ()), name, each))
        ledger.append(name, 0, found)
        total += len(found)
    return total


def commands(root: Path, where: str, first: int, times: int) -> None:
    """Print a line on each short command, which work on tasks from a place on."""
    taken: dict[str, list[Sample]] = {}
    run_once([*MILEPOST, "next", "tasks.md"], root)  # what it keeps is there from now on
    for number in range(first, first + times):
        task = f"{number // 100 + 1}.{number % 100 + 1}"
        for name, more in {"next": (), "claim": (task,), "status": (), "done": (task,)}.items():
            taken.setdefault(name, []).append(run_once([*MILEPOST, name, "tasks.md", *more], root))
    for name, samples in taken.items():
        found = Measurement(tuple(samples))
        wall = statistics.median(sample.wall for sample in samples)
        print(
            f"milepost {name}, {where}: {found.cpu_min:.0f} ms CPU, median {found.cpu_median:.0f}, {wall:.0f} ms wall",
            flush=True,
        )


def on_postgres(root: Path, source: SqliteLedger, first: int, times: int) -> None:
    """Bring the events to a server, and ask the short commands of it."""
    with server(tempfile.gettempdir()) as url:
        ledger = PostgresLedger(url, "bench")
        began = time.perf_counter()
        count = ledger.restore(source.rows())
        print(f"{count:,} events imported into PostgreSQL in {time.perf_counter() - began:.0f} s", flush=True)
        settings = SETTINGS.format(capacity=1000).replace("command", "manual")
        (root / "milepost.toml").write_text(f'[run]\nledger = "{url}"\nproject = "bench"\n{settings}', encoding="utf-8")
        commands(root, "PostgreSQL", first, times)
        found = in_process(lambda: RunSession(ledger, "tasks.md#1"), times=3)
        print(f"fold the run from PostgreSQL, nothing kept: {found.cpu_min:.0f} ms CPU")
        ledger.close()


def main() -> None:
    """Print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_ledger")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--events", type=int, default=10_000, help="of each run")
    parser.add_argument("--postgres", action="store_true", help="ask the short commands of both ledgers")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = f"{folder}/state"
        root = Path(folder)
        grid = Grid(phases=options.events // 200, width=100)
        (root / "tasks.md").write_text(plan(grid), encoding="utf-8")
        settings = SETTINGS.format(capacity=1000).replace("command", "manual")
        (root / "milepost.toml").write_text(settings, encoding="utf-8")
        spec = open_project(str(root / "tasks.md")).spec
        ledger = SqliteLedger(root / ".milepost" / "ledger.db")
        began = time.perf_counter()
        total = fill(ledger, spec, options.runs, options.events)
        took = time.perf_counter() - began
        size = (root / ".milepost" / "ledger.db").stat().st_size / 1e6
        speed = f"appended at {total / took:,.0f}/s"
        print(f"load {os.getloadavg()[0]:.1f}; {total:,} events, {size:.0f} MB, {speed}", flush=True)
        found = in_process(lambda: RunSession(ledger, "tasks.md#1"), times=5)
        count = ledger.streams("tasks.md#")[0].version
        print(f"milepost: fold a run of {count:,} events: {found.cpu_min:.0f} ms CPU (aim 1000)")
        rows = sqlite3.connect(root / ".milepost" / "ledger.db")
        query = "SELECT payload FROM event WHERE stream = 'tasks.md#1' ORDER BY version"
        bare = in_process(lambda: [json.loads(text) for (text,) in rows.execute(query)], times=5)
        print(f"SQLite and JSON alone: {bare.cpu_min:.0f} ms CPU")
        status = measure([*MILEPOST, "status", "tasks.md"], root, times=5)
        print(f"milepost status, warm cache: {status.cpu_min:.0f} ms CPU, median {status.cpu_median:.0f} (aim 150)")
        small = measure([*MILEPOST, "--version"], root, times=5)
        print(f"an interpreter that starts and says its version: {small.cpu_min:.0f} ms CPU")
        began = time.process_time()
        verify(ledger)
        print(f"milepost ledger verify: {time.process_time() - began:.1f} s CPU", flush=True)
        if options.postgres:
            first = options.events // 2 - _LEFT
            commands(root, "SQLite", first, 5)
            on_postgres(root, ledger, first + 5, 5)


if __name__ == "__main__":
    main()
