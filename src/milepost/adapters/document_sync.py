"""When the document is brought up to date: not after every event, not too often, again when it failed."""

from __future__ import annotations

import time
from collections.abc import Callable

from milepost.errors import MilepostError

_SECONDS = 0.5
_SHARE = 10


class DocumentSync:
    """Keeps a document up to date with a run whose ``version`` grows, in a small part of the time.

    ``write`` writes it; when it fails, ``on_notice`` is told why, once for each reason.
    """

    def __init__(self, write: Callable[[], None], on_notice: Callable[[str], None], version: int) -> None:
        self.write = write
        self.on_notice = on_notice
        self.version = version
        self.next = 0.0
        self.complaint = ""

    def outdate(self) -> None:
        """Have it written again, because somebody else wrote it."""
        self.version = -1

    def now_and_then(self, version: int) -> None:
        """Write it when something happened and the last time was long enough ago."""
        if version != self.version and time.monotonic() >= self.next:
            self.at_once(version)

    def at_once(self, version: int) -> None:
        """Write it."""
        began = time.monotonic()
        try:
            self.write()
        except MilepostError as error:
            if str(error) != self.complaint:
                self.on_notice(f"the document is not up to date: {error}; `milepost sync` catches up")
            self.complaint = str(error)
        else:
            self.complaint = ""
            self.version = version
        self.next = time.monotonic() + max(_SECONDS, _SHARE * (time.monotonic() - began))
