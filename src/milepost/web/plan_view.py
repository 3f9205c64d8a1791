"""One look at a served plan: the project, where its run stands, and what was computed of both before."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple, TypeVar

from milepost.app.runs import latest_run
from milepost.bootstrap import Project
from milepost.errors import MilepostError
from milepost.execution.queries import next_wake
from milepost.execution.state import RunState
from milepost.web.shelf import Shelf

_T = TypeVar("_T")


class Moment(NamedTuple):
    """What a plan's representations depend on besides its document: its newest run (empty: none) and its version."""

    run: str
    version: int


class Peeked(NamedTuple):
    """A state that was looked at, and when time alone changes it (seconds since 1970; None: never)."""

    state: RunState
    until: float | None


@dataclass
class PlanView:
    """A plan at a moment, for one thread. ``project`` has the document, the settings and the ledger.

    Its states are not to be changed: other threads look at them too.
    """

    id: str
    name: str
    project: Project
    shelf: Shelf = field(repr=False)

    @cached_property
    def moment(self) -> Moment:
        """Which run is the newest, and its version.

        Raises:
            LedgerUnavailable: the ledger does not answer.
        """
        streams = self.project.ledger.streams(f"{self.project.identity}#")
        return Moment(streams[-1].name, streams[-1].version) if streams else Moment("", 0)

    @property
    def state(self) -> RunState:
        """The run as it would be if it were opened now, or as it would begin.

        Raises:
            PlanInvalid: the plan cannot be run.
            Refused: another plan stood here, or this one was moved.
            LedgerUnavailable: the ledger does not answer.
        """
        return self._peeked.state

    @cached_property
    def recorded(self) -> RunState | None:
        """The newest run as the ledger has it; None when the plan was never run."""

        def fold() -> RunState | None:
            session = latest_run(self.project.ledger, self.project.identity)
            return session.state if session else None

        return self.shelf.value("recorded", self.moment, fold) if self.moment.run else None

    @property
    def document_etag(self) -> str:
        """The entity tag of the document alone; writes to it may be made to depend on it by ``If-Match``."""
        return self.shelf.value("digest", "", lambda: etag_of_document(self.project.source.to_bytes()))

    @property
    def run_etag(self) -> str:
        """The entity tag of the newest run alone; acts on it may be made to depend on it by ``If-Match``."""
        return etag_of_run(*self.moment)

    def etag(self, name: str, *parts: object) -> str:
        """The entity tag of a representation: it changes with document, settings and run, and with what time does."""
        try:
            until = self._peeked.until
        except MilepostError:
            until = None
        return f'"{_short(name, self.document_etag, self._settings, *self.moment, until, *parts)}"'

    def computed(self, name: str, make: Callable[[], _T], *parts: object) -> _T:
        """A value of the plan at this moment, made only if the same was not asked for before."""
        return self.shelf.value(name, self.etag(name, *parts), make)

    @property
    def minute(self) -> int:
        """What goes into the tag of what changes as time passes, while a run goes on: it is made anew each minute."""
        return int(self.project.now() // 60) if self.moment.run else 0

    def shown(self, path: str) -> str:
        """A path as clients see it: below the project's folder."""
        return os.path.relpath(os.path.realpath(path), os.path.realpath(self.project.settings.root))

    @cached_property
    def _peeked(self) -> Peeked:
        now = self.project.now()
        return self.shelf.value("peeked", self.moment, self._peek, lambda kept: kept.until is None or now < kept.until)

    def _peek(self) -> Peeked:
        state = self.project.peek_run()
        now = self.project.now()
        until = None if state.finished else next_wake(state, now)
        return Peeked(state, until if until is not None and until > now else None)

    @cached_property
    def _settings(self) -> str:
        return self.shelf.value("settings", "", lambda: _short(repr(self.project.settings)))


def etag_of_document(raw: bytes) -> str:
    """The entity tag of a document of these bytes."""
    return f'"{sha256(raw).hexdigest()[:24]}"'


def etag_of_run(run: str, version: int) -> str:
    """The entity tag of a run at a version."""
    return f'"{_short(run, version)}"'


def _short(*parts: object) -> str:
    return sha256("\0".join(map(str, parts)).encode("utf-8", "surrogateescape")).hexdigest()[:24]
