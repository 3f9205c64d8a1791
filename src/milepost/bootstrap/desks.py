"""Plans kept at hand by a process that is asked about them again and again."""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from milepost.app.documents import read_document
from milepost.app.ports import StreamInfo
from milepost.app.rereads import on_sheet, reread
from milepost.app.runs import RunSession, news_of_document
from milepost.app.stamps import Stamp, look_at, stamp_of
from milepost.bootstrap.projects import Project, next_version, open_project
from milepost.errors import MilepostError, PlanUnreadable
from milepost.execution.commands import Command, ExpireLeases
from milepost.execution.policy import RunSpec
from milepost.execution.state import RunState

if TYPE_CHECKING:
    from milepost.plan.model import Plan
    from milepost.source import SourceText

_KEPT = 8
"""How many plans are kept at hand."""


class _Told(NamedTuple):
    """What a run was last told: by which version of a document, ticks remembered of it, and settings."""

    digest: str
    seen: frozenset[str]


class Remarks(NamedTuple):
    """What a process remembers of a plan besides what is stored.

    ``asked`` are the checkpoints for whose approval people were asked, ``texts`` the digests of what tasks said when
    they were claimed here, by task and attempt.
    """

    asked: set[str]
    texts: dict[tuple[str, int], str]


class OpenPlan:
    """A plan at hand: its document is read again only where it changed, its run only from where it was left.

    Not to be shared between threads. ``unsaved_since`` is when the run began to know more than the document, in
    seconds of the monotonic clock.
    """

    def __init__(self, path: str, remarks: Remarks | None = None) -> None:
        """Open the plan at a path.

        Raises:
            InputError: it or its settings cannot be read.
        """
        self.path = path
        self._stamp = stamp_of(path)
        self._project = open_project(path)
        self._session: RunSession | None = None
        self._told: _Told | None = None
        self._spec: RunSpec | None = None
        self._remembered: tuple[object, frozenset[str]] = (None, frozenset())
        self._peeked: tuple[object, RunState] | None = None
        self._read: Callable[[SourceText], Plan] | None = None
        self.unsaved_since: float | None = None
        self.remarks = remarks or Remarks(set(), {})

    @property
    def project(self) -> Project:
        """The plan as its document says it now.

        Raises:
            InputError: it cannot be read any more.
        """
        stamp = stamp_of(self.path)
        if stamp != self._stamp or not stamp.settled(time.time_ns()):
            self._look_again(stamp)
        return self._project

    def _look_again(self, stamp: Stamp) -> None:
        old = self._project
        if stamp.settings != self._stamp.settings:
            self._project = open_project(self.path)
            old.close()
            self._session = self._told = self._spec = None
        else:
            source = read_document(self.path)
            if source.text != old.source.text or source.bom != old.source.bom:
                self._project = self._changed(old, source)
        self._stamp = stamp

    def _changed(self, old: Project, source: SourceText) -> Project:
        """The plan of another version of the document, read as a plan only where more than boxes changed."""
        found = reread(old.extract, old.source, source) if "extract" in old.__dict__ else None
        return next_version(old, replace(old, source=source) if found else open_project(self.path), found)

    @property
    def plan(self) -> Plan:
        """The whole plan, read again only where it changed."""
        if self._read is None:
            from milepost.app.plans import rereading

            self._read = rereading()
        return self._read(self.project.source)

    def run(self, by: str) -> RunSession:
        """Open the plan's newest run, or begin its first, told what the document says by now.

        Raises:
            Refused: the plan seems to have been moved, or another one stands in its place.
        """
        project = self.project
        session = self._current(project)
        told = _Told(project.source.digest, self._seen(project))
        if session is None or session.state.cancelled_by or project.spec is not self._spec:
            self._session = session = project.open_run(by)
            self._spec = project.spec
        else:
            session.execute(*self._news(project, session.state, told))
        self._told = told
        return session

    def state(self, by: str = "") -> RunState:
        """How the plan's run stands, told in somebody's name what the document says by now.

        Of a plan without a run that goes on, or where nobody asks, it is how one would stand: nothing is recorded.
        """
        project = self.project
        newest = self._newest(project)
        if by and newest is not None and not self._cancelled(project):
            return self.run(by).state
        moment = project.source.digest, newest
        if self._peeked is None or self._peeked[0] != moment or self._peeked[1].ended_claims(project.now()):
            self._peeked = moment, project.peek_run()
        return self._peeked[1]

    @staticmethod
    def _newest(project: Project) -> StreamInfo | None:
        """The newest run of the plan, and how many events it has."""
        streams = project.ledger.streams(f"{project.identity}#")
        return streams[-1] if streams else None

    def _current(self, project: Project) -> RunSession | None:
        """The session of the newest run with all that happened, if it is at hand."""
        newest = self._newest(project)
        if self._session is None or newest is None or self._session.stream != newest.name:
            return None
        if self._session.state.version != newest.version:
            self._session.refresh()
        return self._session

    def _cancelled(self, project: Project) -> bool:
        session = self._current(project)
        return bool(session.state.cancelled_by) if session else project.cancelled_run() is not None

    def _news(self, project: Project, state: RunState, told: _Told) -> list[Command]:
        now = project.now()
        over: list[Command] = [ExpireLeases(now)] if state.ended_claims(now) else []
        if told == self._told:
            return over
        return [*over, *news_of_document(state, project.extract.ticks, project.spec, now, told.seen)]

    def mark_unsaved(self) -> None:
        """Note that the run knows more than the document."""
        if self.unsaved_since is None:
            self.unsaved_since = time.monotonic()

    def save(self) -> None:
        """Write into the document what the run knows.

        Raises:
            DocumentUnwritable, DocumentChanged, PlanInvalid: that is not possible; nothing was lost.
        """
        project = self.project
        session = self._current(project)
        if session is not None:
            synced = project.sync(session)
            project.keep_extract(synced)
            if self._told is not None and synced.before.digest == self._told.digest:
                self._told = _Told(synced.after.digest, self._seen(project))
            if synced.sheet is not None and synced.before.digest == project.source.digest:
                found = on_sheet(project.extract, synced.sheet, synced.after)
                self._project = next_version(project, replace(project, source=synced.after), found)
        self.unsaved_since = None

    def _seen(self, project: Project) -> frozenset[str]:
        """Which boxes were ticked when the document was last brought up to date."""
        stamp = look_at([str(project.synced.path)])
        if self._remembered[0] != stamp or not stamp:
            self._remembered = stamp, project.synced.read()
        return self._remembered[1]

    def close(self) -> None:
        """Let go of the ledger."""
        self._project.close()


