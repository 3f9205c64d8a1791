"""Schedules and proofs on PSPLIB: `python -m benchmarks.bench_psplib j120 --seconds 1` from the repository's root.

Needs MILEPOST_SHARED with the instances beside it and the extra `schedule`. The sample is 48 instances of a set, or
`--count`, drawn with a fixed seed; `--only` names some of them. A gap is (makespan - best known) ÷ best known. With
`--optimize` the budget is for search and proof together, as in `milepost schedule --optimize`. With `--cpu` a second is
one of CPU time divided by the workers: what an otherwise idle machine would do, when this one is shared; each of the
solver's two processes may then use as many seconds of CPU time as are left. `--peer` runs PyJobShop beside it.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from tests.schedule.schedule_checker import complaints

from benchmarks.instances import sample
from milepost.adapters.solver import prove
from milepost.app.optimizations import Prover, optimize
from milepost.schedule.bounds import Bound
from milepost.schedule.problem import Problem
from milepost.schedule.search import improve


def main() -> None:
    """Run one set; one line of figures at the end, one an instance with `-v`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_psplib")
    parser.add_argument("set", choices=["j30", "j60", "j120"])
    parser.add_argument("--seconds", type=float, default=1.0, help="budget of the search")
    parser.add_argument("--prove", type=float, default=0.0, help="seconds for a proof afterwards")
    parser.add_argument("--count", type=int, default=48, help="how many instances")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--optimize", action="store_true", help="search and proof in the budget together")
    parser.add_argument("--cpu", action="store_true", help="count CPU time ÷ workers instead of wall time")
    parser.add_argument("--only", metavar="NAMES", help="these of them, as j601_1,j603_5")
    parser.add_argument("--peer", action="store_true", help="PyJobShop on the same instances and budget")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    clock = cpu_clock(options.workers) if options.cpu else time.perf_counter
    instances = sample(options.set, options.count)
    if options.only:
        instances = [instance for instance in instances if instance.path.stem in options.only.split(",")]
    gaps, peers, proofs, iterations = [], [], 0, 0
    used, began = time.process_time(), time.perf_counter()
    for instance in instances:
        problem = instance.problem()
        if options.optimize:
            prover = within_cpu(prove) if options.cpu else prove
            bound = optimize(problem, prover, clock, seconds=options.seconds, seed=options.seed)
            assert bound.schedule is not None
            found, proven, lower = bound.schedule, bound.proven, bound.lower
        else:
            search = improve(problem, seed=options.seed, seconds=options.seconds, clock=clock, workers=options.workers)
            found = problem.schedule(search.start, search.modes)
            iterations += search.iterations
            proven, lower = search.optimal, search.lower_bound
            if options.prove and not proven:
                bound = prove(problem, seconds=options.prove, hint=(found.start, found.modes))
                proven, lower = bound.proven, bound.lower
        assert complaints(problem, found.start, found.modes) == [], instance.file
        gaps.append(instance.gap(found.makespan))
        assert lower <= instance.best, instance.file
        proofs += proven
        if options.peer:
            peers.append(instance.gap(peer(problem, options.seconds, options.workers)))
        if options.verbose:
            told = f"{found.makespan:>4} best {instance.best:>4} bound {lower:>4}"
            print(f"{instance.file:<20} {told}{' proven' if proven else ''}", flush=True)
    used, began = time.process_time() - used, time.perf_counter() - began
    unit = "CPU ÷ workers" if options.cpu else "wall"
    print(
        f"{options.set}, {options.seconds:g} s of {unit}, {options.workers} workers: "
        f"mean gap {mean(gaps):.3%}, proven {proofs} of {len(instances)}, {iterations:,} individuals, "
        f"CPU {used:.0f} s, wall {began:.0f} s, load {os.getloadavg()[0]:.1f}"
    )
    if peers:
        print(f"PyJobShop: mean gap {mean(peers):.3%}; ours is {mean(gaps) / max(mean(peers), 1e-9):.2f} of it")


def cpu_clock(workers: int) -> Callable[[], float]:
    """A clock that goes on only while this process computes, at its full speed when all workers do."""
    return lambda: time.process_time() / workers


def within_cpu(prover: Prover) -> Prover:
    """A prover whose processes may each use so many seconds of CPU time, and as long as that takes."""

    def patient(problem: Problem, *, seconds: float, **known: Any) -> Bound:
        before = resource.getrlimit(resource.RLIMIT_CPU)
        # For the children, who inherit it; this process only gets a signal, that it does not heed.
        signal.signal(signal.SIGXCPU, lambda *_: None)
        resource.setrlimit(resource.RLIMIT_CPU, (max(1, round(seconds)), before[1]))
        try:
            return prover(problem, seconds=20 * seconds, **known)
        finally:
            resource.setrlimit(resource.RLIMIT_CPU, before)

    return patient


def mean(values: list[float]) -> float:
    """The mean."""
    return sum(values) / len(values)


def peer(problem: Problem, seconds: float, workers: int) -> int:
    """PyJobShop's makespan for a single-mode problem with OR-Tools, or the sum of durations if it finds none."""
    model: Any = import_module("pyjobshop").Model()
    resources = [model.add_renewable(resource.capacity) for resource in problem.resources]
    tasks = [model.add_task() for _ in problem.names]
    for task, (mode,) in zip(tasks, problem.modes, strict=True):
        model.add_mode(task, resources, mode.duration, list(mode.demands))
    for link in problem.links:
        model.add_end_before_start(tasks[link.predecessor], tasks[link.successor], delay=link.lag)
    result = model.solve(time_limit=seconds, num_workers=workers, display=False)
    if result.best is None or not result.best.tasks:
        return sum(mode.duration for (mode,) in problem.modes)
    return max(int(task.end) for task in result.best.tasks)


if __name__ == "__main__":
    main()
