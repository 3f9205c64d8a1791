"""What a supervisor keeps up while it drives a run: the document, and what the next command will ask of both."""

from __future__ import annotations

import time
from dataclasses import replace

from milepost.app.extracts import carried_over
from milepost.app.folds import WORTH
from milepost.app.rereads import on_sheet
from milepost.app.runs import RunSession, require_runnable
from milepost.app.syncs import Synced
from milepost.bootstrap.projects import Project, next_version, open_project
from milepost.execution.policy import RunSpec
from milepost.plan.model import Plan

_SECONDS = 5.0
_SHARE = 50


class Upkeep:
    """The plan of a run that is driven, as its document stands by now."""

    def __init__(self, project: Project, session: RunSession) -> None:
        self.project = project
        self.session = session
        self._kept = 0
        self._next = 0.0

    def load(self) -> tuple[Plan, RunSpec]:
        """Read the document that somebody else has changed, and give the plan with what a run of it obeys.

        Raises:
            InputError: it cannot be read.
            PlanInvalid: it has errors.
        """
        project = open_project(self.project.path)
        capacities = {rank: tier.capacity for rank, tier in project.settings.tiers.items()}
        require_runnable(project.plan, capacities)
        spec = project.spec
        self.project = next_version(self.project, project, None)
        return project.plan, spec

    def write(self) -> Synced:
        """Write into the document what the run knows.

        Raises:
            DocumentUnwritable, DocumentChanged, PlanInvalid: that is not possible; nothing was lost.
        """
        project = self.project
        synced = project.sync(self.session)
        if synced.changed:
            project.keep_extract(synced)
            found = on_sheet(project.extract, synced.sheet, synced.after) if synced.sheet else None
            if found is None and synced.plans:
                found = carried_over(project.extract, *synced.plans)
            if found is not None:
                self.project = next_version(project, replace(project, source=synced.after), found)
        self.keep_state()
        return synced

    def keep_state(self, *, at_once: bool = False) -> None:
        """Spare others the folding of many events, in a small part of the time."""
        version = self.session.state.version
        folds = self.project.folds
        if folds is None or version - self._kept < WORTH or (time.monotonic() < self._next and not at_once):
            return
        began = time.monotonic()
        folds.put(self.session.stream, self.session.state)
        self._kept = version
        self._next = time.monotonic() + max(_SECONDS, _SHARE * (time.monotonic() - began))
