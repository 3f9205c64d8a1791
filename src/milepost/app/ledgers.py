"""The ledger itself: verified, exported, imported, backed up.

Every event's hash covers the event and the hash before it in its stream, so an event that was changed, lost or put
in shows; that the ledger counts its events shows when the last ones were taken away.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Iterator

from milepost.app.ports import LedgerArchive, LedgerRow
from milepost.errors import InputError
from milepost.execution.events import EVENTS
from milepost.source.lazy_dataclass import lazy_dataclass

_FIELDS = LedgerRow._fields
_encode = json.JSONEncoder(separators=(",", ":")).encode
_text = functools.lru_cache(256)(_encode)
_NUMBERS = {"position", "version", "v"}


@lazy_dataclass(frozen=True, slots=True)
class Verification:
    """What verifying found: how much there is, each fault in words, kinds of events that only newer versions know."""

    events: int
    streams: int
    faults: tuple[str, ...]
    unknown: tuple[str, ...] = ()


def chain(previous: bytes, stream: str, version: int, kind: str, v: int, payload: str) -> bytes:
    """The hash of an event: over the hash of the one before it in the stream (empty for the first) and its columns."""
    head = f"[{_text(stream)},{version},{_text(kind)},{v}]"  # as JSON has it
    return hashlib.sha256(previous + head.encode() + payload.encode()).digest()


def verify(ledger: LedgerArchive) -> Verification:
    """Check every hash, that versions have no gap, and that no event is missing at the end."""
    last: dict[str, tuple[int, bytes]] = {}
    faults: list[str] = []
    events = 0
    kinds: set[str] = set()
    for row in ledger.rows():
        events += 1
        kinds.add(row.kind)
        version, previous = last.get(row.stream, (0, b""))
        if row.version != version + 1:
            faults.append(f"{row.stream}: event {version + 1} is missing before event {row.version}")
        elif row.hash != chain(previous, row.stream, row.version, row.kind, row.v, row.payload).hex():
            faults.append(f"{row.stream}: event {row.version} ({row.kind}) was changed after it was recorded")
        last[row.stream] = (row.version, bytes.fromhex(row.hash))
    missing = ledger.events_ever() - events
    if missing > 0:
        faults.append(f"{missing} {'event was' if missing == 1 else 'events were'} taken away")
    return Verification(events, len(last), tuple(faults), tuple(sorted(kinds - EVENTS.keys())))


def export_lines(ledger: LedgerArchive) -> Iterator[str]:
    """Give the ledger as JSON Lines, an event a line, from which :func:`import_lines` makes the same ledger."""
    for row in ledger.rows():
        yield json.dumps(row._asdict(), ensure_ascii=True)


def import_lines(ledger: LedgerArchive, lines: Iterable[str], *, name: str) -> int:
    """Add exported events, all or none, and give how many were new. ``name`` is the file's, for messages.

    Raises:
        InputError: a line is no exported event.
        LedgerUnavailable: an event does not follow on what the ledger has.
    """
    return ledger.restore([_row(number, line, name) for number, line in enumerate(lines, 1) if line.strip()])


def _row(number: int, line: str, name: str) -> LedgerRow:
    remedy = "give what `milepost ledger export` wrote; nothing was imported"
    try:
        data = json.loads(line)
        row = LedgerRow(*(data[field] for field in _FIELDS))
    except (ValueError, KeyError, TypeError):
        if line.startswith('{"position": ') and not line.rstrip().endswith("}"):
            remedy = "the file was not written to its end: export the ledger again; nothing was imported"
        raise InputError("this line is no exported event", place=f"{name}:{number}", remedy=remedy) from None
    if not all(type(value) is (int if field in _NUMBERS else str) for field, value in row._asdict().items()):
        raise InputError("this line is no exported event", place=f"{name}:{number}", remedy=remedy)
    return row
