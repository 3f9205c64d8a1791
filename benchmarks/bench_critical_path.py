"""Critical path at scale: `python -m benchmarks.bench_critical_path [--tasks N] [--rounds N]`, from the root.

From the same edge arrays every contender finds all early and late dates, both floats and each activity's driving
predecessors: Milepost's compiled kernel, rustworkx with passes in Python, networkx with passes in Python. Each runs in
a process of its own, one right after the other; kernels are loaded before the clock starts. Memory is what the work
added to the process's peak. The peers (`pip install rustworkx networkx`, beside the extra `schedule`) are left out
where they are not installed. Networks are numbered in plan order, or (`shuffled`) numbered and sorted at random.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

Work = Callable[[], int]
ROW = "{:<44} {:>9} {:>9} {:>10}   {}"
LINKS = 3


def network(count: int, shuffled: bool) -> tuple[Any, Any, Any]:
    """Durations, predecessors and successors: each activity waits for three of the thousand before it."""
    np = import_module("numpy")
    chance = np.random.default_rng(1)
    after = np.repeat(np.arange(1, count), LINKS)
    before = np.maximum(0, after - chance.integers(1, 1000, len(after)))
    if shuffled:
        numbers, places = chance.permutation(count), chance.permutation(len(after))
        before, after = numbers[before[places]], numbers[after[places]]
    return chance.integers(1, 40, count), before, after


def milepost(durations: Any, before: Any, after: Any) -> Work:
    from milepost.schedule.path_kernels import dates

    for few in (slice(0, 3), slice(3, None, -1)):  # loads both ways through the links
        dates(durations[:4], *(import_module("numpy").array(row)[few] for row in ([0, 1, 2], [1, 2, 3])))
    return lambda: int(dates(durations, before, after).makespan)  # type: ignore[union-attr]


def milepost_lags(durations: Any, before: Any, after: Any) -> Work:
    """All four kinds of links, with lags."""
    from milepost.schedule.path_kernels import dates

    np = import_module("numpy")
    kinds, lags = (np.arange(len(before)) % 4).astype(np.int8), np.arange(len(before)) % 5 - 1
    dates(durations[:4], before[:0], after[:0], kinds=kinds[:0], lags=lags[:0])
    return lambda: int(dates(durations, before, after, kinds=kinds, lags=lags).makespan)  # type: ignore[union-attr]


def milepost_plain(durations: Any, before: Any, after: Any) -> Work:
    """What is done where numba is not installed, the network's rows included."""
    from milepost.schedule import Network, critical_path

    names = [str(number) for number in range(len(durations))]
    critical_path.LOAD_FROM = sys.maxsize

    def work() -> int:
        links = list(zip(before.tolist(), after.tolist(), strict=True))
        found = critical_path.compute(Network.from_links(names, durations.tolist(), links))
        return len(found.driving_predecessors) and found.makespan

    return work


def rustworkx(durations: Any, before: Any, after: Any) -> Work:
    peer = import_module("rustworkx")

    def work() -> int:
        graph = peer.PyDiGraph()
        graph.add_nodes_from(range(len(durations)))
        graph.add_edges_from_no_data(list(zip(before.tolist(), after.tolist(), strict=True)))
        order = list(peer.topological_sort(graph))
        return passes(durations.tolist(), order, graph.predecessor_indices, graph.successor_indices)

    return work


def networkx(durations: Any, before: Any, after: Any) -> Work:
    peer = import_module("networkx")

    def work() -> int:
        graph = peer.DiGraph()
        graph.add_nodes_from(range(len(durations)))
        graph.add_edges_from(zip(before.tolist(), after.tolist(), strict=True))
        order = list(peer.topological_sort(graph))
        return passes(durations.tolist(), order, graph._pred.__getitem__, graph._succ.__getitem__)

    return work


