"""Are workers busy while there is work for them? `python -m benchmarks.bench_workers [--scale 20] [--seed 1]`.

A plan of 2,000 tasks whose commands take 30 to 300 s, on three tiers with 20, 60 and 120 workers. First simulated: the
real rules (`decide`, `fold`) and a real ledger, whose cost is added to a clock that otherwise jumps from one end of a
command to the next; a worker gets its order `--fetch-ms` after it was decided on, and the home hears of an end as much
later. Then, with `--scale N`, truly: a Temporal server, six worker processes with 200 places, and commands that sleep N
times shorter, so that everything besides the commands weighs N times as much as it would.

A tier counts as busy in the moments in which a command of it runs, as its shim recorded; what was handed to a worker
and has not begun does not count. The shares are of the time in which a task of the tier was ready and had to wait.
"""

from __future__ import annotations

import argparse
import heapq
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench_temporal import Bench
from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.adapters.run_folder import RunFolder
from milepost.adapters.subprocess_worker import ending
from milepost.adapters.temporal_engine import TemporalEngine
from milepost.app.runs import RunSession
from milepost.app.temporal_settings import TemporalSettings
from milepost.app.trust import trust
from milepost.execution.commands import Claim, Complete, Start
from milepost.execution.events import AttemptStarted, Event, TaskCompleted
from milepost.execution.evolution import evolve
from milepost.execution.policy import RunSpec, TaskSpec, TierPolicy, Wait
from milepost.execution.queries import Outcome, startable
from milepost.execution.state import RunState

PLACES = {1: 20, 2: 60, 3: 120}
PROCESSES = {1: 1, 2: 2, 3: 3}
SHORTEST, LONGEST = 30.0, 300.0
TASKS = 2000
AIM = 0.95
RUN = "busy#1"


@dataclass(frozen=True)
class Work:
    """A plan, and the seconds that each of its tasks takes."""

    spec: RunSpec
    seconds: dict[str, float]

    @classmethod
    def drawn(cls, seed: int, scale: float) -> Work:
        """Tasks on tiers in proportion to their places; each waits for two that come 300 to 600 before it."""
        draw = random.Random(seed)
        seconds: dict[str, float] = {}
        tasks = []
        for number in range(TASKS):
            name = str(number)
            tier = draw.choices(list(PLACES), list(PLACES.values()))[0]
            seconds[name] = round(draw.uniform(SHORTEST, LONGEST) / scale, 2)
            before = range(max(0, number - 600), number - 300)
            waits = tuple(Wait(str(other)) for other in sorted(draw.sample(before, min(2, len(before)))))
            command = f"sleep {seconds[name]}"
            tasks.append(TaskSpec(name, "Sleep", tier, order=number, waits=waits, commands={tier: command}))
        tiers = tuple(TierPolicy(rank, f"Tier {rank}", count, 50) for rank, count in PLACES.items())
        return cls(RunSpec("busy", tuple(tasks), (), tiers), seconds)


Interval = tuple[float, float]


def shares(events: Sequence[Event], worked: dict[str, Interval]) -> dict[int, tuple[float, float]]:
    """Of each tier the share of its places that worked while tasks waited for it, and for how many seconds they did."""
    state = RunState()
    waited: dict[int, list[Interval]] = defaultdict(list)
    since: dict[int, float] = {}
    for event in events:
        evolve(state, event)
        for tier in PLACES:
            if bool(state.ready.get(tier)) == (tier in since):
                continue
            if tier in since:
                waited[tier].append((since.pop(tier), event.at))
            else:
                since[tier] = event.at
    tiers = {event.task: event.tier for event in events if isinstance(event, AttemptStarted)}
    busy: dict[int, float] = defaultdict(float)
    for task, (begin, end) in worked.items():
        for start, stop in waited[tiers[task]]:
            busy[tiers[task]] += max(0.0, min(end, stop) - max(begin, start))
    lengths = {tier: sum(stop - start for start, stop in waited[tier]) for tier in PLACES}
    return {tier: (busy[tier] / (PLACES[tier] * lengths[tier]), lengths[tier]) for tier in PLACES}


def tell(what: str, found: dict[int, tuple[float, float]], seconds: float, more: str) -> None:
    """Print the shares."""
    each = ", ".join(f"tier {tier} {share:.1%} of {length:.0f} s" for tier, (share, length) in found.items())
    verdict = "met" if min(share for share, _ in found.values()) >= AIM else "missed"
    print(
        f"{what}: busy while tasks wait: {each} (aim {AIM:.0%}: {verdict}); whole run {seconds:.0f} s{more}", flush=True
    )


