"""The Temporal engine: a run whose attempts are made by workers anywhere, over a server that knows who still lives.

What it decides, and what it does on the machine of the run (criteria, the document, what others do to the ledger), is
the local engine's doing.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from milepost.adapters.local_engine import LocalEngine
from milepost.adapters.run_folder import RunFolder
from milepost.adapters.subprocess_worker import CommandRunner
from milepost.adapters.supervision import Ended
from milepost.adapters.supervisors import own_name
from milepost.adapters.temporal_connection import connect
from milepost.app.temporal_settings import TemporalSettings
from milepost.errors import EngineUnavailable, Refused


@dataclass
class TemporalEngine(LocalEngine):
    """Drives one run of the project at ``root`` over a Temporal server, as its home."""

    temporal: TemporalSettings = field(default_factory=TemporalSettings)

    async def _drive(self, files: RunFolder) -> Ended:
        client = await connect(self.temporal, files.root, own_name())
        from milepost.adapters.temporal_supervision import RemoteSupervision

        async with CommandRunner() as runner:
            supervision = RemoteSupervision(self, self.workshop(runner, files), client)
            with supervision.signals():
                return await supervision.drive()

    def stop_leftovers(self) -> None:
        """End what still runs for attempts that no longer hold their task; a living home does it itself.

        Without one the run's workflow is ended on the server, if that answers; workers learn it by their heartbeats.
        """
        super().stop_leftovers()
        files = RunFolder(Path(os.path.realpath(self.root)), self.session.stream)
        with contextlib.suppress(Refused, EngineUnavailable), files.supervised():
            asyncio.run(self._terminate(files.root))

    async def _terminate(self, root: Path) -> None:
        client = await connect(self.temporal, root, own_name())
        from temporalio.service import RPCError

        with contextlib.suppress(RPCError):  # there is none any more
            await client.get_workflow_handle(self.temporal.run_name(root, self.session.stream)).terminate()
