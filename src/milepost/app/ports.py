"""What the use cases need of the outside world."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from milepost.execution.events import Event


class StreamInfo(NamedTuple):
    """A stream of the ledger: its name and how many events it holds."""

    name: str
    version: int


class Ledger(Protocol):
    """An append-only store of events, in streams. Version *n* of a stream is after its *n*-th event."""

    def append(self, stream: str, expected_version: int, events: Sequence[Event]) -> int:
        """Add events, all or none, and give the new version.

        Raises:
            VersionConflict: the stream is not at ``expected_version``; read on and decide again.
            LedgerUnavailable: the store is locked, corrupt, read-only, full or of a newer schema.
        """

    def read(self, stream: str, after: int = 0) -> list[Event]:
        """Events of a stream after a version, in order; none for an unknown stream."""

    def streams(self, prefix: str = "") -> list[StreamInfo]:
        """Streams whose names start with a prefix, in the order in which they began."""

    def close(self) -> None:
        """Let go of the store."""


class Clock(Protocol):
    """The wall clock."""

    def now(self) -> float:
        """Seconds since 1970, UTC."""
