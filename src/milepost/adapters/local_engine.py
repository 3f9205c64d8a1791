"""The local engine: one supervisor that carries out what the run's rules decide, without any server.

It holds no rule of its own. Everything it needs after a crash is in the ledger and in the commands' folders: the
next supervisor waits for the commands that still run and adopts those that ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from milepost.adapters.attempts import Job, Workshop, plain_brief
from milepost.adapters.processes import Standing, kill, standing, stop
from milepost.adapters.run_folder import RunFolder
from milepost.adapters.subprocess_worker import CommandLost, CommandRunner
from milepost.app.runs import RunSession
from milepost.errors import MilepostError, Refused
from milepost.execution.commands import Approve, Claim, Command, ExpireLeases, Fail, Join, Leave, Lose
from milepost.execution.events import Event
from milepost.execution.queries import Outcome, awaiting_approval, due_criteria, outcome, running, startable
from milepost.execution.records import Attempt, TaskRecord
from milepost.execution.state import RunState

_TICK = 0.2
_SYNC_SECONDS = 0.5
_SYNC_SHARE = 10
_LOSSES = 5


@dataclass(frozen=True, slots=True)
class Ended:
    """Why the engine came back: where the run stands, and the signal that stopped it, if one did."""

    outcome: Outcome
    signal: str = ""


@dataclass
class LocalEngine:
    """Drives one run of the project at ``root`` until nothing is left that goes by itself.

    ``on_event`` hears of every event with the state after it. ``after_change`` writes the state into the document;
    it is called now and then, and at the end. ``wait`` goes on while people can still move the run. ``approved`` says
    who signs off which checkpoint as soon as it is due. ``tier_env`` is
    the environment of each tier's workers, by rank; ``grace`` the seconds a command gets to end when asked.
    """

    session: RunSession
    root: Path
    plan_path: str = ""
    wait: bool = False
    approved: Mapping[str, str] = field(default_factory=dict)
    grace: float = 5.0
    tier_env: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    brief: Callable[[TaskRecord], str] = plain_brief
    on_event: Callable[[Event, RunState], None] = lambda event, state: None
    after_change: Callable[[RunState], None] = lambda state: None
    now: Callable[[], float] = time.time

    def run(self) -> Ended:
        """Drive the run.

        Raises:
            Refused: another supervisor drives it.
            WorkerUnavailable: commands cannot be started here.
            LedgerUnavailable: the ledger failed; commands that run go on and are adopted next time.
        """
        files = RunFolder(Path(os.path.realpath(self.root)), self.session.stream)
        with files.supervised():
            return asyncio.run(self._drive(files))

    async def _drive(self, files: RunFolder) -> Ended:
        async with CommandRunner() as runner:
            env = {"MILEPOST_PLAN": self.plan_path, "MILEPOST_RUN": self.session.stream}
            workshop = Workshop(runner, files, self.now, self.grace, self.brief, env, self.tier_env)
            supervision = _Supervision(self, workshop)
            with supervision.signals():
                return await supervision.drive()


class _Supervision:
    """One stay of a supervisor with a run."""

    def __init__(self, engine: LocalEngine, workshop: Workshop) -> None:
        self.engine = engine
        self.session = engine.session
        self.now = engine.now
        self.workshop = workshop
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self.jobs: dict[str, Job] = {}
        self.losses: Counter[str] = Counter()
        self.told = self.session.state.version
        self.wake = asyncio.Event()
        self.signal = ""
        self.broken: BaseException | None = None
        self.leaving = False
        self.judged: tuple[int, Outcome] = (-1, Outcome.ACTIVE)
        self.synced = _Synced(self.session.state.version)

    @property
    def state(self) -> RunState:
        return self.session.state

    async def drive(self) -> Ended:
        self.execute(Join(self.now(), self.name))
        await kill(folder for folder in self.workshop.files.criteria() if standing(folder) is Standing.RUNNING)
        for record in running(self.state):
            self.see_to(record)
        try:
            reached = await self.supervise()
            if self.signal:
                await self.stop_all()
        finally:
            await self.forget_jobs()
        reason = self.signal or reached.value
        self.execute(Leave(self.now(), self.name, reason))
        self.engine.after_change(self.state)
        return Ended(reached, self.signal)

    async def supervise(self) -> Outcome:
        """Do what is to be done until nothing is, or a signal arrives."""
        ticked = 0.0
        while True:
            self.take_news()
            if time.monotonic() - ticked >= _TICK:
                self.execute(ExpireLeases(self.now()))
                ticked = time.monotonic()
            self.start_jobs()
            if self.broken is not None:
                raise self.broken
            if self.signal or self.nothing_to_do():
                return outcome(self.state, self.now())
            self.sync()
            await self.pause()

    def nothing_to_do(self) -> bool:
        if self.jobs:
            return False
        if self.judged[0] != self.state.version:
            self.judged = (self.state.version, outcome(self.state, self.now()))
        ends = {Outcome.FINISHED, Outcome.STUCK} if self.engine.wait else set(Outcome) - {Outcome.ACTIVE}
        return self.judged[1] in ends

    async def pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_TICK):
                await self.wake.wait()
        self.wake.clear()

    # What is known ----------------------------------------------------------------------------------------------

    def execute(self, *commands: Command) -> None:
        """Have the run decide.

        Raises:
            Refused: the rules forbid it by now.
        """
        events: list[Event] = []
        try:
            events = self.session.execute(*commands)
        finally:
            self.tell(events)

    def take_news(self) -> None:
        """Learn what other processes did."""
        if self.session.refresh():
            self.tell([])

    def tell(self, events: list[Event]) -> None:
        """Tell of everything that happened: of ``events``, our own doing, and of what others did meanwhile."""
        told, self.told = self.told, self.state.version
        others = told + len(events) != self.told
        if others:
            events = self.session.ledger.read(self.session.stream, told)[: self.told - told]
            self.drop_jobs()
        for event in events:
            self.engine.on_event(event, self.state)

    def sync(self) -> None:
        """Bring the document up to date, seldom enough to cost a small part of the time."""
        if self.synced.due(self.state.version):
            with contextlib.suppress(MilepostError), self.synced.measured(self.state.version):
                self.engine.after_change(self.state)

    # Jobs -------------------------------------------------------------------------------------------------------

    def start_jobs(self) -> None:
        """Take what can be started, and evaluate what is due."""
        ready = [record for record in startable(self.state, self.now()) if record.spec.id not in self.jobs]
        if ready:
            # Refused: others were faster; their news is next.
            with contextlib.suppress(Refused):
                self.execute(*(self.claim(record) for record in ready))
        for record in ready:
            self.see_to(self.state.tasks.get(record.spec.id))
        for gate in awaiting_approval(self.state):
            by = self.engine.approved.get(gate.spec.id)
            if by and not gate.rejected:
                self.execute(Approve(self.now(), gate.spec.id, by, "approved in advance"))
        for checkpoint in dict.fromkeys(due.checkpoint for due in due_criteria(self.state)):
            if checkpoint not in self.jobs:
                job = Job()
                self.start(checkpoint, job, self.evaluate(job, checkpoint))

    def claim(self, record: TaskRecord) -> Claim:
        return Claim(self.now(), record.spec.id, self.state.tiers[record.tier].name, record.tier)

    def see_to(self, record: TaskRecord | None) -> None:
        """See to an attempt that lives as long as its process: a new one, or one a former supervisor left."""
        attempt = record.current if record else None
        if record and attempt and attempt.lease_until is None:
            job = Job(attempt.no, self.workshop.files.attempt(record.spec.id, attempt.no))
            self.start(record.spec.id, job, self.attempt(job, record, attempt))

    def start(self, name: str, job: Job, work: Coroutine[Any, Any, None]) -> None:
        self.jobs[name] = job
        job.task = asyncio.create_task(work)

        def ended(task: asyncio.Task[None]) -> None:
            del self.jobs[name]
            if not task.cancelled() and task.exception() is not None:
                self.broken = self.broken or task.exception()
            self.wake.set()

        job.task.add_done_callback(ended)

    async def attempt(self, job: Job, record: TaskRecord, attempt: Attempt) -> None:
        """See an attempt through and record what became of it."""
        task = record.spec.id
        try:
            verdict = await self.workshop.attempt(record, attempt, self.state.attempt_limit(record))
        except asyncio.CancelledError:
            if not self.leaving:
                await stop(job.folders(), self.engine.grace)
            raise
        if isinstance(verdict, Lose):
            self.losses[task] += 1
            if self.losses[task] >= _LOSSES:
                verdict = Fail(verdict.at, task, attempt.no, f"{verdict.reason}, {_LOSSES} times")
        # Refused: the attempt no longer holds the task, so nobody asks for its verdict.
        with contextlib.suppress(Refused):
            self.execute(verdict)

    async def evaluate(self, job: Job, checkpoint: str) -> None:
        """Evaluate a checkpoint's criteria one after the other."""
        for due in due_criteria(self.state):
            if due.checkpoint == checkpoint:
                with contextlib.suppress(Refused, CommandLost):
                    self.execute(await self.workshop.criterion(job, due))

    def drop_jobs(self) -> None:
        """End the commands of attempts that no longer hold their task."""
        for name, job in self.jobs.items():
            record = self.state.tasks.get(name)
            held = record.current.no if record and record.current else 0
            if job.task is not None and job.attempt_no not in (0, held):
                job.task.cancel()

    async def stop_all(self) -> None:
        """End every command; an attempt whose command ended before stays open, and is adopted next time."""
        folders = [folder for job in self.jobs.values() for folder in job.folders()]
        cut = [name for name, job in self.jobs.items() if not job.ended]
        await self.forget_jobs()
        grace = asyncio.create_task(stop(folders, self.engine.grace))
        self.impatient = grace.cancel
        with contextlib.suppress(asyncio.CancelledError):
            await grace
        await kill(folders)
        for name in cut:
            record = self.state.tasks.get(name)
            if record is not None and record.current is not None:
                with contextlib.suppress(Refused):
                    self.execute(Lose(self.now(), name, record.current.no, "the run was stopped"))

    async def forget_jobs(self) -> None:
        """Wait for no job any more; their commands go on."""
        self.leaving = True
        tasks = [job.task for job in self.jobs.values() if job.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # Signals ----------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """Let SIGINT and SIGTERM end the stay in good order; a second one leaves commands no grace."""
        loop = asyncio.get_running_loop()
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.interrupt, number)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    impatient: Callable[[], object] = staticmethod(lambda: None)

    def interrupt(self, number: signal.Signals) -> None:
        if self.signal:
            self.impatient()
        self.signal = signal.Signals(number).name
        self.wake.set()


class _Synced:
    """When the document was last brought up to date, and at what price."""

    def __init__(self, version: int) -> None:
        self.version = version
        self.next = 0.0

    def due(self, version: int) -> bool:
        return version != self.version and time.monotonic() >= self.next

    @contextlib.contextmanager
    def measured(self, version: int) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.version = version
            self.next = time.monotonic() + max(_SYNC_SECONDS, _SYNC_SHARE * (time.monotonic() - began))
