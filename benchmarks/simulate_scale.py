"""A day of many runs, simulated: where the time goes between a task's end and its successors' start.

``python -m benchmarks.simulate_scale``. A discrete-event simulation in which nothing runs: runs arrive at random, each
a plan of layers; a task that becomes ready is decided on, recorded in the ledger, waits for a worker of its tier, is
worked on, and its end is decided on and recorded again. Decisions of one run follow one another; those of different
runs are made by as many engine processes as are given. What a decision and a commit cost are inputs, measured by the
other benchmarks: `bench_postgres` the commits, `bench_temporal` the decisions.

Between two layers a run waits for somebody to approve a checkpoint: that is why so many runs are open at once. A worker
that ended a task needs a moment to report it and to be given the next.

One line for each load says how busy each part is, how long it takes from what made a task ready to its offer to
workers, and how busy the workers are while there is work for them.
"""

from __future__ import annotations

import argparse
import heapq
import math
import random
import resource
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

DAY = 86_400.0
BYTES_AN_EVENT = 450
EVENTS_A_TASK = 2
TIERS = (0.1, 0.3, 0.6)
"""Shares of tasks, and of workers, of the tiers 1, 2 and 3."""


@dataclass(frozen=True)
class Load:
    """What there is to do in a day, and who does it. Times in seconds."""

    tasks: int
    workers: int
    layers: int
    width: int
    decision: float
    commit: float
    engines: int
    ledgers: int
    commits_at_once: int
    busy: float
    pause: float
    fetch: float
    outage: float = 0.0

    @property
    def runs(self) -> int:
        """How many runs arrive in a day."""
        return max(1, self.tasks // (self.layers * self.width))

    @property
    def work(self) -> float:
        """The mean time of a task, so that the workers are as busy as asked for."""
        return self.workers * DAY * self.busy / self.tasks

    @property
    def lifetime(self) -> float:
        """About how long a run is open."""
        return self.layers * (self.pause + 2 * self.work)


class Simulation:
    """What happens next, and when it is. Actions are called in the order of their times."""

    def __init__(self) -> None:
        self.now = 0.0
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Do something at a moment."""
        self._count += 1
        heapq.heappush(self._agenda, (moment, self._count, action))

    def run(self, until: float) -> None:
        """Let time pass."""
        while self._agenda and self._agenda[0][0] <= until:
            self.now, _, action = heapq.heappop(self._agenda)
            action()


class Station:
    """Servers with one line before them, first come first served; each visit takes the same time."""

    def __init__(self, simulation: Simulation, servers: int, service: float) -> None:
        self.simulation = simulation
        self.service = service
        self.used = 0.0
        self._free = [0.0] * servers

    def visit(self, after: float = 0.0) -> float:
        """Be served, not before a moment; gives when that is done."""
        begin = max(heapq.heappop(self._free), self.simulation.now, after)
        end = begin + self.service
        heapq.heappush(self._free, end)
        self.used += self.service
        return end

    def close(self, begin: float, seconds: float) -> None:
        """Serve nobody for a while."""

        def shut() -> None:
            self._free = [max(free, begin + seconds) for free in self._free]

        self.simulation.at(begin, shut)

    def busy(self, seconds: float) -> float:
        """How much of a time its servers were at work."""
        return self.used / (len(self._free) * seconds)


@dataclass
class Tier:
    """Workers of one tier, and the tasks that wait for them."""

    workers: int
    idle: int
    fetching: int = 0
    waiting: deque[tuple[Run, float]] = field(default_factory=deque)
    worked: float = 0.0
    wanted: float = 0.0
    seen: float = 0.0

    def account(self, now: float) -> None:
        """Add up the time in which there was work, and how much of it the workers were busy."""
        if self.waiting:
            self.wanted += (now - self.seen) * self.workers
            self.worked += (now - self.seen) * (self.workers - self.idle)
        self.seen = now


@dataclass
class Run:
    """A run on its way through its layers."""

    number: int
    layer: int = 0
    open_tasks: int = 0
    decided_until: float = 0.0


class Day:
    """One day of a load."""

    def __init__(self, load: Load, seed: int) -> None:
        self.load = load
        self.random = random.Random(seed)
        self.simulation = Simulation()
        self.engines = [Station(self.simulation, 1, load.decision) for _ in range(load.engines)]
        self.ledgers = [Station(self.simulation, load.commits_at_once, load.commit) for _ in range(load.ledgers)]
        counts = [max(1, round(load.workers * share)) for share in TIERS]
        self.tiers = [Tier(count, count) for count in counts]
        self.delays: list[float] = []
        self.open_runs = self.finished = self.most_waiting = 0
        self.spread = math.log(2.0)

    def pass_by(self, warm: float = 0.5) -> None:
        """Let the day go by, after half a day in which the queues find their lengths."""
        for number in range(round(self.load.runs * self.load.lifetime / DAY)):
            run = Run(number, self.random.randrange(1, self.load.layers))
            self.open_runs += 1
            waits = self.load.pause + 2 * self.load.work
            self.simulation.at(self.random.uniform(0, waits), partial(self._approved, run))
        for number in range(round(self.load.runs * (1 + warm))):
            self.simulation.at(self.random.uniform(0, DAY * (1 + warm)), partial(self._begin, number))
        if self.load.outage:
            for ledger in self.ledgers:
                ledger.close(DAY, self.load.outage)
        self.simulation.run(DAY * warm)
        self._forget()
        self.simulation.run(DAY * (1 + warm))
        for tier in self.tiers:
            tier.account(self.simulation.now)

    def _forget(self) -> None:
        self.delays.clear()
        self.finished = 0
        for station in (*self.engines, *self.ledgers):
            station.used = 0.0
        for tier in self.tiers:
            tier.account(self.simulation.now)
            tier.worked = tier.wanted = 0.0

    def _begin(self, number: int) -> None:
        self.open_runs += 1
        self._approved(Run(number))

    def _approved(self, run: Run) -> None:
        since = self.simulation.now
        self._decide(run, lambda: self._offer_layer(run, since))

    def _decide(self, run: Run, then: Callable[[], None]) -> None:
        """Decide for a run and record it: first the engine that has the run, then its ledger."""
        ledger = self.ledgers[run.number % len(self.ledgers)]
        engine = self.engines[run.number % len(self.engines)]
        run.decided_until = engine.visit(run.decided_until)
        self.simulation.at(run.decided_until, lambda: self.simulation.at(ledger.visit(), then))

    def _offer_layer(self, run: Run, since: float) -> None:
        run.open_tasks = self.load.width
        for _ in range(self.load.width):
            self._decide(run, lambda: self._offer(run, since))

    def _offer(self, run: Run, since: float) -> None:
        self.delays.append(self.simulation.now - since)
        tier = self.tiers[self.random.choices(range(len(TIERS)), TIERS)[0]]
        tier.account(self.simulation.now)
        seconds = self.random.lognormvariate(math.log(self.load.work) - self.spread**2 / 2, self.spread)
        tier.waiting.append((run, seconds))
        self.most_waiting = max(self.most_waiting, sum(len(each.waiting) for each in self.tiers))
        self._employ(tier)

    def _employ(self, tier: Tier) -> None:
        while tier.idle > tier.fetching and tier.waiting:
            run, seconds = tier.waiting.popleft()
            tier.idle -= 1
            self.simulation.at(self.simulation.now + seconds, partial(self._end, tier, run))

    def _end(self, tier: Tier, run: Run) -> None:
        tier.account(self.simulation.now)
        tier.idle += 1
        tier.fetching += 1
        self.simulation.at(self.simulation.now + self.load.fetch, lambda: self._fetched(tier))
        self._decide(run, lambda: self._completed(run))

    def _fetched(self, tier: Tier) -> None:
        tier.account(self.simulation.now)
        tier.fetching -= 1
        self._employ(tier)

    def _completed(self, run: Run) -> None:
        self.finished += 1
        run.open_tasks -= 1
        if run.open_tasks:
            return
        run.layer += 1
        if run.layer == self.load.layers:
            self.open_runs -= 1
            return
        wait = self.random.expovariate(1 / self.load.pause) if self.load.pause else 0.0
        self.simulation.at(self.simulation.now + wait, lambda: self._approved(run))


def line(day: Day) -> str:
    """What one day shows."""
    load = day.load
    delays = sorted(day.delays)
    engine = sum(station.busy(DAY) for station in day.engines) / len(day.engines)
    ledger = sum(station.busy(DAY) for station in day.ledgers) / len(day.ledgers)
    wanted = sum(tier.wanted for tier in day.tiers)
    share = sum(tier.worked for tier in day.tiers) / wanted if wanted else 1.0
    size = day.finished * EVENTS_A_TASK * BYTES_AN_EVENT / 1e9
    return (
        f"{day.finished:>11,} {load.workers:>8,} {day.open_runs:>9,} {engine:>7.1%} {ledger:>7.1%} "
        f"{_at(delays, 0.5):>8.3f} {_at(delays, 0.99):>8.3f} {_at(delays, 1.0):>8.2f} {share:>7.1%} "
        f"{day.most_waiting:>10,} {size:>6.2f}"
    )


def _at(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def loads(options: argparse.Namespace) -> Iterator[Load]:
    """The loads that are asked for."""
    for factor in options.times:
        yield Load(
            tasks=round(options.tasks * factor),
            workers=round(options.workers * factor),
            layers=options.layers,
            width=options.width,
            decision=options.decision_ms / 1000,
            commit=options.commit_ms / 1000,
            engines=options.engines,
            ledgers=options.ledgers,
            commits_at_once=options.commits_at_once,
            busy=options.busy,
            pause=options.pause_hours * 3600,
            fetch=options.fetch_ms / 1000,
            outage=options.outage,
        )


def main() -> None:
    """Print a line for each load."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulate_scale")
    parser.add_argument("--tasks", type=int, default=1_000_000, help="a day")
    parser.add_argument("--workers", type=int, default=10_000)
    parser.add_argument("--layers", type=int, default=25, help="of each run")
    parser.add_argument("--width", type=int, default=4, help="of each layer")
    parser.add_argument("--busy", type=float, default=0.9, help="share of the workers' time that is wanted")
    parser.add_argument("--pause-hours", type=float, default=9.0, help="until a checkpoint is approved, in the mean")
    parser.add_argument("--fetch-ms", type=float, default=50.0, help="until a worker has its next task")
    parser.add_argument("--decision-ms", type=float, default=8.0, help="what the engine takes for one decision")
    parser.add_argument("--commit-ms", type=float, default=5.0, help="what a commit takes")
    parser.add_argument("--commits-at-once", type=int, default=8, help="that one ledger makes")
    parser.add_argument("--engines", type=int, default=4, help="processes that decide")
    parser.add_argument("--ledgers", type=int, default=1, help="databases that runs are spread over")
    parser.add_argument("--outage", type=float, default=0.0, help="seconds for which the ledgers are away at noon")
    parser.add_argument("--times", type=float, nargs="+", default=[0.1, 1.0, 5.0], help="loads, as multiples")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(
        f"{'tasks/day':>11} {'workers':>8} {'open runs':>9} {'engine':>7} {'ledger':>7} "
        f"{'offer p50':>8} {'p99':>8} {'max s':>8} {'busy*':>7} {'most ready':>10} {'GB':>6}"
    )
    for load in loads(options):
        began = time.process_time()
        day = Day(load, options.seed)
        day.pass_by()
        spent = time.process_time() - began
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{line(day)}   ({spent:.0f} s CPU, {memory:.0f} MB)", flush=True)
    print("* of the workers, while tasks of their tier wait")


if __name__ == "__main__":
    main()
