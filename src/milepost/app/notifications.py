"""Word of what happens in a run, for a command that somebody configured to hear it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from milepost.app.settings_tables import TableReader
from milepost.execution.events import EVENTS, Event, to_payload
from milepost.execution.queries import awaiting_approval
from milepost.execution.records import CheckpointRecord, CriterionStatus
from milepost.execution.state import RunState

APPROVAL_NEEDED = "ApprovalNeeded"
"""What is told, besides events, when a checkpoint begins to wait for somebody."""

DEFAULT_EVENTS = (APPROVAL_NEEDED, "TaskBlocked", "TaskEscalated", "BudgetExhausted", "RunCancelled", "RunFinished")
NOTIFY_KEYS: dict[str, tuple[type, ...]] = {"command": (str,), "events": (list,), "time_limit": (str,)}


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """The command that hears of ``events`` (names of event types), each for ``time_limit`` seconds at most."""

    command: str
    events: tuple[str, ...] = DEFAULT_EVENTS
    time_limit: int = 30


def read_notify(reader: TableReader, table: Any) -> NotifySettings:
    """Read the section ``[notify]``.

    Raises:
        SettingsInvalid: it has no command, or names something that is no event.
    """
    values = reader.section("notify", table, NOTIFY_KEYS)
    if not values.get("command", "").strip():
        raise reader.invalid(
            "[notify] has no command",
            "notify",
            "command",
            'write command = "notify-send Milepost \\"$MILEPOST_MESSAGE\\""',
        )
    if "events" in values:
        values["events"] = reader.strings("notify", "events", values["events"])
        for name in values["events"]:
            if name not in (*EVENTS, APPROVAL_NEEDED):
                known = ", ".join(sorted((*EVENTS, APPROVAL_NEEDED)))
                raise reader.invalid(f"`{name}` is no event", "notify", "events", f"events are {known}")
    if "time_limit" in values:
        values["time_limit"] = reader.duration("notify", "time_limit", values["time_limit"])
    return NotifySettings(**values)


@dataclass
class Notifications:
    """Chooses what is told of a run, and tells it with ``send``; nobody is told of the checkpoints in ``besides``."""

    settings: NotifySettings
    plan: str
    send: Callable[[Mapping[str, Any]], None]
    besides: Collection[str] = ()
    waiting: frozenset[str] = frozenset()

    def see(self, event: Event, state: RunState, message: str) -> None:
        """Hear of an event, with the state after it and a line on it."""
        kind = type(event).__name__
        if kind in self.settings.events:
            payload = to_payload(event)
            payload.pop("spec", None)
            self._tell(kind, state, message or kind, payload)
        if APPROVAL_NEEDED in self.settings.events:
            self._approvals(event.at, state)

    def _approvals(self, at: float, state: RunState) -> None:
        gates = [gate for gate in awaiting_approval(state) if gate.spec.id not in self.besides]
        for gate in gates:
            if gate.spec.id not in self.waiting:
                self.ask(at, state, gate)
        self.waiting = frozenset(gate.spec.id for gate in gates)

    def ask(self, at: float, state: RunState, gate: CheckpointRecord, by: str = "") -> bool:
        """Ask for the approval of a checkpoint, in somebody's name; gives whether such questions are told at all."""
        if APPROVAL_NEEDED not in self.settings.events:
            return False
        texts = [c.spec.text for c in gate.criteria if c.status is not CriterionStatus.PASSED]
        asker = f" (asked by {by})" if by else ""
        message = f"{gate.spec.name} waits for approval{asker}: {'; '.join(texts)}"
        self._tell(APPROVAL_NEEDED, state, message, {"at": at, "checkpoint": gate.spec.id, "criteria": texts})
        return True

    def _tell(self, kind: str, state: RunState, message: str, payload: Mapping[str, Any]) -> None:
        self.send({"event": kind, "message": message, "plan": self.plan, "run": state.run, **payload})
