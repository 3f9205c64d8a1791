"""What the use cases need of the outside world."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from milepost.execution.events import Event


class StreamInfo(NamedTuple):
    """A stream of the ledger: its name and how many events it holds."""

    name: str
    version: int


class LedgerRow(NamedTuple):
    """An event as a ledger stores it: ``payload`` is JSON text, ``hash`` hexadecimal, over the row and the one before.

    ``position`` counts all events of the ledger from 1, in the order in which they were appended.
    """

    position: int
    stream: str
    version: int
    kind: str
    v: int
    payload: str
    hash: str


class Ledger(Protocol):
    """An append-only store of events, in streams. Version *n* of a stream is after its *n*-th event."""

    def append(self, stream: str, expected_version: int, events: Sequence[Event]) -> int:
        """Add events, all or none, and give the new version.

        Raises:
            VersionConflict: the stream is not at ``expected_version``; read on and decide again.
            LedgerUnavailable: the store is locked, corrupt, read-only, full or of a newer schema.
        """

    def turn(self, stream: str = "") -> AbstractContextManager[None]:
        """Be the only one who appends (to a stream, where one is named), from here to the end of a ``with`` block.

        All that is appended in it is kept in one step at its end; nothing of it when an exception leaves it.

        Raises:
            LedgerUnavailable: as for :meth:`append`, also at the end.
            TurnLost: the connection broke, and others appended before it was there again.
        """

    def in_line(self, stream: str, after: int) -> AbstractContextManager[Iterable[Event]]:
        """Wait until those have appended to a stream who stood in line for it before.

        Gives the events after a version, as they come; when they end it is our turn, and the next append ends that. Who
        appends again at once may go on for a moment, and is given none. A courtesy among those who often are too late:
        it keeps nobody from appending.
        """

    def read(self, stream: str, after: int = 0) -> list[Event]:
        """Events of a stream after a version, in order; none for an unknown stream."""

    def streams(self, prefix: str = "") -> list[StreamInfo]:
        """Streams whose names start with a prefix, in the order in which they began."""

    def driving(self, stream: str, on_wait: Callable[[str], None] | None = None) -> AbstractContextManager[None]:
        """Be the only one who drives a run, from whichever machine; with ``on_wait``, tell it of another and wait.

        Raises:
            Refused: another one does, and it is not to be waited for.
            LedgerUnavailable: as for :meth:`append`.
        """

    def wait(self, stream: str, after: int, seconds: float) -> None:
        """Come back when a stream may hold more than so many events, or when so many seconds are over."""

    def exists(self) -> bool:
        """Whether anything has been kept yet; what is read of a ledger that does not exist is empty."""

    @property
    def place(self) -> str:
        """Where the store is, for messages; without secrets."""

    def close(self) -> None:
        """Let go of the store."""


@runtime_checkable
class Telling(Protocol):
    """A ledger that is told of news of several streams, and need not look for them again and again."""

    def wait_for_any(self, versions: Mapping[str, int], seconds: float) -> None:
        """Come back when a stream may hold more events than it is given with, when woken, or when time is over.

        Raises:
            LedgerUnavailable: the store refuses.
        """

    def wake(self) -> None:
        """Have whoever waits in another thread come back; the next one, if nobody does."""


class LedgerArchive(Ledger, Protocol):
    """A ledger whose rows can be looked after."""

    def rows(self) -> Iterator[LedgerRow]:
        """Every event as it is stored, in the order in which they were appended, whether understood or not."""

    def restore(self, rows: Iterable[LedgerRow]) -> int:
        """Add events as they were stored elsewhere, all or none, and give how many; those known already are skipped.

        Raises:
            LedgerUnavailable: an event is not the one that follows in its stream here, or its hash is wrong.
        """

    def events_ever(self) -> int:
        """How many events were ever appended; fewer rows than that mean that some were taken away."""

    def backup(self, path: str) -> None:
        """Copy the store to another file while others go on writing."""

    def facts(self) -> dict[str, str]:
        """What to know of the store by name: its ``schema``, and of a server its version and how fast it answers."""

    def migrate(self) -> tuple[int, int]:
        """Bring the schema up to date, all or nothing; gives the numbers before (0: none) and after."""

    def rebuild(self) -> int:
        """Derive anew what the store derives from its events, and give for how many streams."""


class Left(NamedTuple):
    """What an attempt left in its workspace: kept on ``branch`` as ``commit``, with the ``files`` it changed.

    Files are relative to the project's folder. ``complaint`` says why it cannot be merged (empty: it can).
    """

    branch: str
    commit: str
    files: tuple[str, ...]
    complaint: str = ""


class Conflict(NamedTuple):
    """Files that an attempt and what was merged before changed differently.

    ``ours`` is what the attempt changed in them and ``theirs`` what others did, as diffs; ``others`` are the subjects
    of the others' commits.
    """

    files: tuple[str, ...]
    ours: str
    theirs: str
    others: tuple[str, ...]


class Workspace(Protocol):
    """Places of their own for the attempts of a run, and where what passed comes together.

    Everything can be asked again after a crash, and then gives the same. All methods raise
    :class:`~milepost.errors.WorkspaceUnavailable` when the place cannot be used for reasons that are not the worker's.
    """

    def begin(self) -> list[str]:
        """Make ready for a stay of a supervisor; gives what people should know."""

    def enter(self, task: str, attempt_no: int) -> Path:
        """The project's folder in the place of an attempt, made from everything that was merged so far."""

    def keep(self, task: str, attempt_no: int, message: str) -> Left:
        """Keep what an attempt did, once; what changes in its place later is not kept."""

    def merge(self, task: str, attempt_no: int, message: str) -> Conflict | None:
        """Merge what was kept of an attempt, unless it conflicts with what was merged before."""

    def leave(self, task: str, attempt_no: int) -> None:
        """Give up the place of an attempt; what was kept stays."""

    def look(self, name: str) -> Path:
        """The project's folder in a place that shows everything merged so far; ``name`` tells it from others."""

    def forget(self, name: str) -> None:
        """Give up a place to look."""

    def tidy(self, running: Collection[tuple[str, int]]) -> list[str]:
        """Keep and give up every place but those of the attempts that run, and hand over what was merged.

        Gives what people should know.
        """


class BlobStore(Protocol):
    """Keeps contents under their own SHA-256, in hexadecimal, where other machines find them.

    Each is there whole or not at all, and is never changed. All methods raise
    :class:`~milepost.errors.TransportUnavailable` when the store cannot be reached: later it may be.
    """

    @property
    def place(self) -> str:
        """Where it is, for messages."""

    def put(self, file: Path) -> str:
        """Keep what a file holds, and give its digest; one that is kept already is fresh again for :meth:`prune`.

        Raises:
            TransportRefused: it is larger than a blob may be.
        """

    def get(self, digest: str, to: Path) -> None:
        """Write a content into a file, which appears whole.

        Raises:
            TransportRefused: it is not there, or is not what its digest says.
        """

    def size(self, digest: str) -> int | None:
        """How many bytes a content has; None for one that is not there."""

    def prune(self, before: float, *, dry_run: bool = False) -> int:
        """Delete what was last put before a moment (seconds since 1970), where that is our task; gives its bytes."""


class Clock(Protocol):
    """The wall clock."""

    def now(self) -> float:
        """Seconds since 1970, UTC."""
