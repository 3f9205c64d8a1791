"""Schedules within capacity: `python -m benchmarks.bench_schedule`, from the repository's root.

The whole command on plans of 1,000 and 10,000 tasks, three tiers; in this process the critical path, going on after an
actual, and the front of time against cost of 1,000 tasks. Milliseconds of CPU time. Beside them, where it is installed,
networkx with passes in Python does the critical path from the same links.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from random import Random

from benchmarks.__main__ import ROW, row
from benchmarks.measure import MILEPOST, in_process, measure
from milepost.schedule import Activity, Link, Network, compute, level
from milepost.schedule.replanning import Facts, replan
from milepost.schedule.tradeoff import explore
from milepost.schedule.tradeoff_choices import TierOffer

CAPACITIES = {1: 2, 2: 4, 3: 8}
TIMES = 5


def main() -> None:
    """Measure everything, one table."""
    print(f"load {' '.join(f'{value:.1f}' for value in os.getloadavg())}; milliseconds\n")
    print(ROW.format("", "CPU min", "CPU median", "wall min", "aim"))
    with tempfile.TemporaryDirectory(prefix="milepost-bench-") as folder:
        for size, aim in ((1_000, "wall < 2000"), (10_000, "wall < 20000")):
            (Path(folder) / "tasks.md").write_text(plan(size), encoding="utf-8")
            found = measure([*MILEPOST, "schedule", "tasks.md"], Path(folder), times=2)
            print(row(f"milepost schedule, {size:,} tasks, 3 tiers", found, aim), flush=True)
    for line in (*paths(), *actuals(), front()):
        print(line, flush=True)


def plan(size: int) -> str:
    """Phases of a hundred tasks of three tiers; most wait for some of their phase or of the one before."""
    chance, parts, rows = Random(2), ["# Generated\n\n## Tasks\n\n"], []
    for phase in range(1, size // 100 + 1):
        parts.append(f"### Phase {phase}: Part {phase}\n\n")
        for place in range(1, 101):
            minutes = chance.choice([15, 30, 45, 60, 90, 120, 200])
            parts.append(f"- [ ] **{phase}.{place}** Do part {place}\n  - _Estimated: {minutes} minutes_\n")
            waits = (
                {f"{phase - 1}.{chance.randint(1, 100)}" for _ in range(chance.randint(0, 2))} if phase > 1 else set()
            )
            if place > 1 and chance.random() < 0.6:
                waits.add(f"{phase}.{chance.randint(max(1, place - 9), place - 1)}")
            if waits:
                parts.append(f"  - _Depends: {', '.join(sorted(waits))}_\n")
            rows.append(f"| {phase}.{place} | Tier {chance.choice([1, 2, 2, 3, 3, 3, 3])} | Not Started | |\n")
    head = "\n## Task Assignment\n\n| Task | Assigned To | Status | Notes |\n|---|---|---|---|\n"
    return "".join([*parts, head, *rows])


def network(size: int) -> Network:
    """Tasks of some hours at three tiers, each waiting for two of the fifty before it."""
    chance = Random(1)
    activities = [Activity(str(number), tier=1 + number % 3) for number in range(size)]
    links = [Link(max(0, here - chance.randint(1, 50)), here) for here in range(1, size) for _ in range(2)]
    return Network.from_links(activities, [chance.randint(2, 20) * 3600 for _ in range(size)], links)


def paths() -> Iterator[str]:
    """The critical path of 10,000 tasks in a process that lives on."""
    net = network(10_000)

    def fresh() -> object:
        for name in ("order", "start_offsets"):
            net.__dict__.pop(name, None)
        return compute(net)

    plain = in_process(fresh, times=TIMES)
    yield row("critical path, 10,000 tasks, plain Python", plain, "")
    if find_spec("numba"):
        import_module("milepost.schedule.path_kernels")
        fresh()
        found = in_process(fresh, times=TIMES)
        yield row("the same, compiled code loaded", found, "wall < 5")
        if find_spec("networkx"):
            peer = in_process(lambda: networkx_passes(net), times=TIMES)
            yield row("the same by networkx", peer, f"{peer.cpu_min / found.cpu_min:.0f} × ours")


def networkx_passes(net: Network) -> int:
    from benchmarks.bench_critical_path import passes

    peer, rows = import_module("networkx"), net.successors
    graph = peer.DiGraph()
    graph.add_nodes_from(range(len(net)))
    graph.add_edges_from((here, there) for here in range(len(net)) for there in rows.of(here))
    order = list(peer.topological_sort(graph))
    return passes(net.durations.tolist(), order, graph._pred.__getitem__, graph._succ.__getitem__)


def actuals() -> Iterator[str]:
    """Going on with 1,000 tasks after one of them started twenty hours late, or finished as planned."""
    net = network(1_000)
    found = level(compute(net), CAPACITIES)
    last = dict(zip(net.ids, found.start, strict=True))
    for name, delay in (("as planned", 0), ("twenty hours late", 20 * 3600)):
        taken, moved = [], []
        for late in net.ids[::40]:
            now = max(last[late] + delay, found.finish[net.number(late)] * (not delay))
            started = {one: begin for one, begin in last.items() if begin < now} | ({late: now} if delay else {})
            finished = {
                one: end for one, end in zip(net.ids, found.finish, strict=True) if end <= now and one in started
            }
            if delay:
                finished.pop(late, None)
            facts = Facts(now, started, finished)
            before = least(lambda facts=facts: replan(net, CAPACITIES, last, facts))  # type: ignore[misc]
            taken.append(before)
            moved.append(len(replan(net, CAPACITIES, last, facts).moved))
        shown = (f"{min(taken):.1f}", f"{statistics.median(taken):.1f}", "")
        aim = (
            f"median < 10; most {max(taken):.1f}; starts moved: median {statistics.median(moved):g}, most {max(moved)}"
        )
        yield ROW.format(f"re-plan, 1,000 tasks, one {name}", *shown, aim)


def least(work: Callable[[], object]) -> float:
    """The least of some tries, in milliseconds of CPU time."""
    taken = []
    for _ in range(TIMES):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return 1000 * min(taken)


def front() -> str:
    """Time against cost of 1,000 tasks, and how far above its bounds it lies."""
    net = network(1_000)
    efforts = dict(zip(net.ids, net.durations, strict=True))
    tiers = {1: TierOffer(1, 2.0, 60.0), 2: TierOffer(2, 1.4, 20.0), 3: TierOffer(4, 1.0, 5.0)}
    kept = []
    found = in_process(lambda: kept.append(explore(net, efforts, dict.fromkeys(net.ids, 3), tiers)), times=1)
    above = [choice.cost / kept[0].least_cost(choice.makespan) - 1 for choice in kept[0].choices]
    aim = f"{len(above)} choices, above the bound by {statistics.median(above):.1%} (median), {max(above):.1%} (most)"
    return row("time against cost, 1,000 tasks, 3 tiers", found, aim)


if __name__ == "__main__":
    main()
