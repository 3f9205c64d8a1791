"""Looking on while a run goes on: its events, or what a command writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from milepost.app.runs import RunSession
from milepost.execution.events import Event

AT_LEAST_EVERY = 5.0
"""Seconds after which a run is looked at although its ledger has told of nothing new."""


def events_of(session: RunSession) -> Iterator[Event]:
    """Every event of a run from its first on, as they come, until the run is over."""
    version, over = 0, False
    while True:
        over = session.state.finished
        news = session.ledger.read(session.stream, version)
        version += len(news)
        yield from news
        if over and not news:
            return
        if not news:
            session.ledger.wait(session.stream, version, AT_LEAST_EVERY)
        session.refresh()


def output_of(log: Path, over: Callable[[], bool], wait: Callable[[], None]) -> Iterator[bytes]:
    """What a command writes to its log, until it is over; ``wait`` is called while nothing is new.

    A log that is put aside because it is full is read to its end first.
    """
    file: BinaryIO | None = None
    try:
        while True:
            ended = over()
            if file is None and log.exists():
                file = log.open("rb")
            chunk = file.read(1 << 16) if file is not None else b""
            if chunk:
                yield chunk
            elif file is not None and _put_aside(file, log):
                file.close()
                file = None
            elif ended:
                return
            else:
                wait()
    finally:
        if file is not None:
            file.close()


def _put_aside(file: BinaryIO, log: Path) -> bool:
    """Whether the log has been begun anew since it was opened."""
    import os

    try:
        return os.stat(log).st_ino != os.fstat(file.fileno()).st_ino
    except OSError:
        return False
