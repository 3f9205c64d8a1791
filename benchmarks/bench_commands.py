"""Short commands on plans of 100, 1,000 and 10,000 tasks, each a fresh process: `python -m benchmarks.bench_commands`.

The first command on a text of the plan reads it, the others find what runs need of it kept; `claim` and `done` write
the document too. Beside them what comes nearest in planwright, Backlog.md, Task Master, spec-runner and agendum, on as
many tasks in their own formats: each is found on the path, or where PLANWRIGHT, BACKLOG, TASK_MASTER, SPEC_RUNNER and
AGENDUM say. Those that are not installed are named.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.command_peers import PEERS, asked
from benchmarks.measure import MILEPOST, Measurement, Sample, run_once
from benchmarks.plans import SETTINGS, Grid, plan

AIMS = {100: 200, 1_000: 220, 10_000: 350}
ROW = "{:<40} {:>9} {:>11} {:>9}   {}"


def grid(size: int) -> Grid:
    """A plan of that many tasks, ten to a phase at least."""
    width = max(10, size // 100)
    return Grid(phases=size // width, width=width)


def commands(place: Path, size: int, times: int) -> dict[str, list[Sample]]:
    """What each of our commands took; every round works on another task."""
    (place / "tasks.md").write_text(plan(grid(size)), encoding="utf-8")
    (place / "milepost.toml").write_text(SETTINGS.format(capacity=1000).replace("command", "manual"), encoding="utf-8")
    found: dict[str, list[Sample]] = {"next, plan never seen": [run_once([*MILEPOST, "next", "tasks.md"], place)]}
    for number in range(1, times + 1):
        task = f"1.{number}"
        for name, more in {"next": (), "claim": (task,), "status": (), "done": (task,)}.items():
            found.setdefault(name, []).append(run_once([*MILEPOST, name, "tasks.md", *more], place))
    return found


def peers(place: Path, size: int, times: int, ours: dict[str, Measurement]) -> Iterator[str]:
    """A line for each command of each peer that is installed, and how many times our CPU time it takes."""
    for peer in PEERS:
        if peer.place is None:
            yield f"{peer.program} is not installed ({peer.variable} may say where it is)"
            continue
        if size > peer.most:
            yield f"{peer.program} is not asked about {size:,} tasks"
            continue
        (own := place / peer.program).mkdir()
        for name, samples in asked(peer, own, grid(size), times):
            words = " ".join(peer.commands[name][:2]).format(number=1)
            failed = next((sample.code for sample in samples if sample.code), 0)
            ratio = f"{Measurement(tuple(samples)).cpu_min / ours[name].cpu_min:.1f} x milepost {name}"
            yield row(f"{peer.program} {words}, {size:,} tasks", samples, f"exit {failed}" if failed else ratio)


def row(name: str, samples: list[Sample], aim: str) -> str:
    """One line of the table."""
    found = Measurement(tuple(samples))
    return ROW.format(name, f"{found.cpu_min:.0f}", f"{found.cpu_median:.0f}", f"{found.wall_min:.0f}", aim)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.bench_commands",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="*", default=list(AIMS), choices=list(AIMS))
    options = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}; milliseconds\n")
    print(ROW.format("", "CPU min", "CPU median", "wall min", "aim"))
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as theirs:
            os.environ["XDG_STATE_HOME"] = f"{ours}/state"
            found = commands(Path(ours), size, options.times)
            for name, samples in found.items():
                aim = f"CPU < {AIMS[size]}" if "," not in name else ""
                print(row(f"milepost {name}, {size:,} tasks", samples, aim), flush=True)
            known = {name: Measurement(tuple(samples)) for name, samples in found.items()}
            for line in peers(Path(theirs), size, options.times, known):
                print(line, flush=True)


if __name__ == "__main__":
    main()
