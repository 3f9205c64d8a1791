"""No-op tasks through the local engine beside make with stamp files. `python -m benchmarks.bench_run [--rounds N]`.

Each round runs both on the same graph, one right after the other; the median of the rounds' ratios is what counts on
a machine whose speed drifts. The engine's figure holds everything: claims, shim, logs, exit records, ledger. CPU time
is that of all processes together. What the rounds leave on disk is deleted at the end: ext4 is slow for minutes in
making files where thousands were just deleted, which would count against whoever runs next.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

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


def no_ops(shape: str, size: int) -> RunSpec:
    """A run of no-op commands."""
    tasks = tuple(
        TaskSpec(
            str(n), "no-op", 3, order=n, waits=tuple(Wait(str(o)) for o in waits_for(shape, n)), commands={3: "true"}
        )
        for n in range(size)
    )
    return RunSpec("bench", tasks, (), (TierPolicy(3, "Tier 3", 2),))


def makefile(shape: str, size: int) -> str:
    """The same graph for make, which remembers by stamp files what is done."""
    rules = [f"all: {' '.join(f's{n}' for n in range(size))}\n"]
    for number in range(size):
        before = " ".join(f"s{other}" for other in waits_for(shape, number))
        rules.append(f"s{number}: {before}\n\t@true && touch $@\n")
    return "".join(rules)


class Taken(NamedTuple):
    """What a run took, in milliseconds a task."""

    wall: float
    cpu: float


def with_engine(shape: str, size: int, folder: str) -> Taken:
    """The engine in this process."""
    session = RunSession(SqliteLedger(Path(folder) / ".milepost" / "ledger.db"), "bench#1")
    session.execute(Start(time.time(), "bench#1", no_ops(shape, size)))
    began, spent = time.perf_counter(), cpu()
    ended = LocalEngine(session, Path(folder)).run()
    took = time.perf_counter() - began
    assert ended.outcome is Outcome.FINISHED
    session.ledger.close()
    with contextlib.suppress(ChildProcessError):
        while os.wait()[0]:  # the shim leaves a moment later; what it took counts
            pass
    return Taken(took / size * 1000, (cpu() - spent) / size * 1000)


def with_make(shape: str, size: int, folder: str) -> Taken:
    """Make in another."""
    (Path(folder) / "Makefile").write_text(makefile(shape, size))
    began, spent = time.perf_counter(), cpu()
    subprocess.run(["make", "-s", "-j2"], cwd=folder, check=True)
    return Taken((time.perf_counter() - began) / size * 1000, (cpu() - spent) / size * 1000)


def cpu() -> float:
    """Seconds of CPU that this process and those it waited for have taken."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main() -> None:
    """Print a line for each shape."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_run")
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    print(f"no-op tasks, two at once; medians of {rounds} rounds; load {os.getloadavg()[0]:.1f}; ms a task")
    print(f"{'':<20}{'milepost':>10}{'make -j2':>10}{'ratio':>7}  aim 3.0  {'CPU':>8}{'make':>7}{'ratio':>7}")
    with tempfile.TemporaryDirectory() as root:
        for shape, size in SHAPES.items():
            pairs = [
                (
                    with_engine(shape, size, tempfile.mkdtemp(dir=root)),
                    with_make(shape, size, tempfile.mkdtemp(dir=root)),
                )
                for _ in range(rounds)
            ]
            print(f"{size:>6,} {shape:<13}{_columns([(a.wall, b.wall) for a, b in pairs], 10)}", end="         ")
            print(_columns([(a.cpu, b.cpu) for a, b in pairs], 8), flush=True)


def _columns(pairs: list[tuple[float, float]], width: int) -> str:
    ours, make = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    return f"{ours:>{width}.2f}{make:>{max(width - 1, 7)}.2f}{ratio:>7.1f}"


if __name__ == "__main__":
    main()
