"""No-op tasks through the local engine beside make with stamp files. `python -m benchmarks.bench_run [--rounds N]`.

Each round runs both on the same graph, one right after the other; the median of the rounds' ratios is what counts on
a machine whose speed drifts. The engine's figure holds everything: claims, shim, logs, exit records, ledger.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.adapters.local_engine import LocalEngine
from milepost.app.runs import RunSession
from milepost.execution.commands import Start
from milepost.execution.policy import RunSpec, TaskSpec, TierPolicy, Wait
from milepost.execution.queries import Outcome

SHAPES = {"independent": 1000, "layered": 1000, "chain": 200}
LAYER = 20


def waits_for(shape: str, number: int) -> list[int]:
    """What task `number` waits for: nothing, two tasks of the layer above, or the one before."""
    if shape == "chain":
        return [number - 1] if number else []
    if shape == "layered" and number >= LAYER:
        layer, place = divmod(number, LAYER)
        return [(layer - 1) * LAYER + (place + step) % LAYER for step in (0, 7)]
    return []


def with_engine(shape: str, size: int) -> float:
    """Milliseconds a task."""
    tasks = tuple(
        TaskSpec(
            str(n), "no-op", 3, order=n, waits=tuple(Wait(str(o)) for o in waits_for(shape, n)), commands={3: "true"}
        )
        for n in range(size)
    )
    with tempfile.TemporaryDirectory() as folder:
        session = RunSession(SqliteLedger(Path(folder) / ".milepost" / "ledger.db"), "bench#1")
        session.execute(Start(time.time(), "bench#1", RunSpec("bench", tasks, (), (TierPolicy(3, "Tier 3", 2),))))
        began = time.perf_counter()
        ended = LocalEngine(session, Path(folder)).run()
        took = time.perf_counter() - began
        assert ended.outcome is Outcome.FINISHED
        session.ledger.close()
    return took / size * 1000


def with_make(shape: str, size: int) -> float:
    """Milliseconds a task."""
    rules = [f"all: {' '.join(f's{n}' for n in range(size))}\n"]
    for number in range(size):
        before = " ".join(f"s{other}" for other in waits_for(shape, number))
        rules.append(f"s{number}: {before}\n\t@true && touch $@\n")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Makefile").write_text("".join(rules))
        began = time.perf_counter()
        subprocess.run(["make", "-s", "-j2"], cwd=folder, check=True)
        return (time.perf_counter() - began) / size * 1000


def main() -> None:
    """Print a line for each shape."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_run")
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    print(f"no-op tasks, two at once; medians of {rounds} rounds; load {os.getloadavg()[0]:.1f}")
    print(f"{'':<24}{'milepost':>12}{'make -j2':>12}{'ratio':>8}   aim 3.0   (ms a task)")
    for shape, size in SHAPES.items():
        pairs = [(with_engine(shape, size), with_make(shape, size)) for _ in range(rounds)]
        ours, make = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(one / other for one, other in pairs)
        print(f"{size:>6,} {shape:<17}{ours:>12.2f}{make:>12.2f}{ratio:>8.1f}", flush=True)


if __name__ == "__main__":
    main()
