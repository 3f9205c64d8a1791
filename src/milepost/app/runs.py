"""Runs: a session on one run's stream of events."""

from __future__ import annotations

from milepost.app.ports import Ledger
from milepost.errors import MilepostError, VersionConflict
from milepost.execution.commands import Command
from milepost.execution.decisions import decide
from milepost.execution.events import Event
from milepost.execution.state import RunState, fold


class RunSession:
    """A run as one process sees it: the state it has folded so far, and the way to change it."""

    def __init__(self, ledger: Ledger, stream: str) -> None:
        """Open the stream and fold what it holds."""
        self.ledger = ledger
        self.stream = stream
        self.state = RunState()
        self.refresh()

    def refresh(self) -> list[Event]:
        """Fold the events that others appended since, and give them."""
        news = self.ledger.read(self.stream, self.state.version)
        fold(news, self.state)
        return news

    def execute(self, *commands: Command) -> list[Event]:
        """Decide on commands, each on what the ones before it led to, and append the events of all in one step.

        When somebody else appended first, read on and decide again.

        Raises:
            Refused: the run's rules forbid one of them; none is carried out.
        """
        while True:
            try:
                return self._execute_one(commands[0]) if len(commands) == 1 else self._execute_all(commands)
            except VersionConflict:
                self.refresh()

    def _execute_one(self, command: Command) -> list[Event]:
        events = decide(self.state, command)
        if events:
            self.ledger.append(self.stream, self.state.version, events)
            fold(events, self.state)
        return events

    def _execute_all(self, commands: tuple[Command, ...]) -> list[Event]:
        """Decide on a state that runs ahead of the ledger; forget it when the ledger does not follow."""
        version = self.state.version
        events: list[Event] = []
        try:
            for command in commands:
                decided = decide(self.state, command)
                fold(decided, self.state)
                events += decided
            if events:
                self.ledger.append(self.stream, version, events)
        except MilepostError:
            self.state = RunState()
            self.refresh()
            raise
        return events
