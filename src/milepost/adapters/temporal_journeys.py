"""An attempt whose tree travelled to its worker: how that gets it, and how it hands the work, and the logs, back."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from milepost.adapters.git_away import AwayWorkspace, Route
from milepost.adapters.isolation import Isolation
from milepost.adapters.run_folder import logs
from milepost.adapters.temporal_messages import Order
from milepost.adapters.temporal_parcels import signature, until_it_works
from milepost.app.ports import BlobStore
from milepost.errors import TransportRefused, TransportUnavailable, WorkspaceUnavailable
from milepost.execution.commands import Command, Complete, Fail, Lose, Overrun

_PARTING = 30.0
"""Seconds in which what a stopped attempt left has to be handed in."""


@dataclass(frozen=True)
class Depot:
    """What a worker has for attempts that travel: the ``route`` of commits, and the store of logs (None: they stay).

    ``why_not`` says why there is no route.
    """

    route: Route | None = None
    blobs: BlobStore | None = None
    keeps_logs: bool = False
    why_not: str = "it knows of no way by which trees travel"


class Journey:
    """One attempt's way to a worker below ``root`` and back; ``tell`` hears what holds it up."""

    def __init__(self, order: Order, root: Path, depot: Depot, key: bytes, tell: Callable[[str], None]) -> None:
        self.order = order
        self.root = root
        self.depot = depot
        self.key = key
        self.tell = tell
        self.parcel: dict[str, Any] = {}
        self.trouble = ""
        self.workspace: AwayWorkspace | None = None
        self.begun = False

    @property
    def isolation(self) -> Isolation | None:
        """Where the attempt works; None for one that works in place."""
        return Isolation(self.workspace, {self.order.tier}) if self.workspace else None

    @property
    def plan(self) -> Path | None:
        """The plan as the attempt's commands find it."""
        if not self.order.plan:
            return None
        if self.workspace is None:
            return self.root / self.order.plan
        return self.workspace.place(self.order.task, self.order.attempt_no) / self.order.plan

    def hear(self, trouble: str) -> None:
        """Say that the way is barred, or that it is free again."""
        self.trouble = trouble
        self.tell(f"{self.order.run} {self.order.name} {f'waits: {trouble}' if trouble else 'goes on'}")

    async def begin(self) -> None:
        """Bring the tree here; while the way is barred, wait.

        Raises:
            TransportRefused: it cannot be had.
            WorkspaceUnavailable: git cannot do its part here.
        """
        if not self.order.tree:
            return
        if self.depot.route is None:
            raise TransportRefused(self.depot.why_not)
        workspace = AwayWorkspace(self.root, self.order.run, self.order.tree, self.depot.route, self.order.plan)
        self.workspace = workspace
        await until_it_works(lambda: asyncio.to_thread(workspace.begin), self.hear)
        self.begun = True

    async def hand_in(self, verdict: Command) -> Command:
        """Hand in what the attempt left and wrote; while the way is barred, wait. Gives the verdict on it."""
        if self.workspace is not None and isinstance(verdict, Complete | Fail | Overrun):
            try:
                parcel = await until_it_works(lambda: asyncio.to_thread(self._work), self.hear)
            except TransportRefused as error:
                reason = f"its work cannot be handed in: {error}; {error.remedy}"
                return await self._with_logs(Fail(0.0, verdict.task, verdict.attempt_no, reason, verdict.evidence))
            self._seal(parcel)
        if isinstance(verdict, Lose):
            await self.part()
        return await self._with_logs(verdict)

    async def part(self) -> None:
        """Hand in what an attempt left that ends before its time, if that can be done now and soon."""
        if not self.begun:
            return
        try:
            async with asyncio.timeout(_PARTING):
                parcel = await asyncio.to_thread(self._rest)
        except (TransportRefused, TransportUnavailable, WorkspaceUnavailable, TimeoutError) as error:
            why = str(error) or f"it took more than {_PARTING:g}s"
            self.tell(f"{self.order.run} {self.order.name} what it had written is dropped: {why}")
        else:
            self._seal(parcel)

    def besides(self, log: Mapping[str, Any]) -> dict[str, Any]:
        """What goes with the verdict: the work that was handed in, and the end of the ``log``."""
        found = {"parcel": self.parcel} if self.parcel else {}
        return {**found, "log": dict(log)} if "log_tail" in log else found

    async def end(self) -> None:
        """Be done with it."""
        if self.workspace is not None:
            await asyncio.to_thread(self.workspace.end, self.order.task, self.order.attempt_no)

    def _seal(self, parcel: Mapping[str, Any]) -> None:
        if parcel:
            vouched = signature(parcel, self.order.run, self.order.task, self.order.attempt_no, self.key)
            self.parcel = {**parcel, "signature": vouched}

    def _rest(self) -> dict[str, Any]:
        """Keep what there is, and hand it in; gives nothing where nothing was written."""
        assert self.workspace is not None
        order = self.order
        who = f"Attempt {order.attempt_no} on tier {order.tier}, by {order.worker}, which was stopped."
        left = self.workspace.keep(order.task, order.attempt_no, f"{order.task} {order.title}\n\n{who}\n")
        return self._work() if left.files else {}

    def _work(self) -> dict[str, Any]:
        assert self.workspace is not None
        return self.workspace.hand_in(self.order.task, self.order.attempt_no)

    async def _with_logs(self, verdict: Command) -> Command:
        """The verdict, its evidence telling of logs that stay here."""
        if self.depot.blobs is None or not self.depot.keeps_logs or not isinstance(verdict, Complete | Fail | Overrun):
            return verdict
        evidence = dict(verdict.evidence)
        try:
            await asyncio.to_thread(self._store_logs, evidence)
        except (TransportRefused, TransportUnavailable, OSError) as error:
            evidence["log_stays"] = f"{error}"
            self.tell(f"{self.order.run} {self.order.name}: its log stays here: {error}")
        return replace(verdict, evidence=evidence)

    def _store_logs(self, evidence: Mapping[str, Any]) -> None:
        """Put the logs that evidence names into the store, where their digests find them."""
        blobs = self.depot.blobs
        assert blobs is not None
        for one in (evidence, *evidence.get("verify", ())):
            parts = logs(self.root / one["log"]) if one.get("log") else []
            if len(parts) == 1:
                blobs.put(parts[0])
            elif parts:
                with tempfile.NamedTemporaryFile(dir=parts[0].parent) as whole:
                    for part in parts:
                        whole.write(part.read_bytes())
                    whole.flush()
                    blobs.put(Path(whole.name))
