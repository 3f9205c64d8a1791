"""Runs: sessions on a run's stream of events, and what opens them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from milepost.app.extracts import Ticks
from milepost.app.folds import WORTH, Folds
from milepost.app.ports import Ledger
from milepost.app.suggestions import in_shell
from milepost.errors import MilepostError, PlanInvalid, Refused, VersionConflict
from milepost.execution.commands import (
    Cancel,
    Command,
    ExpireLeases,
    ExtendBudget,
    MarkDone,
    Pause,
    Reopen,
    Resume,
    Revise,
    Settle,
    Skip,
    Start,
)
from milepost.execution.decisions import decide
from milepost.execution.events import Event
from milepost.execution.evolution import fold
from milepost.execution.policy import RunSpec
from milepost.execution.records import TaskStatus
from milepost.execution.state import RunState

if TYPE_CHECKING:
    from milepost.plan.model import Plan

NOT_RUN = "not run yet"
"""What stands for a run's name while there is none."""

BY_DOCUMENT = "document"
"""Who finished a task whose box somebody ticked in the plan itself."""


_OPEN = (TaskStatus.PENDING, TaskStatus.BLOCKED)
_CROWDED = 64
"""So many times we stand in line after somebody else was faster to append."""


class RunSession:
    """A run as one process sees it: the state it has folded so far, and the way to change it."""

    def __init__(self, ledger: Ledger, stream: str, folds: Folds | None = None) -> None:
        """Open the stream and fold what it holds, beginning with what is kept of it."""
        self.ledger = ledger
        self.stream = stream
        self._crowded = 0
        self._in_line = False
        kept = folds.get(stream) if folds else None
        self.state = kept or RunState()
        news = self.refresh()
        if folds and len(news) + (0 if kept else len(self.state.tasks)) >= WORTH:
            folds.put(stream, self.state)

    def refresh(self) -> list[Event]:
        """Fold the events that others appended since, and give them."""
        news = self.ledger.read(self.stream, self.state.version)
        fold(news, self.state)
        return news

    @contextlib.contextmanager
    def in_line(self, *, read_on: bool = False) -> Iterator[None]:
        """Where others were faster lately, wait in line for what is done in here, and read on.

        With ``read_on`` the state is the latest, but for one who is at it and goes on at once. What is decided in here
        may come too late all the same, as nobody has to stand in line; :meth:`execute` decides again then.
        """
        if self._in_line or not self._crowded:
            if read_on:
                self.refresh()
            yield
            return
        self._crowded -= 1
        self._in_line = True
        version = self.state.version
        try:
            with self.ledger.in_line(self.stream, version) as news:
                fold(news, self.state)
                if self.state.version > version:  # others are still there
                    self._crowded = _CROWDED
                yield
        finally:
            self._in_line = False

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Change the run while nobody else does, from its latest state; all that is executed is kept in one step.

        When that fails, or an exception leaves the ``with`` block, nothing of it happened.
        """
        version = 0
        try:
            with self.ledger.turn(self.stream):
                self.refresh()
                version = self.state.version
                yield
        except BaseException:
            if self.state.version != version:
                self._forget()
            raise

    def execute(self, *commands: Command) -> list[Event]:
        """Decide on commands, each on what the ones before it led to, and append the events of all in one step.

        When somebody else appended first, read on and decide again, in line with others who do.

        Raises:
            Refused: the run's rules forbid one of them; none is carried out.
        """
        while commands:
            read_on = not self._crowded
            try:
                with self.in_line():
                    return self._execute_one(commands[0]) if len(commands) == 1 else self._execute_all(commands)
            except VersionConflict:
                self._crowded = _CROWDED
                if not read_on and not self.refresh():  # the ledger was brought back to an older state than we read
                    self._forget()
        return []

    def _execute_one(self, command: Command) -> list[Event]:
        events = decide(self.state, command)
        if events:
            self.ledger.append(self.stream, self.state.version, events)
            fold(events, self.state)
        return events

    def _execute_all(self, commands: tuple[Command, ...]) -> list[Event]:
        """Decide on a state that runs ahead of the ledger; forget it when the ledger does not follow."""
        version = self.state.version
        try:
            events = _decide_all(self.state, commands)
            if events:
                self.ledger.append(self.stream, version, events)
        except MilepostError:
            self._forget()
            raise
        return events

    def _forget(self) -> None:
        """Fold anew: the state ran ahead of the ledger."""
        self.state = RunState()
        with contextlib.suppress(MilepostError):
            self.refresh()


def latest_run(ledger: Ledger, identity: str, folds: Folds | None = None) -> RunSession | None:
    """Open the newest run of a plan, if it has ever been run."""
    streams = ledger.streams(_prefix(identity))
    return RunSession(ledger, streams[-1].name, folds) if streams else None


def common_tasks(state: RunState, spec: RunSpec) -> int:
    """How many tasks of a specification a run knows, by name and title."""
    known = {(task.id, task.title) for task in state.spec.tasks}
    return sum((task.id, task.title) in known for task in spec.tasks)


def another_plan(state: RunState, spec: RunSpec) -> bool:
    """Whether a specification has nothing in common with the one of a run; a single task may have been reworded."""
    if min(len(state.spec.tasks), len(spec.tasks)) <= 1:
        return False
    records = ((state.tasks.get(task.id), task) for task in spec.tasks)
    return not any(record is not None and record.spec.title == task.title for record, task in records)


def open_run(
    ledger: Ledger,
    ticks: Ticks,
    spec: RunSpec,
    *,
    now: float,
    by: str,
    seen: Collection[str] = (),
    new: bool = False,
    first: Callable[[], None] = lambda: None,
    folds: Folds | None = None,
) -> RunSession:
    """Open the newest run of a plan, or begin one, and tell it what the clock and the document say by now.

    A run that was cancelled, or that is over and was about another plan, is not gone on with: a new one begins. With
    ``new`` it begins in any case, and the one before is cancelled. Without it ``first`` is called before the first one.

    Raises:
        Refused: the run is about another plan.
    """
    session = latest_run(ledger, spec.plan, folds)
    if not new:
        _require_same_plan(session, spec)
        if session is None:
            first()
    if new and session is not None and not session.state.finished:
        session.execute(Cancel(now, by, "a new run was asked for"))
    if session is None or new or not _goes_on(session.state, spec):
        session = RunSession(ledger, f"{_prefix(spec.plan)}{len(ledger.streams(_prefix(spec.plan))) + 1}")
    if not session.state.run:
        try:
            session.execute(
                Start(now, session.stream, spec, by), *news_of_document(session.state, ticks, spec, now, seen)
            )
            return session
        except Refused:
            if not session.state.run:
                raise
    # It has been begun before, perhaps by somebody else a moment ago.
    session.execute(ExpireLeases(now), *news_of_document(session.state, ticks, spec, now, seen))
    return session


def peek_run(
    ledger: Ledger,
    ticks: Ticks,
    spec: RunSpec,
    *,
    now: float,
    seen: Collection[str] = (),
    first: Callable[[], None] = lambda: None,
    folds: Folds | None = None,
) -> RunState:
    """The state of a plan's newest run if the document's news were told to it; nothing is recorded.

    Where there is none, ``first`` is called.

    Raises:
        Refused: the run is about another plan.
    """
    session = latest_run(ledger, spec.plan, folds)
    _require_same_plan(session, spec)
    if session is None:
        first()
    state = session.state if session and _goes_on(session.state, spec) else RunState()
    begin: Command = ExpireLeases(now) if state.run else Start(now, NOT_RUN, spec)
    _decide_all(state, (begin, *news_of_document(state, ticks, spec, now, seen)))
    return state


def _require_same_plan(session: RunSession | None, spec: RunSpec) -> None:
    if session is None or session.state.finished or not another_plan(session.state, spec):
        return
    raise Refused(
        f"run {session.stream} is about another plan that stood here: no task of it is left",
        place=spec.plan,
        remedy=f"put that plan back, or end its run and begin another: `milepost run --new {in_shell(spec.plan)}`",
    )


def _goes_on(state: RunState, spec: RunSpec) -> bool:
    return not state.cancelled_by and not (state.finished and another_plan(state, spec))


def news_of_document(
    state: RunState, ticks: Ticks, spec: RunSpec, now: float, seen: Collection[str] = ()
) -> list[Command]:
    """Commands that bring a run up to date with its document: an edited plan, boxes changed by hand.

    ``seen`` are the tasks whose boxes were ticked when the document was last brought up to date: the tick of one that
    was reopened since is old.
    """
    taking_part = {task.id for task in spec.tasks}
    news: list[Command] = [Revise(now, spec), *_deferred(state, ticks, spec, now)]
    evidence = {"document": ticks.digest}
    for name in ticks.done:
        record = state.tasks.get(name)
        if name not in taking_part or (
            record and (record.status is TaskStatus.DONE or (record.reopened and name in seen))
        ):
            continue
        if record and record.status is TaskStatus.SKIPPED:
            news.append(Reopen(now, name, BY_DOCUMENT, "its box was ticked"))
        news.append(MarkDone(now, name, BY_DOCUMENT, evidence))
    return [*news, Settle(now)]


def _deferred(state: RunState, ticks: Ticks, spec: RunSpec, now: float) -> list[Command]:
    """Commands for the tasks that the document puts off, and for those that it puts off no longer."""
    news: list[Command] = []
    marked = {*ticks.done, *ticks.deferred, *ticks.otherwise}
    deferred = set(ticks.deferred)
    skipped = [name for name, record in state.tasks.items() if record.status is TaskStatus.SKIPPED]
    put_off = {name for name in skipped if state.tasks[name].by == BY_DOCUMENT}
    concerned = deferred | put_off
    for name in [task.id for task in spec.tasks if task.id in concerned] if concerned else ():
        record = state.tasks.get(name)
        if name in deferred:
            if record is None or (record.status in _OPEN and not record.reopened):
                news.append(Skip(now, name, BY_DOCUMENT, "its box says that it is deferred"))
        elif name not in marked:
            news.append(Reopen(now, name, BY_DOCUMENT, "it is not deferred any more"))
    return news


def pause(session: RunSession, *, by: str, now: float, reason: str = "") -> list[Event]:
    """Have a run start nothing new; what runs goes on. Pausing a paused run changes nothing.

    Raises:
        Refused: the run is over.
    """
    return session.execute(Pause(now, by, reason))


def resume(session: RunSession, *, by: str, now: float) -> list[Event]:
    """Let a paused run go on."""
    return session.execute(Resume(now, by))


def cancel(session: RunSession, *, by: str, now: float, reason: str = "") -> list[Event]:
    """End a run before its end; the next one begins anew.

    Raises:
        Refused: the run is over.
    """
    return session.execute(Cancel(now, by, reason))


def extend_budgets(session: RunSession, scope: str, limits: Mapping[str, float], *, by: str, now: float) -> list[Event]:
    """Set new limits in a scope (``run``, ``tier N``) by measure (money, hours, tokens), all or none.

    Raises:
        Refused: more is spent already.
        UnknownName: there is no such scope or measure.
    """
    return session.execute(*(ExtendBudget(now, scope, measure, limit, by) for measure, limit in limits.items()))


def require_runnable(plan: Plan, capacities: Mapping[int, int] | None) -> int:
    """Check that a plan has nothing in it that makes running it meaningless on tiers of these capacities, by rank.

    ``capacities`` are None when nobody configured tiers. Gives how many warnings there are.

    Raises:
        PlanInvalid: it has errors; the message lists them.
    """
    from milepost.lint.runner import check
    from milepost.source import Severity

    found = check(plan, capacities=capacities)
    errors = [finding for finding in found if finding.severity is Severity.ERROR]
    if errors:
        located = [error.located(plan.source) for error in errors]
        places = [(source.position(error.span.start), error) for source, error in located]
        lines = [f"    {at.line}:{at.column} {error.code} [{error.name}] {error.message}" for at, error in places]
        raise PlanInvalid(
            "the plan has errors:\n" + "\n".join(lines[:20]),
            place=plan.source.path,
            remedy=f"`milepost check {in_shell(plan.source.path)}` shows them in full, and how to put them right",
        )
    if not plan.required:
        raise Refused("the plan has no required task to run", place=plan.source.path)
    return sum(finding.severity is Severity.WARNING for finding in found)


def _decide_all(state: RunState, commands: tuple[Command, ...]) -> list[Event]:
    events: list[Event] = []
    for command in commands:
        decided = decide(state, command)
        fold(decided, state)
        events += decided
    return events


def _prefix(identity: str) -> str:
    return f"{identity}#"
