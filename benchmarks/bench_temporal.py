"""Runs over a Temporal server beside a bare workflow. `python -m benchmarks.bench_temporal [--rounds N] [--tasks N]`.

Both start the same no-op attempts, eight at once, on the same two workers of this machine and the same development
server, one right after the other; the median of the rounds' ratios is what counts. `--large N` runs a plan of N tasks
and tells the memory of each process; `--kills N` kills a worker N times and tells how long it takes until its task
runs elsewhere.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from temporalio import workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.worker import Worker

from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.adapters.temporal_connection import connect
from milepost.adapters.temporal_dev import server_command
from milepost.adapters.temporal_engine import TemporalEngine
from milepost.adapters.temporal_messages import ATTEMPT, Order
from milepost.adapters.temporal_supervision import in_sandbox
from milepost.app.runs import RunSession
from milepost.app.temporal_settings import TemporalSettings
from milepost.app.trust import trust
from milepost.errors import EngineUnavailable
from milepost.execution import events as ev
from milepost.execution.commands import Start
from milepost.execution.policy import RunSpec, TaskSpec, TierPolicy
from milepost.execution.queries import Outcome

AT_ONCE = 8
HEARTBEAT = 2.0
SLOW = "date +%s.%N >> started; test $MILEPOST_ATTEMPT = 2 || sleep 600"


@workflow.defn
class Bare:
    """What anybody would write: all attempts, eight at once."""

    @workflow.run
    async def run(self, orders: list[Order]) -> int:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(order: Order) -> None:
            async with gate:
                await workflow.execute_activity(
                    ATTEMPT,
                    order,
                    task_queue=order.queue,
                    result_type=dict,
                    start_to_close_timeout=timedelta(hours=1),
                    heartbeat_timeout=timedelta(seconds=HEARTBEAT),
                    retry_policy=RetryPolicy(maximum_attempts=1),
                )

        await asyncio.gather(*(one(order) for order in orders))
        return len(orders)


class Bench:
    """A project on a server of its own, with workers."""

    def __init__(self, root: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.root = root
        self.server = subprocess.Popen(server_command(port, None), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.settings = TemporalSettings(f"127.0.0.1:{port}", heartbeat_seconds=HEARTBEAT)
        (root / "milepost.toml").write_text(
            '[tiers.1]\ndriver = "manual"\n[tiers.3]\ndriver = "command"\n'
            f'[temporal]\naddress = "127.0.0.1:{port}"\nheartbeat_seconds = {HEARTBEAT}\n'
        )
        trust(["true", SLOW], root)
        while True:
            try:
                asyncio.run(self.connect())
                break
            except EngineUnavailable:
                time.sleep(0.2)

    async def connect(self) -> Client:
        return await connect(self.settings, self.root, "bench")

    @contextmanager
    def workers(self, capacity: int) -> Iterator[list[subprocess.Popen[bytes]]]:
        """Two workers; what they print goes into files."""
        command = [sys.executable, "-m", "milepost", "worker", "--tier", "3", "--capacity", str(capacity)]
        logs = [self.root / f"worker-{number}.log" for number in (1, 2)]
        started = [subprocess.Popen(command, cwd=self.root, stdout=log.open("w")) for log in logs]
        while not all(" serves " in log.read_text() for log in logs):
            time.sleep(0.1)
        try:
            yield started
        finally:
            for process in started:
                process.kill()
                process.wait()

    def engine(self, run: str, command: str, size: int) -> TemporalEngine:
        """The engine with a run of independent tasks."""
        session = RunSession(SqliteLedger(self.root / ".milepost" / "ledger.db"), run)
        tasks = tuple(TaskSpec(str(n), "no-op", 3, order=n, commands={3: command}) for n in range(size))
        tiers = (TierPolicy(1, "Tier 1", 1), TierPolicy(3, "Tier 3", AT_ONCE, 50))
        session.execute(Start(time.time(), run, RunSpec("bench", tasks, (), tiers)))
        return TemporalEngine(session, self.root, temporal=self.settings)

    def with_milepost(self, run: str, size: int) -> float:
        """Seconds that a run takes."""
        engine = self.engine(run, "true", size)
        began = time.perf_counter()
        assert engine.run().outcome is Outcome.FINISHED
        return time.perf_counter() - began

    def bare(self, run: str, size: int) -> float:
        """Seconds that a bare workflow takes."""
        queue = self.settings.tier_queue(self.root, 3)
        orders = [
            Order(queue, run, str(n), "no-op", 1, 3, "true", [], None, "", "no-op", "Tier 3") for n in range(size)
        ]

        async def drive() -> float:
            client = await self.connect()
            async with Worker(client, task_queue=run, workflows=[Bare], workflow_runner=in_sandbox()):
                began = time.perf_counter()
                await client.execute_workflow(Bare.run, orders, id=run, task_queue=run)
                return time.perf_counter() - began

        return asyncio.run(drive())

    def until_elsewhere(self, run: str, workers: list[subprocess.Popen[bytes]]) -> float:
        """Seconds from the death of the worker that has a task to the task's start on another."""
        begun = self.root / "started"
        begun.unlink(missing_ok=True)
        engine = self.engine(run, SLOW, 1)
        killed = []

        def see(event: ev.Event, state: object) -> None:
            if isinstance(event, ev.AttemptStarted) and event.attempt_no == 1:
                asyncio.get_running_loop().create_task(kill_holder())

        async def kill_holder() -> None:
            while not (begun.exists() and begun.read_text()):
                await asyncio.sleep(0.01)
            await asyncio.sleep(HEARTBEAT)  # it has sent heartbeats by now
            holder = next(worker for worker in workers if _has_children(worker.pid))
            killed.append(time.time())
            holder.send_signal(signal.SIGKILL)
            holder.wait()

        engine.on_event = see
        assert engine.run().outcome is Outcome.FINISHED
        return float(begun.read_text().split()[-1]) - killed[0]


