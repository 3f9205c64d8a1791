"""The board: a card for each task, in columns by where it stands or by who may do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from milepost.execution.lookup import holding_back
from milepost.execution.records import TaskRecord
from milepost.web.pages import words
from milepost.web.plan_view import PlanView

SHOWN = 150
"""Cards of a column; of longer ones the rest is counted."""

_STATES = (
    ("pending", "Waiting"),
    ("ready", "Ready"),
    ("running", "Running"),
    ("blocked", "Blocked"),
    ("done", "Done"),
    ("skipped", "Skipped"),
)
_ACTS = {
    "ready": ("claim", "complete", "block", "skip"),
    "running": ("complete", "fail", "escalate", "block"),
    "blocked": ("unblock", "skip"),
    "pending": ("block", "skip"),
    "done": ("reopen",),
    "skipped": ("reopen",),
}


@dataclass(frozen=True)
class Column:
    """A column of the board; ``more`` cards are not shown."""

    id: str
    title: str
    records: list[TaskRecord]
    total: int

    @property
    def more(self) -> int:
        """How many cards are left out."""
        return self.total - len(self.records)


def gather(view: PlanView, by: str) -> Mapping[str, Any]:
    """What the board shows, ``by`` ``state`` or ``tier``."""
    state, now = view.state, view.project.now()
    records = list(state.tasks.values())
    if by == "tier":
        heads = [(str(rank), state.tiers[rank].name) for rank in sorted(state.tiers)]
        columns = _columns(heads, records, lambda record: str(record.tier))
    else:
        columns = _columns(_STATES, records, lambda record: words.standing(record, now))
    return {
        "by": "tier" if by == "tier" else "state",
        "columns": columns,
        "standing": lambda record: words.standing(record, now),
        "acts": acts_of,
        "waits": lambda record: holding_back(state, record),
        "began": bool(view.moment.run),
    }


def acts_of(standing: str) -> tuple[str, ...]:
    """What people can do with a task that stands there."""
    return _ACTS.get(standing, ())


def _columns(heads: Any, records: list[TaskRecord], place: Callable[[TaskRecord], str]) -> list[Column]:
    groups: dict[str, list[TaskRecord]] = {name: [] for name, _ in heads}
    for record in records:
        groups.setdefault(place(record), []).append(record)
    groups.get("done", []).sort(key=lambda record: -(record.finished_at or 0))
    titles = dict(heads)
    return [Column(name, titles.get(name, name), found[:SHOWN], len(found)) for name, found in groups.items()]
