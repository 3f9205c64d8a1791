"""Acting on a plan's run on behalf of a caller."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from milepost.app.checkpoints import find_checkpoint
from milepost.app.runs import RunSession
from milepost.app.statuses import run_status
from milepost.app.tasks import require_part_of_runs
from milepost.bootstrap import Project
from milepost.errors import MilepostError
from milepost.execution.lookup import find_task
from milepost.web.access import Caller
from milepost.web.answers import require_match
from milepost.web.plan_facts import told
from milepost.web.plan_view import PlanView, etag_of_run
from milepost.web.portfolio import Portfolio


@dataclass
class Act:
    """One thing done to a run, the ``opened`` one or the plan's. ``by`` is the name that is recorded."""

    view: PlanView
    by: str
    opened: RunSession | None = None
    behind: MilepostError | None = None

    @property
    def session(self) -> RunSession:
        """The run, begun where there is none: not before it is known that the act makes sense."""
        if self.opened is None:
            self.opened = self.project.open_run(self.by)
        return self.opened

    @property
    def project(self) -> Project:
        """The plan's project."""
        return self.view.project

    @property
    def now(self) -> float:
        """Seconds since 1970."""
        return self.project.now()

    def require_task(self, task: str) -> None:
        """Check that the run has a task.

        Raises:
            UnknownName: the plan has none of that name.
            Refused: it takes no part in runs.
        """
        require_part_of_runs(self.project.extract.apart, task)
        find_task(self.view.state, task)

    def checkpoint(self, wanted: str) -> str:
        """The id of the checkpoint that somebody names.

        Raises:
            UnknownName: the plan has none of that name, or several.
        """
        return find_checkpoint(self.view.state, wanted)

    def seconds(self, minutes: float | None) -> float:
        """How long a lease lasts."""
        return (minutes or self.project.settings.lease_minutes) * 60

    def write_back(self) -> None:
        """Write into the document what the ledger holds now; a failure undoes nothing, and is told."""
        try:
            self.project.keep_extract(self.project.sync(self.session))
        except MilepostError as error:
            self.behind = error

    def task_json(self, task: str) -> dict[str, Any]:
        """A task after the act."""
        state = self.session.state
        status = run_status(state, self.now)
        phase = next((each.phase for each in self.project.plan.tasks if each.id == task), None)
        return {**status.task_json(state.tasks[task]), "phase": phase or "", **self.aside()}

    def aside(self) -> dict[str, Any]:
        """What else is to be told of an act: the run's version after it, and why the document is behind, if it is."""
        return {
            "run": self.session.stream,
            "version": self.session.state.version,
            "run_etag": etag_of_run(self.session.stream, self.session.state.version),
            "by": self.by,
            "document_problem": told(self.behind) if self.behind else None,
        }


@contextmanager
def acting(request: Request, plan: str, caller: Caller, by: str | None) -> Iterator[Act]:
    """Open a plan's run, or begin its first, to act on it; afterwards the document is brought up to date.

    Raises:
        RequestProblem: 412, the run is not at the version that ``If-Match`` names.
    """
    portfolio: Portfolio = request.app.state.portfolio
    with portfolio.opened(plan) as view:
        require_match(request, view.run_etag)
        act = Act(view, caller.acting_as(by))
        yield act
        act.write_back()
