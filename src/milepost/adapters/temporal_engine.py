"""The Temporal engine: a run whose attempts are made by workers anywhere, over a server that knows who still lives.

What it decides, and what it does on the machine of the run (criteria, the document, what others do to the ledger), is
the local engine's doing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from milepost.adapters.local_engine import LocalEngine
from milepost.adapters.run_folder import RunFolder
from milepost.adapters.subprocess_worker import CommandRunner
from milepost.adapters.supervision import Ended
from milepost.adapters.supervisors import own_name
from milepost.adapters.temporal_connection import connect
from milepost.app.temporal_settings import TemporalSettings


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
