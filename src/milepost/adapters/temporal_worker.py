"""A worker of a Temporal server: it sees attempts of its tiers through, in its own copy of the project.

What it does to a command is what the local engine does (see :mod:`milepost.adapters.attempts`): the same shim, the
same limits, the same evidence. It never outlives what it cannot report: when it dies its commands die with it, and when
the server is out of reach for longer than a worker may be silent, it ends them itself, for by then the server has
given their tasks to others.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

from milepost import __version__
from milepost.adapters.attempts import Job, Workshop
from milepost.adapters.interruptions import interruptions
from milepost.adapters.live_logs import LogTail
from milepost.adapters.processes import stop
from milepost.adapters.run_folder import RunFolder
from milepost.adapters.subprocess_worker import CommandRunner
from milepost.adapters.surroundings import Surroundings
from milepost.adapters.temporal_clocks import OFF_AT_WORKER, clock_ahead, off
from milepost.adapters.temporal_journeys import Depot, Journey
from milepost.adapters.temporal_messages import ATTEMPT, FOREVER, FORM, Order, to_verdict
from milepost.adapters.temporal_trust import permits, refusal
from milepost.adapters.worker_telemetry import Making, WorkerTelemetry
from milepost.app.agent_presets import AgentTier
from milepost.app.temporal_settings import TemporalSettings
from milepost.errors import TransportRefused, WorkerUnavailable, WorkspaceUnavailable
from milepost.execution.commands import Block, Command, Complete, Fail, Lose
from milepost.execution.policy import TaskSpec
from milepost.execution.records import Attempt, TaskRecord

BY_WORKER = "worker"
"""Who holds a task whose command a worker does not allow."""

_SAID = {"Complete": "complete", "Fail": "failed", "Overrun": "overran its limit", "Lose": "lost", "Block": "blocked"}
_ENDED = "its worker was stopped"
_CUT_OFF = "the server was out of reach of its worker"
_POLLS = 2
"""How many attempts a worker asks for at once; those that the server grants to one that is cut off get lost."""

_BEATS = 4
"""Signs of life within the time that a worker may be silent."""


class Tell(Protocol):
    """Hears what happens, and of which run, task, attempt and tier, if of any."""

    def __call__(self, message: str, about: Mapping[str, Any] | None = None) -> None:
        """Hear it."""


@dataclass
class TierWorker:
    """Serves the queues of some tiers (rank → how many attempts at once) of the project at ``root``.

    ``allowed`` says which commands may run on this machine, ``key`` is the one that orders are signed with;
    ``workers`` are the surroundings of each tier's commands. ``on_event`` hears what happens. ``agents`` are the
    coding agents of tiers. ``depot`` is where trees and logs go to and fro. Asked to leave, it sees what runs through,
    but for no longer than ``drain_seconds``, if that is given.
    """

    client: Client
    settings: TemporalSettings
    root: Path
    tiers: Mapping[int, int]
    allowed: Callable[[str], bool]
    key: bytes = b""
    workers: Mapping[int, Surroundings] = field(default_factory=dict)
    grace: float = 5.0
    log_limit: int = 100_000_000
    on_event: Tell = lambda message, about=None: None
    agents: Mapping[int, AgentTier] = field(default_factory=dict)
    telemetry: WorkerTelemetry = field(default_factory=WorkerTelemetry)
    depot: Depot = field(default_factory=Depot)
    drain_seconds: float | None = None

    def __post_init__(self) -> None:
        """Nothing is at work yet."""
        self.running: dict[str, asyncio.Task[Any]] = {}
        self.draining = asyncio.Event()
        self.why_stopped = ""
        self.outdated = ""
        self.clock_told = False
        self.besides: dict[str, dict[str, Any]] = {}

    async def serve(self) -> None:
        """Take attempts until a signal asks to end; those that run are seen through, unless a second one comes.

        Raises:
            WorkerUnavailable: commands cannot be started here, or orders are of a later version's form.
        """
        async with CommandRunner(mortal=True) as runner, contextlib.AsyncExitStack() as stack:
            self.runner = runner
            stack.enter_context(interruptions(lambda _: self.leave()))
            guard = asyncio.create_task(self.guard())
            stack.callback(guard.cancel)
            for tier, capacity in self.tiers.items():
                await stack.enter_async_context(self.worker(tier, capacity))
            await self.draining.wait()
        if self.outdated:
            raise WorkerUnavailable(self.outdated, remedy="update Milepost on this machine, and start the worker again")

    def worker(self, tier: int, capacity: int) -> Worker:
        """What takes the attempts of one tier from the server."""
        beat = timedelta(seconds=self.settings.heartbeat_seconds / _BEATS)
        return Worker(
            self.client,
            task_queue=self.settings.tier_queue(self.root, tier),
            activities=[self.attempt],
            max_concurrent_activities=capacity,
            max_concurrent_activity_task_polls=min(capacity, _POLLS),
            max_heartbeat_throttle_interval=beat,
            default_heartbeat_throttle_interval=beat,
            graceful_shutdown_timeout=timedelta(seconds=FOREVER),
        )

    @activity.defn(name=ATTEMPT)
    async def attempt(self, order: Order) -> dict[str, Any]:
        """See an attempt through, and say what became of it."""
        name = f"{order.run} {order.name}"
        task = asyncio.current_task()
        assert task is not None
        self.running[name] = task
        self.compare_clocks()
        with self.telemetry.attempt(order) as making:
            about = {**_about(order), **making.about}
            tell = partial(self.on_event, about=about)
            try:
                verdict = await self.verdict(order, making, tell)
            except asyncio.CancelledError:
                tell(f"{name} stopped{f': {self.why_stopped}' if self.why_stopped else ''}")
                if not self.why_stopped and not self.besides.get(name):
                    raise
                verdict = Lose(0.0, order.task, order.attempt_no, self.why_stopped or "it was stopped")
            except (WorkerUnavailable, WorkspaceUnavailable) as error:
                reason = f"the worker {self.client.identity} cannot work: {error}"
                verdict = Lose(0.0, order.task, order.attempt_no, reason)
            finally:
                del self.running[name]
            if isinstance(verdict, Complete | Fail):
                verdict = replace(verdict, evidence={**verdict.evidence, "worker": self.client.identity})
            told = to_verdict(verdict) | self.besides.pop(name, {})
            making.verdict, making.evidence = told["kind"], told.get("evidence", {})
            making.reason = told.get("reason", "")
            why = f": {making.reason}" if making.reason else ""
            self.on_event(f"{name} {_SAID[making.verdict]}{why}", {**about, "outcome": making.verdict.lower()})
        return told

    async def verdict(self, order: Order, making: Making, tell: Callable[[str], None]) -> Command:
        """Run an order's commands, if they are understood and may be run."""
        if order.form > FORM:
            return self.too_old_for(order)
        if order.queue != self.settings.tier_queue(self.root, order.tier) or not permits(order, self.key, self.allowed):
            reason = refusal(order, self.key, self.client.identity)
            return Block(0.0, order.task, reason, BY_WORKER)
        tell(f"{order.run} {order.name} started: {order.title}")
        files = RunFolder(self.root, order.run)
        job = Job(order.attempt_no, files.attempt(order.task, order.attempt_no))
        journey = Journey(order, self.root, self.depot, self.key, tell)
        tail = LogTail(files.attempt_log(order.task, order.attempt_no), self.settings.heartbeat_seconds / _BEATS)
        beating = asyncio.create_task(self.beat(tail, journey))
        try:
            record, attempt = _record(order)
            try:
                await journey.begin()
            except TransportRefused as error:
                return Block(
                    0.0,
                    order.task,
                    f"the worker {self.client.identity} cannot get its tree: {error}; {error.remedy}",
                    BY_WORKER,
                )
            verdict = await self.workshop(order, files, making, journey).attempt(record, attempt, order.limit)
            verdict = await journey.hand_in(verdict)
            self.besides[f"{order.run} {order.name}"] = journey.besides(tail.look())
            return verdict
        except asyncio.CancelledError:
            await stop(job.folders(), self.grace)
            if self.is_heard():
                await journey.part()
                self.besides[f"{order.run} {order.name}"] = journey.besides(tail.look())
            raise
        finally:
            await journey.end()
            beating.cancel()

    def is_heard(self) -> bool:
        """Whether somebody still listens to what is said of an attempt that was stopped."""
        said = activity.cancellation_details()
        return self.why_stopped != _CUT_OFF and (said is None or said.cancel_requested)

    def too_old_for(self, order: Order) -> Lose:
        """Give back an order of a later version's form, and leave, so that others get what waits."""
        self.outdated = f"it is given orders of form {order.form}, and Milepost {__version__} understands form {FORM}"
        if not self.draining.is_set():
            self.drain()
        reason = f"the worker {self.client.identity} is too old: {self.outdated}"
        return Lose(0.0, order.task, order.attempt_no, reason)

    def compare_clocks(self) -> None:
        """Say once that this machine's clock is far from the server's."""
        ahead = clock_ahead(activity.info().started_time.timestamp())
        if ahead and not self.clock_told:
            self.clock_told = True
            self.on_event(f"{off(ahead)} {OFF_AT_WORKER}")

    def workshop(self, order: Order, files: RunFolder, making: Making, journey: Journey) -> Workshop:
        """Where an order's commands are run."""
        plan = self.root / order.plan if order.plan else None
        return Workshop(
            self.runner,
            files,
            time.time,
            self.grace,
            lambda record: order.brief,
            env={"MILEPOST_PLAN": str(journey.plan or ""), "MILEPOST_RUN": order.run},
            workers=self.workers,
            plan_folder=plan.parent if plan else None,
            log_limit=self.log_limit,
            isolation=journey.isolation,
            agents=self.agents,
            context=lambda task, attempt_no: making.environment,
        )

    async def beat(self, tail: LogTail, journey: Journey) -> None:
        """Tell the server that an attempt lives, how far its log has come, and what holds it up."""
        while True:
            activity.heartbeat({**tail.look(), "waits": journey.trouble})
            await asyncio.sleep(self.settings.heartbeat_seconds / _BEATS)

    async def guard(self) -> None:
        """End all attempts when the server has been out of reach for so long that it has taken us for dead."""
        beat = self.settings.heartbeat_seconds / _BEATS
        heard = time.monotonic()
        while True:
            await asyncio.sleep(beat)
            try:
                await self.client.service_client.check_health(timeout=timedelta(seconds=beat))
            except (RPCError, RuntimeError):
                silence = time.monotonic() - heard
                if silence > self.settings.heartbeat_seconds and self.running:
                    self.on_event(f"the server has been out of reach for {silence:.0f}s: others have our tasks by now")
                    self.stop_all(_CUT_OFF)
            else:
                heard = time.monotonic()
                self.why_stopped = self.why_stopped if self.running else ""

    def stop_all(self, why: str) -> None:
        """End every attempt."""
        self.why_stopped = why
        for task in self.running.values():
            task.cancel()

    def leave(self) -> None:
        """Take nothing new, and leave when what runs has ended; asked again, or when that takes too long, end it."""
        if self.draining.is_set():
            self.stop_all(_ENDED)
            return
        self.drain()
        if self.drain_seconds is not None:
            asyncio.get_running_loop().call_later(self.drain_seconds, self.stop_all, _ENDED)

    def drain(self) -> None:
        """Take nothing new, and leave when what runs has ended."""
        self.draining.set()
        count = len(self.running)
        left = "nothing runs" if not count else f"{count} {'attempt is' if count == 1 else 'attempts are'} seen through"
        self.on_event(f"leaving: nothing new is taken, {left}")


def _about(order: Order) -> dict[str, Any]:
    """What a line of the log belongs to."""
    return {"run": order.run, "task": order.task, "attempt": order.attempt_no, "tier": order.tier}


def _record(order: Order) -> tuple[TaskRecord, Attempt]:
    """The task and the attempt as the workshop knows them."""
    commands = {order.tier: order.command} if order.command else {}
    spec = TaskSpec(
        order.task, order.title, order.tier, commands=commands, verify=tuple(order.verify), files=tuple(order.files)
    )
    attempt = Attempt(order.attempt_no, order.tier, order.worker, time.time())
    return TaskRecord(spec, order.tier, attempts=[attempt]), attempt
