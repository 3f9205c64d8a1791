"""Events as rows of a ledger: what every store has in common, whatever it keeps them in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from milepost.app.ledgers import chain
from milepost.app.ports import LedgerRow
from milepost.errors import LedgerUnavailable
from milepost.execution.events import EVENTS, VERSION, Event, from_payload, to_payload
from milepost.execution.policy import SpecPayload

Known = Callable[[], tuple[str, SpecPayload] | None]
"""Gives the JSON text of a specification, and what it means; asked only when there is one to parse."""

_parse = json.JSONDecoder().raw_decode
_encode = json.JSONEncoder(separators=(",", ":")).encode


def nothing_known() -> None:
    """Every specification has to be parsed."""


class EventRow(NamedTuple):
    """An event of a stream as it is stored: ``payload`` is JSON text, ``hash`` covers the row and the one before."""

    version: int
    kind: str
    v: int
    payload: str
    hash: bytes


def rows_of(stream: str, version: int, previous: bytes, events: Iterable[Event]) -> list[EventRow]:
    """The rows of events that follow on version ``version`` of a stream, whose hash is ``previous``."""
    rows = []
    for event in events:
        version += 1
        kind, payload = type(event).__name__, _encode(to_payload(event))
        previous = chain(previous, stream, version, kind, VERSION, payload)
        rows.append(EventRow(version, kind, VERSION, payload, previous))
    return rows


def restored(row: LedgerRow, version: int, previous: bytes, place: str) -> EventRow:
    """The row of an event that was stored elsewhere and follows on version ``version`` of its stream here.

    Raises:
        LedgerUnavailable: it does not follow, or its hash is wrong.
    """
    digest = chain(previous, row.stream, row.version, row.kind, row.v, row.payload)
    if row.version != version + 1 or digest.hex() != row.hash:
        raise LedgerUnavailable(
            f"event {row.version} of {row.stream} does not follow on event {version}",
            place=place,
            remedy="the exported file is damaged or incomplete; nothing was imported",
        )
    return EventRow(row.version, row.kind, row.v, row.payload, digest)


def another_event(row: LedgerRow, place: str) -> LedgerUnavailable:
    """The complaint about an event that is not the one which the ledger has in its place."""
    return LedgerUnavailable(
        f"{row.stream} has another event {row.version} already", place=place, remedy="import into an empty ledger"
    )


def event_of(stream: str, row: Sequence[Any], place: str, known: Known) -> Event:
    """The event that a row holds: its version, kind, v and payload.

    ``known`` gives a specification that is not parsed again.

    Raises:
        LedgerUnavailable: the row is damaged, or only a newer Milepost understands it.
    """
    version, kind, v, payload = row
    newer = f"{stream} holds an event `{kind}` that this version of Milepost does not know"
    update = "update Milepost: a newer version wrote this ledger"
    if kind not in EVENTS or v > VERSION:
        raise LedgerUnavailable(newer, place=place, remedy=update)
    try:
        return from_payload(kind, _values(payload, known))
    except TypeError:
        raise LedgerUnavailable(newer, place=place, remedy=update) from None
    except ValueError:
        raise LedgerUnavailable(
            f"event {version} of {stream} is damaged", place=place, remedy="restore the ledger from a backup"
        ) from None


def _values(payload: str, known: Known) -> Any:
    """Parse an event's payload, all but a specification that is known."""
    if '"spec":' in payload and (found_out := known()):
        text, spec = found_out
        # Within a string of JSON its quotes would be escaped, so where it is found it is a value.
        head, found, tail = payload.partition(f'"spec":{text}')
        if found:
            values = json.loads(f'{head}"spec":null{tail}')
            if "spec" in values and values["spec"] is None:  # and not further in
                return {**values, "spec": spec}
    try:
        values, end = _parse(payload)
    except ValueError:
        end = -1
    return values if end == len(payload) else json.loads(payload)  # slower, but takes space around
