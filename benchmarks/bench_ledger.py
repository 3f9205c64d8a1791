"""A ledger of 1,000,000 events: folding one run of 10,000, and `milepost status`. `python -m benchmarks.bench_ledger`.

The ledger holds a hundred runs of as many events each. Beside it, what SQLite and JSON alone take to read the rows of
one run, and how long the hashes of all events take to verify.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import MILEPOST, in_process, measure
from benchmarks.plans import SETTINGS, Grid, plan
from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.app.ledgers import verify
from milepost.app.runs import RunSession
from milepost.bootstrap import open_project
from milepost.execution.commands import Start
from milepost.execution.decisions import decide
from milepost.execution.events import AttemptStarted, Event, TaskCompleted
from milepost.execution.policy import RunSpec
from milepost.execution.state import RunState


def events(spec: RunSpec, run: str, count: int) -> Iterator[Event]:
    """A run with about so many events: its tasks done one after the other."""
    yield from decide(RunState(), Start(1.0, run, spec, "bench"))
    evidence = {"command": "true", "exit_code": 0, "seconds": 0.01, "log": "a/b/c", "log_sha256": "0" * 64}
    for number in range((count - 1) // 2):
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


def main() -> None:
    """Print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_ledger")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--events", type=int, default=10_000, help="of each run")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = f"{folder}/state"
        root = Path(folder)
        grid = Grid(phases=options.events // 200, width=100)
        (root / "tasks.md").write_text(plan(grid), encoding="utf-8")
        (root / "milepost.toml").write_text(SETTINGS.format(capacity=2), encoding="utf-8")
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
        print(f"milepost ledger verify: {time.process_time() - began:.1f} s CPU")


if __name__ == "__main__":
    main()