def passes(
    times: list[int], order: list[int], before: Callable[[int], Sequence[int]], after: Callable[[int], Sequence[int]]
) -> int:
    """What a user of a graph library writes: forward, backward, and what drives each activity."""
    start, finish, late_start, late_finish, total, free = ([0] * len(times) for _ in range(6))
    for here in order:
        most = 0
        for there in before(here):
            if finish[there] > most:
                most = finish[there]
        start[here], finish[here] = most, most + times[here]
    end = max(finish)
    for here in reversed(order):
        late = soonest = end
        for there in after(here):
            if late_start[there] < late:
                late = late_start[there]
            if start[there] < soonest:
                soonest = start[there]
        late_finish[here], late_start[here] = late, late - times[here]
        total[here], free[here] = late - finish[here], soonest - finish[here]
    driving = [[there for there in before(here) if finish[there] == start[here]] for here in range(len(times))]
    return len(driving) and end


def child(name: str, options: argparse.Namespace) -> None:
    """Measure one contender and print what was found; the least of some tries, where one is short."""
    durations, before, after = import_module("numpy").load(options.arrays).values()
    work = globals()[name](durations, before, after)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall = cpu = math.inf
    began = time.perf_counter()
    while wall == math.inf or (time.perf_counter() - began < 1 and name in ("milepost", "milepost_lags")):
        now, used = time.perf_counter(), time.process_time()
        makespan = work()
        wall, cpu = min(wall, time.perf_counter() - now), min(cpu, time.process_time() - used)
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) * 1024 / len(durations)
    print(json.dumps({"wall": wall, "cpu": cpu, "bytes": more, "makespan": makespan}))


def measured(name: str, count: int, shuffled: bool) -> dict[str, float]:
    """Run one contender in its own process."""
    with tempfile.TemporaryDirectory(prefix="milepost-bench-") as folder:
        arrays = os.path.join(folder, "arrays.npz")
        import_module("numpy").savez(arrays, *network(count, shuffled))
        command = [sys.executable, "-m", "benchmarks.bench_critical_path", "--child", name, "--arrays", arrays]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{name} failed: {done.stderr[-500:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(count: int, shuffled: bool, rounds: int, names: Sequence[str], aims: dict[str, str]) -> None:
    """Alternate the contenders; print each one's best and the median of the rounds' ratios of CPU time."""
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            taken[name].append(measured(name, count, shuffled))
    assert len({found[0]["makespan"] for name, found in taken.items() if name != "milepost_lags"}) == 1
    for name in names:
        best = min(taken[name], key=lambda found: found["cpu"])
        ratios = [peer["cpu"] / ours["cpu"] for ours, peer in zip(taken["milepost"], taken[name], strict=True)]
        aim = aims.get(name, "") if name == "milepost" else f"{statistics.median(ratios):.1f} × {aims.get(name, '')}"
        shown = (f"{best['wall']:.3f}", f"{best['cpu']:.3f}", f"{best['bytes']:.0f}")
        print(ROW.format(name.replace("_", ", "), *shown, aim), flush=True)


def main() -> None:
    """Measure everything, three tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_critical_path")
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--arrays", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return child(options.child, options)
    peers = [name for name in ("rustworkx", "networkx") if find_spec(name)]
    print(f"load {' '.join(f'{value:.1f}' for value in os.getloadavg())}; {LINKS} links a task\n")
    print(ROW.format(f"{options.tasks:,} tasks in plan order", "wall s", "CPU s", "bytes/task", "CPU to ours"))
    names = ["milepost", "milepost_lags", *peers, "milepost_plain"]
    aims = {"milepost": "aim: 100 bytes", "rustworkx": "(aim: 40 ×)", "networkx": "(aim: 300 ×)"}
    compare(options.tasks, False, options.rounds, names, aims)
    print(ROW.format("\nthe same, shuffled", "", "", "", ""))
    compare(
        options.tasks, True, options.rounds, ["milepost", "milepost_lags", *peers[:1]], {"rustworkx": "(aim: 10 ×)"}
    )
    print()
    growth()
    return None


def growth() -> None:
    """The exponent of growth over two orders of magnitude."""
    sizes = (10_000, 100_000, 1_000_000)
    for shuffled in (False, True):
        taken = [measured("milepost", size, shuffled)["cpu"] for size in sizes]
        exponent = math.log10(taken[-1] / taken[0]) / math.log10(sizes[-1] / sizes[0])
        figures = ", ".join(f"{size:,}: {1000 * one:.2f} ms" for size, one in zip(sizes, taken, strict=True))
        print(f"{'shuffled' if shuffled else 'in order'}: {figures}: n^{exponent:.2f}")


if __name__ == "__main__":
    main()