class Simulation:
    """A run whose commands take no time but that of its own clock."""

    def __init__(self, work: Work, folder: Path, fetch: float) -> None:
        self.work = work
        self.fetch = fetch
        self.session = RunSession(SqliteLedger(folder / "ledger.db"), RUN)
        self.ends: list[tuple[float, str]] = []
        self.worked: dict[str, Interval] = {}
        self.now = 1_000_000.0
        self.spent = 0.0

    def run(self) -> float:
        """Let the run go by; gives its seconds."""
        began = self.now
        self.session.execute(Start(self.now, RUN, self.work.spec))
        self.turn([])
        while self.ends:
            self.now = max(self.now, self.ends[0][0] + self.fetch)
            ended = []
            while self.ends and self.ends[0][0] + self.fetch <= self.now:
                ended.append(heapq.heappop(self.ends)[1])
            self.turn(ended)
        assert self.session.state.finished
        return self.now - began

    def turn(self, ended: list[str]) -> None:
        """Record what ended and start what can be, in one step of the ledger; it takes as long as it takes."""
        clock = time.perf_counter()
        with self.session.turn():
            state = self.session.state
            for task in ended:
                self.session.execute(Complete(self.now, task, 1, "worker", {}))
            ready = startable(state, self.now)
            self.session.execute(*(Claim(self.now, record.spec.id, "worker", record.tier) for record in ready))
        took = time.perf_counter() - clock
        self.spent += took
        self.now += took
        for record in ready:
            begin = self.now + self.fetch
            self.worked[record.spec.id] = begin, begin + self.work.seconds[record.spec.id]
            heapq.heappush(self.ends, (self.worked[record.spec.id][1], record.spec.id))


def simulate(folder: Path, seed: int, fetch: float) -> None:
    """Print what the simulation shows."""
    simulation = Simulation(Work.drawn(seed, 1.0), folder, fetch)
    seconds = simulation.run()
    found = shares(simulation.session.ledger.read(RUN), simulation.worked)
    tell("simulated, full length", found, seconds, f", of it {simulation.spent:.1f} s to decide and record")


class Workplace(Bench):
    """A project with three tiers on a server of its own."""

    def __init__(self, root: Path, work: Work) -> None:
        super().__init__(root)
        self.work = work
        self.settings = TemporalSettings(self.settings.address)  # with the signs of life that are usual
        tiers = "".join(f'[tiers.{tier}]\ndriver = "command"\n' for tier in PLACES)
        (root / "milepost.toml").write_text(f'{tiers}[temporal]\naddress = "{self.settings.address}"\n')
        trust([f"sleep {seconds}" for seconds in set(work.seconds.values())], root)

    @contextmanager
    def staff(self) -> Iterator[None]:
        """As many workers as there are places, in few processes."""
        started = []
        logs = []
        for tier, count in PROCESSES.items():
            command = [sys.executable, "-m", "milepost", "worker", "--tier", str(tier)]
            command += ["--capacity", str(PLACES[tier] // count)]
            for number in range(count):
                logs.append(self.root / f"worker-{tier}-{number}.log")
                started.append(subprocess.Popen(command, cwd=self.root, stdout=logs[-1].open("w")))
        while not all(" serves " in log.read_text() for log in logs):
            time.sleep(0.1)
        try:
            yield
        finally:
            for process in started:
                process.kill()
                process.wait()

    def drive(self, scale: float) -> None:
        """Drive the run, and print how busy everybody was."""
        session = RunSession(SqliteLedger(self.root / ".milepost" / "ledger.db"), RUN)
        session.execute(Start(time.time(), RUN, self.work.spec))
        began = time.perf_counter()
        with self.staff():
            assert TemporalEngine(session, self.root, temporal=self.settings).run().outcome is Outcome.FINISHED
        seconds = time.perf_counter() - began
        files = RunFolder(self.root, RUN)
        events = session.ledger.read(RUN)
        worked = {}
        fetched, heard = [], []
        for event in events:
            if isinstance(event, AttemptStarted):
                end = ending(files.attempt(event.task, event.attempt_no))
                worked[event.task] = end.started_at, end.finished_at
                fetched.append(end.started_at - event.at)
            elif isinstance(event, TaskCompleted):
                heard.append(event.at - worked[event.task][1])
        more = (
            f"; an order begins {statistics.median(fetched):.2f} s after it was given, an end is heard of after "
            f"{statistics.median(heard):.2f} s (medians); load {os.getloadavg()[0]:.1f}"
        )
        tell(f"Temporal, {scale:g} times as fast", shares(events, worked), seconds, more)


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_workers")
    parser.add_argument("--scale", type=float, default=20.0, help="how much shorter commands are; 0: simulate only")
    parser.add_argument("--fetch-ms", type=float, default=100.0, help="an order's way to a worker, and an end's back")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="milepost-bench-")))
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        print(f"{TASKS} tasks of {SHORTEST:g} to {LONGEST:g} s, {sum(PLACES.values())} workers", flush=True)
        simulate(folder, options.seed, options.fetch_ms / 1000)
        if options.scale:
            (folder / "project").mkdir()
            place = Workplace(folder / "project", Work.drawn(options.seed, options.scale))
            stack.callback(place.server.wait)
            stack.callback(place.server.kill)
            place.drive(options.scale)


if __name__ == "__main__":
    main()
