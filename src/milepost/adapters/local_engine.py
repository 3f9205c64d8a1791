"""The local engine: one supervisor that carries out what the run's rules decide, without any server.

It holds no rule of its own. Everything it needs after a crash is in the ledger and in the commands' folders: the
next supervisor waits for the commands that still run and adopts those that ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from milepost.adapters.attempts import Workshop, leftovers, plain_brief
from milepost.adapters.interruptions import interruptions
from milepost.adapters.isolation import Isolation
from milepost.adapters.processes import stop
from milepost.adapters.run_folder import RunFolder
from milepost.adapters.subprocess_worker import LOG_LIMIT, CommandRunner
from milepost.adapters.supervision import Ended as Ended
from milepost.adapters.supervision import Supervision
from milepost.adapters.surroundings import Surroundings
from milepost.app.agent_presets import AgentTier
from milepost.app.runs import RunSession
from milepost.errors import Refused
from milepost.execution.commands import Command
from milepost.execution.events import Event
from milepost.execution.records import Attempt, TaskRecord
from milepost.execution.state import RunState


@dataclass
class LocalEngine:
    """Drives one run of the project at ``root`` until nothing is left that goes by itself.

    ``on_event`` hears of every event with the state after it, ``on_notice`` of what is no event. ``after_change``
    writes the run's state into the document; it is called now and then, and at the end. ``news`` gives what the
    document has to tell the run. ``wait`` goes on while people can still move the run, and waits for another supervisor
    of the run to end. ``approved`` says who signs off which checkpoint as soon as it is due, ``allowed`` whether a
    command may run on this machine. ``workers`` are the surroundings of each tier's commands, by rank, ``common`` those
    of all others; ``grace`` the seconds a command gets to end when asked; ``log_limit`` the bytes of its output that
    are kept; ``time_limit`` the seconds that one without an estimate may take. ``isolation`` gives the workspace in
    which attempts of some tiers work, each in a place of its own; the others work in the project's folder. ``context``
    gives further variables for the commands of a task's attempt. ``agents`` are the coding agents of tiers, by rank.
    """

    session: RunSession
    root: Path
    plan_path: str = ""
    wait: bool = False
    approved: Mapping[str, str] = field(default_factory=dict)
    grace: float = 5.0
    workers: Mapping[int, Surroundings] = field(default_factory=dict)
    common: Surroundings = field(default_factory=Surroundings)
    log_limit: int = LOG_LIMIT
    time_limit: float | None = None
    isolation: Isolation | None = None
    agents: Mapping[int, AgentTier] = field(default_factory=dict)
    context: Callable[[str, int], Mapping[str, str]] = lambda task, attempt_no: {}
    brief: Callable[[TaskRecord], str] = plain_brief
    on_event: Callable[[Event, RunState], None] = lambda event, state: None
    on_notice: Callable[[str], None] = lambda message: None
    news: Callable[[RunState, float], list[Command]] = lambda state, now: []
    allowed: Callable[[str], bool] = lambda command: True
    after_change: Callable[[], None] = lambda: None
    now: Callable[[], float] = time.time

    def run(self) -> Ended:
        """Drive the run.

        Raises:
            Refused: another supervisor drives it.
            WorkerUnavailable: commands cannot be started here.
            LedgerUnavailable: the ledger failed; commands that run go on and are adopted next time.
            WorkspaceUnavailable: work cannot be isolated here, or its place failed; it is gone on with next time.
        """
        files = RunFolder(Path(os.path.realpath(self.root)), self.session.stream)
        on_wait = self.on_notice if self.wait else None
        with files.supervised(on_wait), self.session.ledger.driving(self.session.stream, on_wait):
            for notice in self.isolation.workspace.begin() if self.isolation else ():
                self.on_notice(notice)
            return asyncio.run(self._drive(files))

    async def _drive(self, files: RunFolder) -> Ended:
        async with CommandRunner() as runner:
            workshop = self.workshop(runner, files)
            if self.isolation is not None:
                await stop(leftovers(self.session.state, files), self.grace)
            await self._tidy(workshop)
            supervision = Supervision(self, workshop)
            with interruptions(supervision.interrupt):
                ended = await supervision.drive()
            await self._tidy(workshop)
            return ended

    async def _tidy(self, workshop: Workshop) -> None:
        """Clear away what attempts left that run no more, here or after a crash."""
        for notice in await workshop.tidy(self.session.state):
            self.on_notice(notice)

    def workshop(self, runner: CommandRunner, files: RunFolder) -> Workshop:
        """Where the run's commands are run."""
        plan = os.path.realpath(self.plan_path) if self.plan_path and self.isolation else self.plan_path
        return Workshop(
            runner,
            files,
            steady(self.now),
            self.grace,
            self.brief,
            env={"MILEPOST_PLAN": plan, "MILEPOST_RUN": self.session.stream},
            workers=self.workers,
            common=self.common,
            plan_folder=Path(os.path.realpath(self.plan_path)).parent if self.plan_path else None,
            log_limit=self.log_limit,
            time_limit=self.time_limit,
            isolation=self.isolation,
            agents=self.agents,
            context=self.context,
        )

    def verify(self, task: str, attempt: Attempt) -> tuple[str, list[dict[str, Any]]]:
        """Run a task's verifications for somebody who did it by hand; gives why they failed, and the evidence."""
        record = self.session.state.tasks[task]
        files = RunFolder(Path(os.path.realpath(self.root)), self.session.stream)

        async def verify() -> tuple[str, list[dict[str, Any]]]:
            async with CommandRunner() as runner:
                return await self.workshop(runner, files).verify(record, attempt, None)

        return asyncio.run(verify())

    def stop_leftovers(self) -> None:
        """End commands that run for attempts which no longer hold their task; a living supervisor does it itself."""
        files = RunFolder(Path(os.path.realpath(self.root)), self.session.stream)
        with contextlib.suppress(Refused), files.supervised():
            asyncio.run(stop(leftovers(self.session.state, files), self.grace))


def steady(wall: Callable[[], float]) -> Callable[[], float]:
    """A clock that starts at the wall clock's time and never jumps, though the wall clock may; it counts sleep."""

    def elapsed() -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    offset = wall() - elapsed()
    return lambda: offset + elapsed()
