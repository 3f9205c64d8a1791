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
from typing import TYPE_CHECKING

from milepost.adapters.interruptions import interruptions
from milepost.adapters.local_engine import LocalEngine
from milepost.adapters.run_folder import RunFolder
from milepost.adapters.subprocess_worker import CommandRunner
from milepost.adapters.supervision import Ended
from milepost.adapters.supervisors import own_name
from milepost.adapters.temporal_connection import connect
from milepost.app.temporal_settings import TemporalSettings
from milepost.errors import EngineUnavailable, Refused

if TYPE_CHECKING:
    from milepost.adapters.git_away import Route
    from milepost.adapters.temporal_parcels import Parcels


@dataclass
class TemporalEngine(LocalEngine):
    """Drives one run of the project at ``root`` over a Temporal server, as its home.

    ``route`` is how the commits of attempts that work in worktrees travel.
    """

    temporal: TemporalSettings = field(default_factory=TemporalSettings)
    route: Route | None = None

    def parcels(self, key: bytes) -> Parcels | None:
        """What travels between the run and its workers, where these work in worktrees."""
        if self.isolation is None or self.route is None:
            return None
        from milepost.adapters.git_workspace import GitWorkspace
        from milepost.adapters.temporal_parcels import Parcels

        workspace, tiers = self.isolation.workspace, self.isolation.tiers
        assert isinstance(workspace, GitWorkspace)
        return Parcels(workspace, tiers, self.route, self.session.stream, key, self.on_notice)

    async def _drive(self, files: RunFolder) -> Ended:
        client = await connect(self.temporal, files.root, own_name())
        from milepost.adapters.temporal_supervision import RemoteSupervision

        async with CommandRunner() as runner:
            workshop = self.workshop(runner, files)
            await self._tidy(workshop)
            supervision = RemoteSupervision(self, workshop, client)
            if supervision.parcels is not None:
                await asyncio.to_thread(supervision.parcels.pack)
                for notice in await asyncio.to_thread(supervision.parcels.left_at_home):
                    self.on_notice(notice)
            with interruptions(supervision.interrupt):
                ended = await supervision.drive()
            await self._tidy(workshop)
            return ended

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
