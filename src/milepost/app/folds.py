"""Folded states of runs, kept so that a long run need not be folded from its first event by every command.

The ledger stays the truth. A kept state is used only when it is whole, was made by this version of Milepost under the
plan's present specification, and the ledger still holds, at the state's version, the event with the hash that the
state was folded up to: each hash covers all events before it.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from milepost.app.kept_specs import KeptSpec
from milepost.app.kept_values import digest_of, from_bytes, sealed, to_bytes, unsealed
from milepost.app.private_files import PrivateFiles
from milepost.execution.snapshots import restored, snapshot
from milepost.execution.state import RunState
from milepost.source.lazy_dataclass import lazy_dataclass

_FORMAT = "4"
WORTH = 200
"""A state is kept when it took that many events, or tasks of a specification, to fold what was not kept."""


@runtime_checkable
class Chained(Protocol):
    """A ledger that knows the hash of each event."""

    def hash_at(self, stream: str, version: int) -> str:
        """The hash of an event of a stream; empty when there is none."""


@lazy_dataclass(frozen=True, slots=True)
class Folds:
    """The kept states of the runs of one plan, the newest of each. ``place`` tells its ledger from any other."""

    files: PrivateFiles
    ledger: Chained
    place: str
    kept_spec: KeptSpec

    def get(self, stream: str) -> RunState | None:
        """The state of a run as it was at some version, if one is kept that can be relied on."""
        try:
            told, body = unsealed(self.files.read(self._name(stream)))
            if told != self._told(stream, int(told[0])):
                return None
            return restored(from_bytes(body), self.kept_spec.spec)
        except Exception:  # whatever is wrong with it, the events are there to be folded
            return None

    def put(self, stream: str, state: RunState) -> None:
        """Keep the state of a run, if it obeys the plan's present specification and that can be."""
        if not state.version or (state.spec is not self.kept_spec.spec and state.spec != self.kept_spec.spec):
            return
        told = " ".join(self._told(stream, state.version))
        self.files.write(self._name(stream), sealed(told, to_bytes(snapshot(state))))

    def _told(self, stream: str, version: int) -> list[str]:
        """What the head says of a state that can be relied on, first its version."""
        reached = self.ledger.hash_at(stream, version)
        if not reached:
            raise LookupError(f"{stream} has no event {version}")
        return [str(version), _FORMAT, reached, self.kept_spec.digest]

    def _name(self, stream: str) -> str:
        told = f"{self.place}\n{stream}".encode("utf-8", "surrogateescape")
        return f"{digest_of(told)}.run"
