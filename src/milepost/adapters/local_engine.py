"""The local engine: one supervisor that carries out what the run's rules decide, without any server.

It holds no rule of its own. Everything it needs after a crash is in the ledger and in the commands' folders: the
next supervisor waits for the commands that still run and adopts those that ended.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from milepost.adapters.attempts import Workshop, plain_brief
from milepost.adapters.run_folder import RunFolder
from milepost.adapters.subprocess_worker import CommandRunner
from milepost.adapters.supervision import Ended as Ended
from milepost.adapters.supervision import Supervision
from milepost.app.runs import RunSession
from milepost.execution.events import Event
from milepost.execution.records import TaskRecord
from milepost.execution.state import RunState


@dataclass
class LocalEngine:
    """Drives one run of the project at ``root`` until nothing is left that goes by itself.

    ``on_event`` hears of every event with the state after it. ``after_change`` writes the run's state into the
    document; it is called now and then, and at the end. ``wait`` goes on while people can still move the run.
    ``approved`` says who signs off which checkpoint as soon as it is due. ``tier_env`` is the environment of each
    tier's workers, by rank; ``grace`` the seconds a command gets to end when asked.
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
    on_wait: Callable[[str], None] = lambda message: None
    after_change: Callable[[], None] = lambda: None
    now: Callable[[], float] = time.time

    def run(self) -> Ended:
        """Drive the run.

        Raises:
            Refused: another supervisor drives it.
            WorkerUnavailable: commands cannot be started here.
            LedgerUnavailable: the ledger failed; commands that run go on and are adopted next time.
        """
        files = RunFolder(Path(os.path.realpath(self.root)), self.session.stream)
        with files.supervised(self.on_wait if self.wait else None):
            return asyncio.run(self._drive(files))

    async def _drive(self, files: RunFolder) -> Ended:
        async with CommandRunner() as runner:
            env = {"MILEPOST_PLAN": self.plan_path, "MILEPOST_RUN": self.session.stream}
            now = steady(self.now)
            workshop = Workshop(runner, files, now, self.grace, self.brief, env, self.tier_env)
            supervision = Supervision(self, workshop)
            with supervision.signals():
                return await supervision.drive()


def steady(wall: Callable[[], float]) -> Callable[[], float]:
    """A clock that starts at the wall clock's time and never jumps, though the wall clock may; it counts sleep."""

    def elapsed() -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    offset = wall() - elapsed()
    return lambda: offset + elapsed()
