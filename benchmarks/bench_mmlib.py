"""Multi-mode schedules on MMLIB: `python -m benchmarks.bench_mmlib mm50 --seconds 10` from the repository's root.

Needs MILEPOST_SHARED with the instances beside it and the extra `schedule`. The sample is all that lie there. Part
of the time goes to the genetic search, the rest to CP-SAT, which starts from its schedule. With `--cpu` the search gets
CPU time, and the solver as much more wall time as the search took: what an otherwise idle machine would do.
"""

from __future__ import annotations

import argparse
import os
import time

from tests.schedule.schedule_checker import complaints

from benchmarks.bench_psplib import cpu_clock, mean
from benchmarks.instances import sample
from milepost.adapters.solver import prove
from milepost.app.optimizations import SEARCH_SHARE
from milepost.schedule.search import improve


def main() -> None:
    """Run one set; one line of figures at the end, one an instance with `-v`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_mmlib")
    parser.add_argument("set", choices=["mm50", "mm100"])
    parser.add_argument("--seconds", type=float, default=10.0, help="budget of search and solver together")
    parser.add_argument("--share", type=float, default=SEARCH_SHARE, help="the part of it for the search")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=60, help="how many instances")
    parser.add_argument("--cpu", action="store_true", help="count CPU time ÷ workers, not wall time")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    clock = cpu_clock(options.workers) if options.cpu else time.perf_counter
    instances = sample(options.set, options.count)
    share, budget = options.share, options.seconds * options.share
    before, gaps, proofs, infeasible = [], [], 0, 0
    for instance in instances:
        problem = instance.problem()
        wall, cpu = time.perf_counter(), clock()
        found = improve(problem, seed=options.seed, seconds=budget, clock=clock, workers=options.workers)
        hint = (found.start, found.modes) if found.feasible else None
        slower = (time.perf_counter() - wall) / max(clock() - cpu, 1e-3)
        bound = prove(problem, seconds=(options.seconds - budget) * slower, hint=hint) if share < 1 else None
        best = bound.schedule if bound else None
        start, modes, makespan = (
            (best.start, best.modes, best.makespan) if best else (*(hint or ((), ())), found.makespan)
        )
        if not start:
            infeasible += 1
            continue
        assert complaints(problem, start, modes) == [], instance.file
        before.append(instance.gap(found.makespan))
        gaps.append(instance.gap(makespan))
        proofs += bound.proven if bound else found.optimal
        if options.verbose:
            print(
                f"{instance.file:<20} search {found.makespan:>4} then {makespan:>4} best {instance.best:>4}", flush=True
            )
    print(
        f"{options.set}, {options.seconds:g} s, {share:.0%} of it search: mean gap {mean(gaps):.3%} "
        f"(search alone {mean(before):.3%}), infeasible {infeasible}, proven {proofs} of {len(instances)}, "
        f"load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
