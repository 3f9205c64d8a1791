"""A plan with everything needed to work on it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from milepost.app.documents import name_of, plan_identity, read_document
from milepost.app.extracts import Extract, ExtractStore, carried_over, extract, key, ticks_of, unread_lines
from milepost.app.folds import Chained, Folds
from milepost.app.identities import Identities
from milepost.app.ports import Ledger
from milepost.app.runs import RunSession, latest_run, open_run, peek_run
from milepost.app.settings import Settings, load_settings
from milepost.app.trust import allowed_commands, require_trusted, state_folder
from milepost.bootstrap.ledgers import ledger_of, require_own_folder
from milepost.errors import Refused
from milepost.execution.events import Event
from milepost.execution.policy import RunSpec, SpecPayload
from milepost.execution.records import Attempt
from milepost.execution.state import RunState
from milepost.source.lazy_dataclass import lazy_dataclass

if TYPE_CHECKING:
    from milepost.adapters.local_engine import Ended, LocalEngine
    from milepost.adapters.notifying import Hear
    from milepost.app.replanning import Replanning
    from milepost.app.reports import RunReport
    from milepost.app.sync_memory import SyncMemory
    from milepost.app.syncs import Synced
    from milepost.execution.records import TaskRecord
    from milepost.plan.model import Plan
    from milepost.source import SourceText


@lazy_dataclass(frozen=True)
class Project:
    """A plan with everything needed to work on it. Each part is made when first asked for."""

    path: str
    source: SourceText
    settings: Settings

    @cached_property
    def plan(self) -> Plan:
        """The plan as its document says it.

        Raises:
            NoTasksFound: it holds no task.
        """
        from milepost.app.plans import require_tasks
        from milepost.plan.reader import read_plan

        return require_tasks(read_plan(self.source))

    @cached_property
    def known(self) -> Extract | None:
        """What was taken from the very same document before."""
        try:
            return extracts().get(self.path, self._key)
        except Refused:  # whose runs these are is for those to find out who ask for one
            return None

    @cached_property
    def extract(self) -> Extract:
        """What runs need of the plan.

        Raises:
            PlanInvalid: the dependencies form a cycle.
            SettingsInvalid: a task is assigned to a tier that is not configured.
        """
        if self.known is not None:
            return self.known
        found = extract(self.plan, self.settings, self.identity)
        extracts().put(self.path, self._key, found)
        return found

    @cached_property
    def _key(self) -> str:
        return key(self.source, self.settings, self.identity)

    @property
    def title(self) -> str:
        """What to call the plan."""
        return name_of(self.path, self.known.title if self.known else self.plan.title) or self.identity

    @property
    def unread(self) -> int:
        """How many lines of the document look like tasks but were not read."""
        return self.known.unread if self.known else unread_lines(self.plan)

    @cached_property
    def identity(self) -> str:
        """How the ledger names the plan."""
        return self.identities.resolve(plan_identity(self.path))

    @cached_property
    def identities(self) -> Identities:
        """The names of the plans that were moved."""
        return Identities(self.settings.root)

    @cached_property
    def ledger(self) -> Ledger:
        """The project's ledger, the one that the settings name."""
        return ledger_of(self.settings, lambda: self._known_payload)

    @cached_property
    def _known_payload(self) -> tuple[str, SpecPayload] | None:
        """The specification as the events of its runs have it, which is read only when such an event is."""
        return extracts().payload(self.path, self.known.kept_spec) if self.known else None

    @cached_property
    def synced(self) -> SyncMemory:
        """Which boxes were ticked when the document was last brought up to date."""
        from milepost.adapters.file_names import file_name
        from milepost.app.sync_memory import SyncMemory

        return SyncMemory(self.settings.root / ".milepost" / "synced" / f"{file_name(self.identity)}.json")

    @cached_property
    def spec(self) -> RunSpec:
        """What a run of the plan obeys."""
        return self.extract.spec

    def open_run(self, by: str, *, new: bool = False) -> RunSession:
        """Open the plan's newest run, or begin its first or a ``new`` one, told what the document says by now.

        Raises:
            Refused: the plan seems to have been moved, or another one stands in its place.
        """
        require_own_folder(self.settings)
        return open_run(
            self.ledger,
            self.extract.ticks,
            self.spec,
            now=self.now(),
            by=by,
            seen=self.synced.read(),
            new=new,
            first=self._require_not_moved,
            folds=self.folds,
        )

    def peek_run(self) -> RunState:
        """The state of the plan's run as it would be if it were opened now; nothing is recorded.

        Raises:
            Refused: the plan seems to have been moved, or another one stands in its place.
        """
        told = (self.ledger, self.extract.ticks, self.spec)
        return peek_run(*told, now=self.now(), seen=self.synced.read(), first=self._require_not_moved, folds=self.folds)

    def cancelled_run(self) -> RunState | None:
        """The plan's newest run, if it was cancelled: the next one has not begun."""
        session = latest_run(self.ledger, self.identity, self.folds)
        return session.state if session and session.state.cancelled_by else None

    @property
    def folds(self) -> Folds | None:
        """The kept states of the plan's runs, where the ledger can tell whether they are right."""
        if ("extract" not in self.__dict__ and self.known is None) or not isinstance(self.ledger, Chained):
            return None
        return Folds(
            extracts().files, self.ledger, f"{self.settings.root}\n{self.ledger.place}", self.extract.kept_spec
        )

    def _require_not_moved(self) -> None:
        self.identities.require_not_moved(self.ledger, self.spec)

    def unticked(self, state: RunState) -> tuple[str, ...]:
        """Tasks that a run knows to be done and whose boxes somebody unticked by hand."""
        seen = self.synced.read()
        open_now = seen.difference(self.extract.ticks.done)
        if all(name in state.tasks and state.tasks[name].finished_at is None for name in open_now):
            return ()
        from milepost.app.syncs import unticked_by_hand

        found = unticked_by_hand(self.plan, state, seen)
        if found and read_document(self.path).text != self.source.text:
            return ()  # a supervisor ticked them since the document was read; the next look tells
        return found

    def deserted(self, state: RunState) -> bool:
        """Whether the supervisor that drove a run died on this machine, and none took its place."""
        from milepost.adapters.supervisors import has_died

        return not state.finished and has_died(state.supervisor)

    def sync(self, session: RunSession | None, *, dry_run: bool = False) -> Synced:
        """Write the truth into the plan's document: the run's, if there is one, and what follows from its boxes.

        Raises:
            DocumentUnwritable: it cannot be written; nothing was changed.
        """
        from milepost.app.syncs import sync_document

        known = (self.extract.ticks.digest, self.extract.sheet) if "extract" in self.__dict__ else ("", None)
        return sync_document(self.path, session, self.synced, time.strftime("%Y-%m-%d"), dry_run=dry_run, known=known)

    def keep_extract(self, synced: Synced) -> None:
        """Spare the next command the reading of a document that we have just changed."""
        from dataclasses import replace

        if (synced.plans or synced.sheet) and synced.changed and "extract" in self.__dict__:
            if synced.sheet:
                ticks = ticks_of(synced.sheet.plan(synced.after))
                found: Extract | None = replace(self.extract, ticks=ticks, sheet_json=synced.sheet.to_bytes())
            else:
                found = carried_over(self.extract, *synced.plans) if synced.plans else None
            if found is not None:
                changed = replace(self, source=synced.after)
                extracts().put(self.path, changed._key, found, before=self.extract)

    def again(self) -> Project:
        """The same plan for another thread: what was read of it is shared, its ledger is opened anew."""
        other = Project(self.path, self.source, self.settings)
        for part in ("plan", "known", "extract", "_key"):
            if part in self.__dict__:
                other.__dict__[part] = self.__dict__[part]
        return other

    def close(self) -> None:
        """Let go of the ledger, if it was opened; the next use opens it again."""
        if "ledger" in self.__dict__:
            self.ledger.close()

    def engine(self, session: RunSession, name: str = "local") -> LocalEngine:
        """The engine of that name that drives a run, with everything the settings say.

        Raises:
            WorkerUnavailable: a secret that the settings refer to is missing.
            TransportRefused: trees cannot travel as the settings ask.
            TransportUnavailable: what they need to travel is not installed.
        """
        from milepost.adapters.local_engine import LocalEngine
        from milepost.adapters.surroundings import Surroundings, passed
        from milepost.app.agent_settings import agent_tiers
        from milepost.bootstrap.workers import isolation_of, surroundings_of, temporal_engine

        settings = self.settings
        make = LocalEngine if name == "local" else temporal_engine(settings)
        return make(
            session,
            settings.root,
            plan_path=self.path,
            grace=settings.grace_seconds,
            workers={r: surroundings_of(t, settings) for r, t in settings.tiers.items() if name == "local"},
            common=Surroundings(passed(os.environ, settings.env_pass)),
            log_limit=round(settings.log_limit_mb * 1_000_000),
            time_limit=settings.time_limit,
            isolation=isolation_of(settings, session.stream, self.path),
            agents=agent_tiers(settings),
        )

    def drive(
        self,
        session: RunSession,
        *,
        wait: bool,
        approved: Mapping[str, str],
        on_event: Callable[[Event, RunState], None],
        on_notice: Callable[[str], None] = lambda message: None,
        engine_name: str = "",
    ) -> Ended:
        """Drive a run with the engine of a name, or that of the settings, until nothing goes by itself.

        ``approved`` says who signs off which checkpoint when it is due.

        ``on_notice`` hears of what is no event of the run.
        """
        from milepost.adapters.telemetry import Telemetry, watching
        from milepost.app.replanning import Replanning
        from milepost.bootstrap.upkeep import Upkeep

        engine = self.engine(session, engine_name or self.settings.engine)
        engine.wait, engine.approved = wait, approved
        engine.on_event, engine.on_notice = on_event, on_notice
        engine.allowed = allowed_commands(self.settings.root)
        upkeep = Upkeep(self, session)
        replanning = Replanning(self.path, self.plan, self.synced, upkeep.load, on_notice)
        engine.news = replanning.news
        engine.after_change = lambda: replanning.wrote(upkeep.write())
        engine.brief = self._briefs(session, replanning)
        with watching(os.environ, on_notice, Telemetry.of) as telemetry:
            if telemetry is not None:
                engine.on_event = telemetry.besides(on_event)
                engine.context = lambda task, number: telemetry.context(session.state, task, number)
            ended = engine.run()
        upkeep.keep_state(at_once=True)
        return ended

    def _briefs(self, session: RunSession, replanning: Replanning) -> Callable[[TaskRecord], str]:
        """Writes what workers of a run are told."""
        from milepost.adapters.run_folder import last_lines
        from milepost.app.brief_shelf import BriefShelf
        from milepost.app.briefs import write_brief

        shelf = BriefShelf(self.path)

        def log(task: str, attempt_no: int) -> list[str]:
            return last_lines(self.attempt_log(session.stream, task, attempt_no))

        return lambda record: write_brief(replanning.plan, session.state, record, shelf.around(self.now(), log))

    def notifications(self, session: RunSession, besides: Collection[str] = ()) -> AbstractContextManager[Hear]:
        """Tell the configured command of a run, if there is one: give it each event, the state after it, and a line.

        Nobody is asked for the approval of the checkpoints in ``besides``.
        """
        from milepost.adapters.notifying import notifying

        return notifying(self.settings, self.path, self.identity, session.stream, besides)

    def verify(self, session: RunSession, task: str, attempt: Attempt) -> tuple[str, list[dict[str, Any]]]:
        """Run a task's verifications for somebody who did it by hand; gives why they failed, and the evidence.

        Raises:
            NotTrusted: nobody has allowed them on this machine.
        """
        require_trusted(session.state.tasks[task].spec.verify, self.settings.root, self.path)
        return self.engine(session).verify(task, attempt)

    def report(self, session: RunSession) -> RunReport:
        """Look back on a run."""
        from milepost.app.reports import run_report
        from milepost.schedule.critical_path import compute
        from milepost.schedule.network import Network

        network = Network.from_plan(self.plan, gates=True, default_effort=self.settings.default_effort)
        events = session.ledger.read(session.stream)
        return run_report(session.state, events, planned_seconds=compute(network).makespan, now=self.now())

    def attempt_log(self, run: str, task: str, attempt_no: int) -> Path:
        """Where an attempt's output is kept."""
        from milepost.adapters.run_folder import RunFolder

        return RunFolder(self.settings.root, run).attempt_log(task, attempt_no)

    def bring_log(self, run: str, task: str, attempt: Attempt) -> None:
        """See that an attempt's output is here, if it was made elsewhere and left in the blob store.

        Raises:
            TransportRefused: it is not there, or damaged.
            TransportUnavailable: the store cannot be reached.
        """
        log, digest = self.attempt_log(run, task, attempt.no), attempt.evidence.get("log_sha256")
        if not digest or self.settings.blobs is None:
            return
        from milepost.adapters.live_logs import has_come, is_copy
        from milepost.adapters.run_folder import NOTHING
        from milepost.bootstrap.blobs import blobs_of

        if not log.parent.is_dir() or is_copy(log):
            if digest == NOTHING:
                log.parent.mkdir(parents=True, exist_ok=True)
            else:
                blobs_of(self.settings).get(digest, log)
            has_come(log.parent)

    def now(self) -> float:
        """The wall clock: seconds since 1970, UTC."""
        return time.time()


def next_version(old: Project, new: Project, found: Extract | None) -> Project:
    """Give the plan of a later version of the document what does not depend on the version, and its extract."""
    for part in ("ledger", "identities", "identity", "synced"):
        if part in old.__dict__:
            new.__dict__[part] = old.__dict__[part]
    if found is not None:
        new.__dict__["extract"] = new.__dict__["known"] = found
    return new


def extracts() -> ExtractStore:
    """What this user's commands have taken from plans."""
    return ExtractStore(state_folder() / "plans")


def open_project(path: str) -> Project:
    """Load a plan and its settings; a plan whose extract is known is read only when somebody asks for more.

    Raises:
        InputError: one of them cannot be read.
    """
    project = Project(path, read_document(path), load_settings(path))
    if project.known is None:
        _ = project.plan  # now is the time to say that it cannot be read
    return project


def wall_clock() -> float:
    """Seconds since 1970, UTC."""
    return time.time()
