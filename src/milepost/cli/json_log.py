"""A run's log for programs: a JSON object a line, on standard error."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from milepost.app.event_lines import event_line
from milepost.execution import events as ev
from milepost.execution.state import RunState

_ERRORS = (ev.TaskBlocked, ev.BudgetExhausted)
_WARNINGS = (
    ev.AttemptFailed,
    ev.AttemptOverran,
    ev.AttemptLost,
    ev.BudgetWarned,
    ev.CheckpointRejected,
    ev.CompletionRefused,
    ev.CriterionFailed,
    ev.RunCancelled,
    ev.TaskEscalated,
)
_NAMES = {"attempt_no": "attempt", "from_tier": "tier"}
_LEFT_OUT = ("at", "spec", "evidence", "run")


class JsonLog:
    """Writes every event, and every notice, with the run, task, attempt and tier that it is about."""

    def __init__(self, plan: str, run: str) -> None:
        self.about = {"plan": plan, "run": run}

    def __enter__(self) -> JsonLog:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def see(self, event: ev.Event, state: RunState) -> None:
        """Write an event's line, also of those that people are not told of."""
        kind = type(event).__name__
        level = "error" if isinstance(event, _ERRORS) else "warning" if isinstance(event, _WARNINGS) else "info"
        payload = {_NAMES.get(key, key): value for key, value in ev.to_payload(event).items() if key not in _LEFT_OUT}
        self._write(event.at, level, event_line(event, state) or kind, {"event": kind, **payload})

    def notice(self, text: str) -> None:
        """Write what is no event of the run."""
        self._write(time.time(), "warning", text, {})

    def _write(self, at: float, level: str, message: str, more: dict[str, Any]) -> None:
        write_line(at, level, message, {**self.about, **more})


def write_line(at: float, level: str, message: str, more: Mapping[str, Any]) -> None:
    """Write a line that was told at a moment (seconds since 1970), and what else there is to say of it."""
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    line = {"time": moment, "level": level, "message": message.strip(), **more}
    print(json.dumps(line, ensure_ascii=False), file=sys.stderr, flush=True)