def _has_children(pid: int) -> bool:
    """Whether a worker has started its shim."""
    return bool(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def peak(pid: int) -> float:
    """The most memory that a process had, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_temporal")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--large", type=int, default=0)
    parser.add_argument("--kills", type=int, default=0)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="milepost-bench-")))
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        (folder / "project").mkdir()
        bench = Bench(folder / "project")
        stack.callback(bench.server.wait)
        stack.callback(bench.server.kill)
        print(f"load {os.getloadavg()[0]:.1f}", flush=True)
        if options.rounds:
            compare(bench, options.rounds, options.tasks)
        if options.large:
            large(bench, options.large)
        for number in range(options.kills):
            with bench.workers(1) as workers:
                seconds = bench.until_elsewhere(f"kill#{number}", workers)
            print(
                f"worker killed: its task runs elsewhere after {seconds:.2f} s (heartbeat {HEARTBEAT:g} s)", flush=True
            )


def compare(bench: Bench, rounds: int, tasks: int) -> None:
    """Print the ratio."""
    ratios = []
    with bench.workers(AT_ONCE // 2):
        bench.bare("warm#0", 50)
        for number in range(1, rounds + 1):
            bare = bench.bare(f"bare#{number}", tasks)
            own = bench.with_milepost(f"own#{number}", tasks)
            ratios.append(own / bare)
            print(
                f"{tasks} no-op tasks: run {own:.1f} s, bare workflow {bare:.1f} s, ratio {own / bare:.2f}", flush=True
            )
    print(f"median ratio {statistics.median(ratios):.2f} (aim 1.3)")


def large(bench: Bench, tasks: int) -> None:
    """Print time and memory of a large run."""
    with bench.workers(AT_ONCE // 2) as workers:
        seconds = bench.with_milepost("large#1", tasks)
        memory = ", ".join(f"{peak(worker.pid):.0f}" for worker in workers)
        print(f"{tasks} tasks in {seconds:.0f} s; peak memory: home {peak(os.getpid()):.0f} MB, workers {memory} MB")


if __name__ == "__main__":
    main()
