"""The home of a run on a Temporal server: it decides as the local engine's supervisor does, and others do the work.

The workflow asks what to do in a local activity, a :class:`Turn`, which is answered from the ledger alone: whatever
holds its task there is to run, nothing else. So the answer may get lost and the question be asked again by a workflow
or a home of later days; nothing is recorded twice, because a verdict on an attempt that no longer holds its task is
refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from temporalio import activity
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from milepost.adapters.attempts import Workshop
from milepost.adapters.live_logs import LogCopies
from milepost.adapters.processes import Standing, standing
from milepost.adapters.supervision import Supervision
from milepost.adapters.temporal_clocks import OFF_AT_HOME, clock_ahead, off
from milepost.adapters.temporal_messages import (
    FORM,
    LOOK,
    TURN,
    WORKFLOW,
    Order,
    Orders,
    Turn,
    attempt_name,
    read_verdict,
)
from milepost.adapters.temporal_queues import in_hand, told, unserved
from milepost.adapters.temporal_trust import sign, signing_key
from milepost.adapters.temporal_workflow import RunWorkflow
from milepost.errors import EngineUnavailable
from milepost.execution.commands import Command, Lose
from milepost.execution.queries import Outcome, outcome, running
from milepost.execution.records import Attempt, TaskRecord

if TYPE_CHECKING:
    from milepost.adapters.temporal_engine import TemporalEngine

_ASK_AGAIN = 5.0
_IN_VAIN = 1.0
"""Seconds until the next turn after one that changed nothing."""

_PARTING = 10.0
_ANSWER = timedelta(seconds=5)
_TURN = timedelta(seconds=3)
"""After how long a turn is given to the next home when ours has died with it."""

_LOOK_SECONDS = 2.0
_LOOKED_AT = 400_000
"""Bytes a second that are read at most of what workers say."""

_STOPPED = "the run was stopped"
FORGOTTEN = "nobody knows what became of it: the server has forgotten its workflow"
"""Why an attempt is lost that a server without its memory had in hand."""


class RemoteSupervision(Supervision):
    """A supervisor whose attempts are made by workers of a Temporal server; it evaluates criteria itself."""

    def __init__(self, engine: TemporalEngine, workshop: Workshop, client: Client) -> None:
        super().__init__(engine, workshop)
        self.client = client
        self.settings = engine.temporal
        self.root = workshop.files.root
        self.id = self.settings.run_name(self.root, self.session.stream)
        self.key = signing_key(self.settings, self.root)
        self.known: set[str] = set()
        self.full = False
        self.over = False
        self.ended = False
        self.asked = -_ASK_AGAIN
        self.complaint = ""
        self.leave_by: float | None = None
        self.impatient = self.give_up
        self.ahead = 0.0
        self.met: str | None = None
        self.copies = LogCopies(workshop.files, engine.log_limit)
        self.parcels = engine.parcels(self.key)
        if self.parcels is not None:
            self.parcels.wake = self.wake.set
            self.parcels.made = self.has_made

    @property
    def handle(self) -> WorkflowHandle[RunWorkflow, None]:
        """The run's workflow."""
        return self.client.get_workflow_handle_for(RunWorkflow.run, self.id)

    async def supervise(self) -> Outcome:
        """See the workflow through to its end."""
        self.known = set(self.attempts())
        async with self.home():
            while not self.ended:
                self.take_news()
                self.tick()
                if self.broken is not None:
                    raise self.broken
                if self.signal:
                    self.mind_the_time()
                if self.has_news() and time.monotonic() - self.asked > _ASK_AGAIN:
                    self.asked = time.monotonic()
                    self.start_asking()
                self.document.now_and_then(self.state.version)
                await self.pause()
        if self.signal and self.over:
            self.try_to(*(Lose(self.now(), r.spec.id, a.no, _STOPPED) for r, a in self.attempts().values()))
        return outcome(self.state, self.now())

    @contextlib.asynccontextmanager
    async def home(self) -> AsyncIterator[None]:
        """Serve the workflow, and look after it."""
        worker = Worker(
            self.client,
            task_queue=self.id,
            workflows=[RunWorkflow],
            activities=[self.turn],
            no_remote_activities=True,
            max_cached_workflows=1,
            sticky_queue_schedule_to_start_timeout=timedelta(seconds=2),
            workflow_runner=in_sandbox(),
        )
        tasks = [asyncio.create_task(work) for work in (self.watch(), self.watch_queues())]
        self.asking = asyncio.create_task(self.ask())
        self.asked = time.monotonic()
        try:
            async with worker:
                yield
        finally:
            for task in (*tasks, self.asking):
                task.cancel()
            await asyncio.gather(*tasks, self.asking, return_exceptions=True)
            if self.parcels is not None:
                await self.parcels.close()

    # The workflow asks ------------------------------------------------------------------------------------------

    @activity.defn(name=TURN)
    async def turn(self, turn: dict[str, Any]) -> Orders:
        """Record what ended, decide what is next, and tell what is to run now."""
        try:
            asked, held = Turn(**turn), list[str]()
            asked = replace(asked, fresh=asked.fresh and self.is_new(activity.info().workflow_run_id))
            if any("log" in verdict for verdict in asked.verdicts):
                await asyncio.to_thread(self.copies.hear, filter(self.has_made, asked.verdicts))
            if self.parcels is not None:
                verdicts, held = await self.parcels.turn(asked.verdicts, self.attempts())
                asked = replace(asked, verdicts=verdicts)
            return self.answer(asked, held)
        except BaseException as error:
            self.broken = self.broken or error
            self.wake.set()
            raise

    def has_made(self, verdict: Mapping[str, Any]) -> bool:
        """Whether a verdict is on an attempt of the run, be it over or not."""
        record = self.state.tasks.get(str(verdict.get("task")))
        return record is not None and verdict.get("attempt_no") in [attempt.no for attempt in record.attempts]

    def is_new(self, workflow: str | None) -> bool:
        """Whether we meet a workflow for the first time: one that asks again did not get our answer, nobody has."""
        met, self.met = self.met, workflow
        return met != workflow

    def answer(self, turn: Turn, held: list[str]) -> Orders:
        """The answer to a turn; verdicts on those ``held`` are to be told again."""
        self.full = turn.full
        self.compare_clocks(turn.clock)
        before = self.state.version
        self.verdicts += [self.understood(read_verdict(verdict, self.now())) for verdict in turn.verdicts]
        if turn.fresh:
            self.verdicts += self.forgotten(turn.running)
        self.take_turn(self.start_jobs)
        wanted = {} if self.signal else self.attempts()
        busy = {*turn.running, *held}
        start = [self.order(*wanted[name]) for name in wanted if name not in busy and self.can_go(*wanted[name])]
        self.over = not wanted and not busy and (bool(self.signal) or self.nothing_to_do())
        self.known = {*busy.intersection(wanted), *(order.name for order in start)}
        stop = [name for name in turn.running if name not in wanted]
        fruitless = self.state.version == before and not (start or stop)
        self.asked = time.monotonic() - _ASK_AGAIN + (_IN_VAIN if fruitless else 0.0)
        if self.over:
            self.wake.set()
        return Orders(start, stop, self.over, self.settings.heartbeat_seconds, held)

    def compare_clocks(self, server: float) -> None:
        """Learn how far this machine's clock is from the server's; say it once when it is far."""
        self.ahead, before = clock_ahead(server), self.ahead
        if self.ahead and not before:
            self.engine.on_notice(f"{off(self.ahead)} {OFF_AT_HOME}")

    def understood(self, verdict: Command) -> Command:
        """A verdict as it is recorded."""
        if self.signal and isinstance(verdict, Lose):
            return replace(verdict, reason=_STOPPED)
        return self.weighed(verdict)

    def forgotten(self, running: list[str]) -> list[Command]:
        """Verdicts on attempts that a workflow had in hand which is gone; what left its traces here is adopted."""
        lost: list[Command] = []
        for name, (record, attempt) in self.attempts().items():
            folder = self.workshop.files.attempt(record.spec.id, attempt.no)
            traces = standing(folder) in (Standing.ENDED, Standing.RUNNING)
            if name in self.known and name not in running and not traces:
                lost.append(Lose(self.now(), record.spec.id, attempt.no, FORGOTTEN))
        return lost

    def start_jobs(self) -> None:
        """Start nothing new when we leave, or when the workflow waits for quiet."""
        if not self.signal and not self.full:
            super().start_jobs()

    def see_to(self, record: TaskRecord | None) -> None:
        """The workflow sees to it."""

    def attempts(self) -> dict[str, tuple[TaskRecord, Attempt]]:
        """What is to run, by name: attempts that hold their task and live as long as their process."""
        held = ((record, record.attempts[-1]) for record in running(self.state))
        return {attempt_name(r.spec.id, a.no): (r, a) for r, a in held if a.lease_until is None}

    def can_go(self, record: TaskRecord, attempt: Attempt) -> bool:
        """Whether a worker could begin an attempt: all that it needs can be had."""
        return self.parcels is None or self.parcels.ready(record, attempt)

    def order(self, record: TaskRecord, attempt: Attempt) -> Order:
        """What a worker has to know of an attempt."""
        limit = self.state.attempt_limit(record)
        plan = os.path.relpath(os.path.realpath(self.engine.plan_path), self.root) if self.engine.plan_path else ""
        tree = self.parcels.tree(record, attempt) if self.parcels else {}
        order = Order(
            queue=self.settings.tier_queue(self.root, attempt.tier),
            run=self.session.stream,
            task=record.spec.id,
            title=record.spec.title,
            attempt_no=attempt.no,
            tier=attempt.tier,
            command=record.spec.commands.get(attempt.tier, ""),
            verify=list(record.spec.verify),
            limit=self.engine.time_limit if limit is None else limit,
            plan=plan,
            brief=self.engine.brief(record),
            worker=attempt.worker,
            trace=self.engine.context(record.spec.id, attempt.no).get("TRACEPARENT", ""),
            form=FORM if tree else 1,
            tree=tree,
            files=list(record.spec.files) if tree else [],
        )
        return sign(order, self.key)

    # We ask the workflow ----------------------------------------------------------------------------------------

    def has_news(self) -> bool:
        """Whether the workflow has to be told something."""
        if self.over:
            return False
        can_go = {name for name, pair in self.attempts().items() if name in self.known or self.can_go(*pair)}
        if self.signal or self.known != can_go or self.nothing_to_do():
            return True
        if self.parcels is not None and self.parcels.arrived:
            return True
        return not self.full and self.anything_due()

    def start_asking(self) -> None:
        """Have the workflow take a turn soon."""
        if self.asking.done():
            self.asking = asyncio.create_task(self.ask())

    async def ask(self) -> None:
        """Have the workflow take a turn; it is started when there is none."""
        try:
            await self.client.start_workflow(
                WORKFLOW,
                True,
                id=self.id,
                task_queue=self.id,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                start_signal=LOOK,
                task_timeout=_TURN,
                static_summary=self.session.stream,
                rpc_timeout=_ANSWER,
            )
        except RPCError as error:
            self.complain(error)
        else:
            self.complaint = ""

    async def watch(self) -> None:
        """Notice the workflow's end."""
        while True:
            try:
                await self.handle.result()
            except WorkflowFailureError as error:
                self.broken = EngineUnavailable(
                    f"somebody ended the run's workflow on the server: {error.cause}",
                    place=self.id,
                    remedy="`milepost run` goes on with the run, `milepost cancel` ends it",
                )
                self.wake.set()
                return
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    self.complain(error)
                elif self.asking.done():
                    self.start_asking()
                await asyncio.sleep(0.5)
                continue
            if self.over:
                self.ended = True
                self.wake.set()
                return
            await asyncio.sleep(0.1)

    async def watch_queues(self) -> None:
        """Hear what workers say; say which tiers wait in vain for one, each once until somebody comes."""
        known: set[int] = set()
        slow: set[str] = set()
        pause = _LOOK_SECONDS
        while True:
            await asyncio.sleep(pause)
            held = self.attempts()
            queues = {name: (a.tier, self.settings.tier_queue(self.root, a.tier)) for name, (_, a) in held.items()}
            with contextlib.suppress(RPCError):
                activities = await in_hand(self.handle) if held else []
                waiting = await unserved(self.client, activities, queues, self.ahead)
                for tier in sorted(waiting.keys() - known):
                    self.engine.on_notice(waiting[tier])
                known = set(waiting)
                said = {name: each for name, each in told(activities).items() if name in held}
                trouble = {name for name, each in said.items() if each.get("waits")}
                for name in sorted(trouble - slow):
                    self.engine.on_notice(f"{name} waits at {said[name]['worker']}: {said[name]['waits']}")
                slow = trouble
                seen = [{**_which(*held[name]), "log": each} for name, each in said.items() if "log_tail" in each]
                if seen:
                    await asyncio.to_thread(self.copies.hear, seen)
                pause = max(_LOOK_SECONDS, sum(each.ByteSize() for each in activities) / _LOOKED_AT)

    def complain(self, error: RPCError) -> None:
        """Say once that the server does not answer."""
        if not self.complaint:
            self.complaint = error.message
            self.engine.on_notice(
                f"the Temporal server at {self.settings.address} does not answer ({error.message}); trying again"
            )

    def mind_the_time(self) -> None:
        """Wait for the workers to end their commands, but not for a server or a worker that says nothing more."""
        now = time.monotonic()
        if self.leave_by is None:
            self.leave_by = now + 1.25 * self.settings.heartbeat_seconds + self.engine.grace + _PARTING
            self.engine.on_notice("stopping: the workers end their commands; once more, and we leave at once")
        elif now > self.leave_by:
            self.engine.on_notice("the server has not said that the workers stopped; the next run asks again")
            self.give_up()

    def give_up(self) -> None:
        """Leave without waiting for the workers; what they hold stays theirs until the next home asks."""
        self.ended = True
        self.wake.set()


def _which(record: TaskRecord, attempt: Attempt) -> dict[str, Any]:
    return {"task": record.spec.id, "attempt_no": attempt.no}


def in_sandbox() -> SandboxedWorkflowRunner:
    """What runs the workflow, and sees that it does nothing that a replay would do differently."""
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules("milepost"))