class Desk:
    """The plans below a file or folder, each opened when first asked for; the least recently used are put away.

    Not to be shared between threads.
    """

    def __init__(self, place: str) -> None:
        """Work on the plan at ``place``, or on those in that folder."""
        self.place = place
        self.folder = os.path.realpath(place if os.path.isdir(place) else os.path.dirname(os.path.abspath(place)))
        self._plans: OrderedDict[str, OpenPlan] = OrderedDict()
        self._remarks: dict[str, Remarks] = {}

    def beside(self) -> Desk:
        """A desk for another thread, on which the plans are opened anew; it shares only what is remembered of them."""
        other = Desk(self.place)
        other._remarks = self._remarks
        return other

    def plans(self) -> list[str]:
        """The plans, each by its path below the desk's folder.

        Raises:
            PlanUnreadable: there is none.
        """
        from milepost.app.plan_files import find_plans

        return [self.name(path) for path in find_plans(self.place)]

    def name(self, path: str) -> str:
        """What a plan is called: its path below the desk's folder, with forward slashes."""
        return Path(os.path.relpath(os.path.realpath(path), self.folder)).as_posix()

    def open(self, name: str = "") -> OpenPlan:
        """The plan of a name; without one the only plan there is.

        Raises:
            PlanUnreadable: there is none, or it lies elsewhere; the nearest name is suggested.
            UsageError: no name was given, and there are several.
        """
        path = self._path(name)
        if path not in self._plans:
            self._plans[path] = OpenPlan(path, self._remarks.setdefault(path, Remarks(set(), {})))
        self._plans.move_to_end(path)
        self._put_away()
        return self._plans[path]

    def _path(self, name: str) -> str:
        from milepost.app.plan_files import the_plan

        if not name:
            return the_plan(self.place)
        path = os.path.join(self.folder, name)
        real = os.path.realpath(path)
        inside = real == self.folder or real.startswith(self.folder.rstrip(os.sep) + os.sep)
        if not inside or not os.path.exists(real):
            why = "there is no such plan" if inside else "it lies outside the folder that is served"
            raise PlanUnreadable(why, place=name, remedy=self._nearest(name))
        return the_plan(path) if os.path.isdir(real) else path

    def _nearest(self, name: str) -> str:
        from difflib import get_close_matches

        try:
            known = self.plans()
        except MilepostError:
            return ""
        near = get_close_matches(name, known, n=1, cutoff=0.3) or known[:1]
        return f"did you mean {near[0]}? list_plans has all"

    def _put_away(self) -> None:
        for path in list(self._plans)[: max(len(self._plans) - _KEPT, 0)]:
            if self._plans[path].unsaved_since is None:
                self._plans.pop(path).close()

    def save(self) -> list[MilepostError]:
        """Write into every document what its run knows; gives why some cannot be written."""
        failures = []
        for plan in self._plans.values():
            if plan.unsaved_since is not None:
                try:
                    plan.save()
                except MilepostError as error:
                    failures.append(error)
        return failures

    def close(self) -> list[MilepostError]:
        """Save everything and let go of the ledgers; gives why some documents cannot be written."""
        failures = self.save()
        for plan in self._plans.values():
            plan.close()
        self._plans.clear()
        return failures
