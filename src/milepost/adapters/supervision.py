"""One stay of a supervisor with a run: what is due is started, what ended is recorded, until nothing goes by itself."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from dataclasses import dataclass
from signal import Signals
from typing import TYPE_CHECKING, Any

from milepost.adapters.attempts import Job, Workshop, leftovers
from milepost.adapters.document_sync import DocumentSync
from milepost.adapters.processes import Standing, kill, standing, stop
from milepost.adapters.subprocess_worker import CommandLost
from milepost.adapters.supervisors import own_name
from milepost.errors import Refused, TurnLost
from milepost.execution.commands import (
    Approve,
    Block,
    Claim,
    Command,
    ExpireLeases,
    Fail,
    Join,
    Leave,
    Lose,
    RecordCriterion,
    Unblock,
)
from milepost.execution.events import Event
from milepost.execution.queries import (
    Outcome,
    awaiting_approval,
    blocked,
    due_criteria,
    helpable,
    next_wake,
    outcome,
    running,
    startable,
)
from milepost.execution.records import Attempt, TaskRecord
from milepost.execution.state import RunState

if TYPE_CHECKING:
    from milepost.adapters.local_engine import LocalEngine

_TICK = 0.2
_LOSSES = 5
NOT_ALLOWED = "its command has not been allowed on this machine; `milepost trust` allows it"
"""Why a task is held whose command changed while the plan runs."""

BY_PERMISSION = "permission"
"""Who holds it, and lets it go on once it is allowed."""

_OVER = {Outcome.FINISHED, Outcome.CANCELLED, Outcome.STUCK}


@dataclass(frozen=True, slots=True)
class Ended:
    """Why the engine came back: where the run stands, and the signal that stopped it, if one did."""

    outcome: Outcome
    signal: str = ""


class Supervision:
    """A supervisor at work on the run of an engine."""

    def __init__(self, engine: LocalEngine, workshop: Workshop) -> None:
        self.engine = engine
        self.session = engine.session
        self.now = workshop.now
        self.workshop = workshop
        self.name = own_name()
        self.jobs: dict[str, Job] = {}
        self.losses: Counter[str] = Counter()
        self.verdicts: list[Command] = []
        self.untold: list[Event] = []
        self.session.refresh()
        self.told = self.session.state.version
        self.wake = asyncio.Event()
        self.signal = ""
        self.broken: BaseException | None = None
        self.leaving = False
        self.in_turn = False
        self.judged: tuple[int, Outcome] = (-1, Outcome.ACTIVE)
        self.ticked = 0.0
        self.document = DocumentSync(lambda: engine.after_change(), engine.on_notice, self.told)

    @property
    def state(self) -> RunState:
        """The run as it is known now."""
        return self.session.state

    async def drive(self) -> Ended:
        """Join the run, supervise it, leave it."""
        self.execute(Join(self.now(), self.name))
        await kill(folder for folder in self.workshop.files.criteria() if standing(folder) is Standing.RUNNING)
        await stop(leftovers(self.state, self.workshop.files), self.engine.grace)
        for record in running(self.state):
            self.see_to(record)
        try:
            reached = await self.supervise()
            self.take_turn()
            if self.signal:
                await self.stop_all()
        finally:
            await self.forget_jobs()
        reason = self.signal or reached.value
        self.execute(Leave(self.now(), self.name, reason))
        self.document.at_once(self.state.version)
        return Ended(reached, self.signal)

    async def supervise(self) -> Outcome:
        """Do what is to be done until nothing is, or a signal arrives."""
        while True:
            if not self.verdicts:
                self.take_news()
            self.tick()
            if self.verdicts or self.anything_due():
                self.take_turn(self.start_jobs)
            if self.broken is not None:
                raise self.broken
            if self.signal or self.nothing_to_do():
                return outcome(self.state, self.now())
            self.document.now_and_then(self.state.version)
            await self.pause()

    def tick(self) -> None:
        """Now and then, look at what time, an editor or a permission changes."""
        if self.state.finished or time.monotonic() - self.ticked < _TICK:
            return
        self.ticked = time.monotonic()
        self.execute(ExpireLeases(self.now()))
        self.replan()
        for record in [record for record in blocked(self.state) if record.reason == NOT_ALLOWED]:
            if self.allowed(record, record.tier):
                self.try_to(Unblock(self.now(), record.spec.id, BY_PERMISSION))

    def replan(self) -> None:
        """Tell the run what its document says by now."""
        news = self.engine.news(self.state, self.now())
        if news:
            self.document.outdate()
        for command in news:
            self.try_to(command)

    def nothing_to_do(self) -> bool:
        """Whether the run is over, or only people can move it and they are not waited for."""
        if self.jobs or not self.at_rest():
            return False
        if not self.state.cancelled_by:
            self.replan()  # the last task may have written the document
        return self.at_rest()

    def at_rest(self) -> bool:
        """Whether the run, as it is known, goes on no more without somebody's help."""
        if self.judged[0] != self.state.version:
            self.judged = (self.state.version, outcome(self.state, self.now()))
        return self.judged[1] in (_OVER if self.engine.wait else set(Outcome) - {Outcome.ACTIVE})

    async def pause(self) -> None:
        """Wait for a job's end, the next moment that matters, or the next look at what others did."""
        due = None if self.jobs else next_wake(self.state, self.now())
        seconds = _TICK if due is None else min(max(due - self.now(), 0.0), _TICK)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.wake.wait()
        self.wake.clear()

    # What is known ----------------------------------------------------------------------------------------------

    def take_turn(self, then: Callable[[], object] = lambda: None) -> None:
        """Record the verdicts on what ended, and do what is to be done ``then``, all in one step of the ledger."""
        verdicts, self.verdicts = self.verdicts, []
        before, self.untold = set(self.jobs), []
        self.in_turn = True
        try:
            with self.session.turn():
                for verdict in verdicts:
                    # Refused: the attempt no longer holds the task, so nobody asks for its verdict.
                    self.try_to(verdict)
                then()
        except TurnLost:  # nothing of it happened: no job began, and the verdicts are still to be recorded
            self.verdicts, self.untold = verdicts + self.verdicts, []
            self.drop_jobs(set(self.jobs) - before)
        finally:
            self.in_turn = False
        self.tell(self.untold)

    def execute(self, *commands: Command) -> None:
        """Have the run decide.

        Raises:
            Refused: the rules forbid it by now.
        """
        events: list[Event] = []
        try:
            events = self.session.execute(*commands)
        finally:
            if self.in_turn:
                self.untold += events
            else:
                self.tell(events)

    def try_to(self, *commands: Command) -> None:
        """Have the run decide; a refusal means that others were faster, and their news is next."""
        with contextlib.suppress(Refused):
            self.execute(*commands)

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

    # Jobs -------------------------------------------------------------------------------------------------------

    def anything_due(self) -> bool:
        """Whether there may be something to start or to sign."""
        now = self.now()
        if startable(self.state, now) or helpable(self.state, now):
            return True
        if any(due.checkpoint not in self.jobs for due in due_criteria(self.state)):
            return True
        return any(gate.spec.id in self.engine.approved and not gate.rejected for gate in awaiting_approval(self.state))

    def start_jobs(self) -> None:
        """Take what can be started, and evaluate what is due."""
        if self.state.finished:
            return
        ready = [record for record in startable(self.state, self.now()) if record.spec.id not in self.jobs]
        self.take([(record, record.tier) for record in ready])
        self.take([(record, rank) for record, rank in helpable(self.state, self.now())])
        for gate in awaiting_approval(self.state):
            by = self.engine.approved.get(gate.spec.id)
            if by and not gate.rejected:
                self.try_to(Approve(self.now(), gate.spec.id, by, "approved in advance"))
        for checkpoint in dict.fromkeys(due.checkpoint for due in due_criteria(self.state)):
            if checkpoint not in self.jobs:
                job = Job()
                self.start(checkpoint, job, self.evaluate(job, checkpoint))

    def take(self, ready: list[tuple[TaskRecord, int]]) -> None:
        """Claim tasks, each for the tier of a rank, all or none, and see to those that we got."""
        if not ready:
            return
        held = [record for record, rank in ready if not self.allowed(record, rank)]
        for record in held:
            self.try_to(Block(self.now(), record.spec.id, NOT_ALLOWED, BY_PERMISSION))
        tiers = self.state.tiers
        ready = [(record, rank) for record, rank in ready if record not in held]
        self.try_to(*(Claim(self.now(), record.spec.id, tiers[rank].name, rank) for record, rank in ready))
        for record, _ in ready:
            if record.spec.id not in self.jobs:
                self.see_to(self.state.tasks.get(record.spec.id))

    def allowed(self, record: TaskRecord, rank: int) -> bool:
        """Whether all commands of a task on the tier of a rank may run on this machine."""
        commands = (record.spec.commands.get(rank, ""), *record.spec.verify)
        return all(self.engine.allowed(command) for command in commands if command)

    def see_to(self, record: TaskRecord | None) -> None:
        """See to an attempt that lives as long as its process: a new one, or one a former supervisor left."""
        attempt = record.current if record else None
        if record and attempt and attempt.lease_until is None:
            job = Job(attempt.no, self.workshop.files.attempt(record.spec.id, attempt.no))
            self.start(record.spec.id, job, self.attempt(job, record, attempt))

    def start(self, name: str, job: Job, work: Coroutine[Any, Any, None]) -> None:
        """Begin to wait for a job."""
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
        if not self.allowed(record, attempt.tier):
            self.try_to(Block(self.now(), task, NOT_ALLOWED, BY_PERMISSION))
            await stop(job.folders(), self.engine.grace)
            return
        async with self.stopping(job):
            verdict = await self.workshop.attempt(record, attempt, self.state.attempt_limit(record))
        self.verdicts.append(self.weighed(verdict))

    def weighed(self, verdict: Command) -> Command:
        """A verdict, or a harder one on an attempt that was lost as often as others of its task before."""
        if not isinstance(verdict, Lose):
            return verdict
        self.losses[verdict.task] += 1
        if self.losses[verdict.task] < _LOSSES:
            return verdict
        return Fail(verdict.at, verdict.task, verdict.attempt_no, f"{verdict.reason}, {_LOSSES} times")

    async def evaluate(self, job: Job, checkpoint: str) -> None:
        """Evaluate a checkpoint's criteria one after the other."""
        for due in due_criteria(self.state):
            if due.checkpoint == checkpoint:
                if not self.engine.allowed(due.command):
                    evidence = {"command": due.command, "error": NOT_ALLOWED}
                    self.try_to(RecordCriterion(self.now(), checkpoint, due.number, False, BY_PERMISSION, evidence))
                    continue
                with contextlib.suppress(CommandLost):
                    async with self.stopping(job):
                        verdict = await self.workshop.criterion(job, due)
                    if due in due_criteria(self.state):  # the plan may have been edited since
                        self.try_to(verdict)

    def drop_jobs(self, begun_in_vain: Collection[str] = ()) -> None:
        """End the commands of attempts that no longer hold their task, and of checkpoints no longer due."""
        for name, job in self.jobs.items():
            if job.task is not None and (name in begun_in_vain or not self.wanted(name, job)):
                job.task.cancel()

    def wanted(self, name: str, job: Job) -> bool:
        """Whether somebody still asks for what a job finds out."""
        if not job.attempt_no:
            gate = self.state.checkpoints.get(name)
            return gate is not None and gate.due and not self.state.finished
        record = self.state.tasks.get(name)
        return record is not None and record.current is not None and record.current.no == job.attempt_no

    @contextlib.asynccontextmanager
    async def stopping(self, job: Job) -> AsyncIterator[None]:
        """End a job's commands when it is dropped, but not when we leave."""
        try:
            yield
        except asyncio.CancelledError:
            if not self.leaving:
                await stop(job.folders(), self.engine.grace)
            raise

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
                self.try_to(Lose(self.now(), name, record.current.no, "the run was stopped"))

    async def forget_jobs(self) -> None:
        """Wait for no job any more; their commands go on."""
        self.leaving = True
        tasks = [job.task for job in self.jobs.values() if job.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # Signals ----------------------------------------------------------------------------------------------------

    impatient: Callable[[], object] = staticmethod(lambda: None)

    def interrupt(self, number: Signals) -> None:
        """Note a signal: the stay ends in good order, soon; a second one leaves commands no grace."""
        if self.signal:
            self.impatient()
        self.signal = number.name
        self.wake.set()
