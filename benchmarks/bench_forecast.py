"""Forecasts beside two public packages. `python -m benchmarks.bench_forecast [--tasks N] [--samples N] [--rounds N]`.

Every contender draws the same network in a process of its own, one right after the other; what counts on a machine
whose speed drifts is the median of the rounds' ratios. Only the drawing is timed, kernels loaded; memory is the
process's peak. The peers, trueppm-scheduler and pmcontrols, are left out where they are not installed.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

CONTENDERS = ("milepost", "pmcontrols", "trueppm_scheduler")
ROW = "{:<44} {:>9} {:>9} {:>9}   {}"


def network(count: int) -> tuple[list[tuple[int, int, int]], list[tuple[int, int]]]:
    """Low, likely and high durations in the peers' units, and two links to each task from tasks not long before."""
    chance = random.Random(1)
    efforts = []
    for _ in range(count):
        low = chance.randint(2, 8)
        likely = low + chance.randint(0, 6)
        efforts.append((low, likely, likely + chance.randint(1, 12)))
    links = {(max(0, here - chance.randint(1, 50)), here) for here in range(1, count) for _ in range(2)}
    return efforts, sorted(links)


def milepost(count: int, samples: int, threads: int, capacities: bool) -> Callable[[], Any]:
    from milepost.schedule.critical_path import compute
    from milepost.schedule.distributions import ThreePoint
    from milepost.schedule.forecast import simulate
    from milepost.schedule.network import Activity, Link, Network
    from milepost.schedule.sampling import TierModel, build_model
    from milepost.schedule.simulation import Experiment, activity_list

    efforts, links = network(count)
    activities = [Activity(f"T{place}", tier=1 + place % 3) for place in range(count)]
    net = Network.from_links(activities, [one[1] * 3600 for one in efforts], [Link(*link) for link in links])
    tiers = {1: TierModel(2), 2: TierModel(4), 3: TierModel(8)}
    points = {f"T{place}": ThreePoint(*(hours * 3600 for hours in one)) for place, one in enumerate(efforts)}
    model = build_model(net, points, tiers)
    order = activity_list(net, compute(net).early_start)
    experiment = Experiment(net, model, [0] * count, order, capacities)
    simulate(experiment, 1, compiled=True)
    return lambda: simulate(experiment, samples, threads=threads, compiled=True).percentile(80) / 3600


def pmcontrols(count: int, samples: int, threads: int, capacities: bool) -> Callable[[], Any]:
    peer = import_module("pmcontrols")
    efforts, links = network(count)
    before: list[list[str]] = [[] for _ in range(count)]
    for first, then in links:
        before[then].append(f"T{first}")
    activities = [
        {"id": f"T{place}", "a": low, "m": likely, "b": high, "preds": before[place]}
        for place, (low, likely, high) in enumerate(efforts)
    ]
    return lambda: peer.pert(activities, n_sim=samples).stats["mc_p80"]


def trueppm_scheduler(count: int, samples: int, threads: int, capacities: bool) -> Callable[[], Any]:
    from datetime import date, timedelta

    peer = import_module("trueppm_scheduler")
    efforts, links = network(count)
    tasks = [
        peer.Task(
            id=f"T{place}",
            name=f"T{place}",
            duration=timedelta(days=likely),
            optimistic_duration=timedelta(days=low),
            most_likely_duration=timedelta(days=likely),
            pessimistic_duration=timedelta(days=high),
        )
        for place, (low, likely, high) in enumerate(efforts)
    ]
    ties = [peer.Dependency(predecessor_id=f"T{first}", successor_id=f"T{then}") for first, then in links]
    project = peer.Project(id="P", name="P", start_date=date(2026, 1, 5), tasks=tasks, dependencies=ties)
    return lambda: str(peer.monte_carlo(project, runs=samples, seed=1).p80)


def child(name: str, options: argparse.Namespace) -> None:
    """Measure one contender and print what was found."""
    work = globals()[name](options.tasks, options.samples, options.threads, options.capacities)
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"wall": wall, "cpu": cpu, "peak": peak, "p80": found}))


def measured(name: str, *arguments: str) -> dict[str, Any]:
    """Run one contender in its own process."""
    command = [sys.executable, "-m", "benchmarks.bench_forecast", "--child", name, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["killed"])[-1][:100]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure everything, one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_forecast")
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--capacities", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--child", choices=CONTENDERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return child(options.child, options)
    size = ["--tasks", str(options.tasks), "--samples", str(options.samples), "--threads", str(options.threads)]
    print(f"{options.tasks:,} tasks, {options.samples:,} samples, criticality; {options.threads} threads\n")
    print(ROW.format("", "wall s", "CPU s", "peak MB", "P80"))
    compare(size, options.rounds)
    small = ["--tasks", "1000", "--samples", "1000", "--threads", str(options.threads), "--capacities"]
    rounds = [measured("milepost", *small) for _ in range(options.rounds)]
    print()
    show("milepost within capacity, 1,000 × 1,000", rounds, "aim: wall 1 s")
    return None


def compare(size: list[str], rounds: int) -> None:
    """Alternate all contenders, then print each and the ratio to the best peer."""
    present = [name for name in CONTENDERS if find_spec(name)]
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in present}
    for _ in range(rounds):
        for name in present:
            found[name].append(measured(name, *size))
    for name in present:
        show(name, found[name])
    for name in CONTENDERS:
        if name not in present:
            print(f"{name} is not installed")
    peers = [name for name in present[1:] if all("wall" in one for one in found[name])]
    if peers:
        pairs = zip(*(found[name] for name in ["milepost", *peers]), strict=True)
        rows = list(pairs)
        for kind, aim in (("wall", "aim: 8 ×, 300 MB"), ("cpu", "of all threads together")):
            ratios = [min(peer[kind] for peer in row[1:]) / row[0][kind] for row in rows]
            median = f"{statistics.median(ratios):.1f} ×"
            print(f"less {kind} time than the best peer, median of {rounds}: {median:>8}   {aim}")


def show(name: str, rounds: list[dict[str, Any]], aim: str = "") -> None:
    """One line: the fastest round's times and the largest peak."""
    good = [one for one in rounds if "wall" in one]
    if not good:
        print(f"{name}: {rounds[0]['failed']}")
        return
    best = min(good, key=lambda one: one["wall"])
    shown = f"{best['p80']:,.0f} h" if isinstance(best["p80"], float) else str(best["p80"])
    peak = max(one["peak"] for one in good)
    print(ROW.format(name, f"{best['wall']:.2f}", f"{best['cpu']:.2f}", f"{peak:.0f}", aim or shown))


if __name__ == "__main__":
    main()
