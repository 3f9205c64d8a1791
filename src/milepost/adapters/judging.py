"""A checkpoint's commands, run for somebody who asks while no supervisor drives the run."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from milepost.adapters.attempts import Job
from milepost.adapters.local_engine import LocalEngine
from milepost.adapters.run_folder import RunFolder
from milepost.adapters.subprocess_worker import CommandRunner
from milepost.execution.commands import Command
from milepost.execution.queries import due_criteria


def evaluate(engine: LocalEngine, checkpoint: str) -> list[Command]:
    """Run the commands of a due checkpoint's open criteria one after the other, and give what each found.

    Raises:
        WorkerUnavailable: commands cannot be started here.
    """
    files = RunFolder(Path(os.path.realpath(engine.root)), engine.session.stream)
    due = [one for one in due_criteria(engine.session.state) if one.checkpoint == checkpoint]

    async def run() -> list[Command]:
        async with CommandRunner() as runner:
            workshop = engine.workshop(runner, files)
            return [await workshop.criterion(Job(), one) for one in due]

    return asyncio.run(run()) if due else []
