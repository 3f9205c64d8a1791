"""How long one may go on who is first in line for a stream.

Who has much to append is quickest while everything is at hand: it knows the latest state, and nobody has to be woken.
So it goes on for a spell without standing in line again, and says so with each append; whoever is next in line reads
along meanwhile, and begins when the spell is over, or when nothing more comes. A spell binds nobody: who dies or rests
in his is overtaken.
"""

from __future__ import annotations

import time

SPELL = 0.008
"""Seconds that a spell takes at most."""

_AT_ONCE = 0.002
"""Seconds after an append within which another one shows that its writer is at it."""

_LONG_WAIT = 0.064
"""Seconds of waiting in line beyond which spells get shorter, as too many wait."""


class Spell:
    """The spell of one process, on one stream at a time."""

    def __init__(self) -> None:
        self.stream = ""
        self._ends = 0.0
        self._last = 0.0
        self._took = 0.0
        self._since = 0.0
        self._at_it = False
        self._told = False

    def goes_on(self, stream: str) -> bool:
        """Whether we need not stand in line for what is to be done now; asked at its beginning."""
        self._since = time.monotonic()
        self._at_it = stream == self.stream and self._since - self._last < _AT_ONCE
        return self._at_it and self._told

    def begin(self, stream: str, waited: float) -> None:
        """Our turn came after so many seconds in line."""
        self.stream = stream
        self._since = time.monotonic()
        self._ends = self._since + SPELL * min(1.0, _LONG_WAIT / max(waited, _LONG_WAIT))

    def may_go_on(self, stream: str) -> bool:
        """Whether others should wait a little for the append that follows on the next one."""
        return stream == self.stream and self._at_it and time.monotonic() + self._took < self._ends

    def appended(self, stream: str, told: bool) -> None:
        """Note that an append arrived, and whether others were told to wait for more."""
        if stream == self.stream:
            now = time.monotonic()
            self._took = now - self._since
            self._told, self._last = told, now

    def end(self) -> None:
        """Somebody else went ahead, or nothing is known of who did."""
        self._told = False
        self._ends = 0.0
