"""The ledger of a plan: every event of every run, with filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from milepost.web.pages.run import EventLine, event_lines
from milepost.web.plan_view import PlanView

SHOWN = 200


@dataclass(frozen=True)
class Wanted:
    """What of the ledger is asked for; empty is everything. ``before`` is a version to go on below."""

    run: str = ""
    kind: str = ""
    task: str = ""
    text: str = ""
    before: int = 0

    def fits(self, line: EventLine) -> bool:
        """Whether an event is among them."""
        if self.before and line.version >= self.before:
            return False
        if (self.kind and line.kind != self.kind) or (self.task and line.task != self.task):
            return False
        return self.text.casefold() in line.text.casefold()


def gather(view: PlanView, wanted: Wanted) -> Mapping[str, Any]:
    """What the page shows: the newest event first."""
    streams = [one.name for one in view.project.ledger.streams(f"{view.project.identity}#")]
    run = wanted.run if wanted.run in streams else streams[-1] if streams else ""
    lines = view.computed("lines", lambda: event_lines(view.project.ledger.read(run)), run) if run else []
    found = [line for line in reversed(lines) if wanted.fits(line)]
    return {
        "wanted": wanted,
        "run": run,
        "runs": streams[::-1],
        "kinds": sorted({line.kind for line in lines}),
        "tasks": list(dict.fromkeys(line.task for line in lines if line.task)),
        "lines": found[:SHOWN],
        "total": len(found),
        "all": len(lines),
    }
