"""A plan that is edited while its run goes on: noticed, read anew, told to the run."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from milepost.app.documents import read_document
from milepost.app.extracts import ticks_of
from milepost.app.runs import another_plan, news_of_document
from milepost.app.syncs import Synced, SyncMemory
from milepost.errors import MilepostError
from milepost.execution.commands import Command
from milepost.execution.policy import RunSpec
from milepost.execution.state import RunState
from milepost.plan.model import Plan

_Signature = tuple[int, int, int] | None


@dataclass
class Replanning:
    """Watches the document of a plan that runs.

    ``load`` reads it with everything that has to hold of a plan before it is run; ``on_notice`` is told when that
    fails, once for each reason, and when it is well again. The run goes on meanwhile with what it knew.
    """

    path: str
    plan: Plan
    memory: SyncMemory
    load: Callable[[], tuple[Plan, RunSpec]]
    on_notice: Callable[[str], None]
    signature: _Signature = None
    complaint: str = ""

    def __post_init__(self) -> None:
        self.digest = self.plan.source.digest

    def wrote(self, synced: Synced) -> None:
        """Take note of our own change to the document; what others changed before it is still to be read."""
        if synced.before.digest == self.digest:
            self.digest = synced.after.digest

    def news(self, state: RunState, now: float) -> list[Command]:
        """What the run has to be told; nothing while the document is as it was, or cannot be used."""
        signature = _signature(self.path)
        if signature is not None and signature == self.signature:
            return []
        self.signature = signature
        try:
            if read_document(self.path).digest == self.digest:
                self._complain("")
                return []
            plan, spec = self.load()
        except MilepostError as error:
            if not os.path.isfile(self.path):
                self.memory.write(())  # whatever comes back, nobody unticked its boxes one by one
            self._complain(str(error))
            return []
        if another_plan(state, spec):
            self._complain("another one stands in its place")
            return []
        self._complain("")
        self.plan, self.digest = plan, plan.source.digest
        return news_of_document(state, ticks_of(plan), spec, now, self.memory.read())

    def _complain(self, why: str) -> None:
        if why and why != self.complaint:
            self.on_notice(f"the plan cannot be used: {why}; the run goes on with what it knew")
        elif self.complaint and not why:
            self.on_notice("the plan can be used again")
        self.complaint = why


def _signature(path: str) -> _Signature:
    """What changes when somebody writes to a file; None while there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
