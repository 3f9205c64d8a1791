"""Plans brought in line with their runs, by many processes at once.

Reading, deciding and writing happen under one lock per folder, on the newest state of the ledger, so that no process
writes back an older truth over a newer one, and nobody has to try again. Hand edits are merged: a box ticked by hand
is a fact for the ledger to record, one unticked by hand is reported and left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from milepost.app.documents import read_document, update_document
from milepost.app.projection import finished_wholes, project
from milepost.app.runs import RunSession
from milepost.app.sheets import Sheet, write_on
from milepost.app.sync_memory import SyncMemory as SyncMemory
from milepost.execution.state import RunState
from milepost.plan.model import Plan, TaskState
from milepost.source import SourceText


@dataclass(frozen=True, slots=True)
class Synced:
    """A document before and after, and the ids of tasks that are done but were unticked by hand.

    ``unwritten`` are the ids of tasks that are done, and have neither a box nor a status that could say so.
    ``plans`` are what both were read as, when somebody had to; else ``sheet`` is that of the document afterwards.
    """

    before: SourceText
    after: SourceText
    unticked: tuple[str, ...] = ()
    unwritten: tuple[str, ...] = ()
    plans: tuple[Plan, Plan] | None = None
    sheet: Sheet | None = None

    @property
    def changed(self) -> bool:
        """Whether anything was not true."""
        return self.before.text != self.after.text


def sync_document(
    path: str,
    session: RunSession | None,
    memory: SyncMemory,
    today: str,
    *,
    dry_run: bool = False,
    known: tuple[str, Sheet | None] = ("", None),
) -> Synced:
    """Write the truth into a plan's document: the run's, if there is one, and what follows from its boxes.

    What was ticked is remembered only once it stands in the document: a tick that was decided but never written, or
    written over by somebody, must not look unticked by hand. ``known`` is the digest of a document, and its sheet if
    it has one: a document that is this very one need not be read as a plan.

    Raises:
        PlanInvalid: git left a conflict in it.
        DocumentUnwritable: it cannot be written; nothing was changed.
        DocumentChanged: another program keeps rewriting it.
    """
    found: list[Synced] = []
    old: list[Plan] = []
    read = _reading()

    def change(before: SourceText) -> SourceText:
        if session is not None:
            session.refresh()
        seen = memory.read()
        if session is not None and known[1] is not None and before.digest == known[0]:
            written = write_on(known[1], before, session.state, today, seen, _reopened(session.state, seen))
            if written is not None:
                found[:] = [Synced(before, written.source, written.unticked, sheet=written.sheet)]
                return written.source
        _require_no_conflicts(before)
        old[:] = [read(before)]
        unticked = unticked_by_hand(old[0], session.state, seen) if session else ()
        again = _reopened(session.state, seen) if session else set()
        after = project(before, session.state if session else None, today, leave=unticked, untick=again, read=read)
        unwritten = _unwritten(read(after), session.state) if session else ()
        found[:] = [Synced(before, after, unticked, unwritten)]
        return after

    def remember() -> None:
        if session is not None:
            if found[0].sheet is not None:
                new = found[0].sheet.plan(found[0].after)
            else:
                new = read(found[0].after)
                found[:] = [replace(found[0], plans=(old[0], new))]
            ticked = _ticked(new) | set(found[0].unticked)
            if ticked != memory.read():
                memory.write(ticked)

    if dry_run:
        change(read_document(path))
    else:
        update_document(path, change, settled=remember)
    return found[0]


def _reading() -> Callable[[SourceText], Plan]:
    """What reads a document; nothing of that is imported before it has to."""
    readers: list[Callable[[SourceText], Plan]] = []

    def read(source: SourceText) -> Plan:
        from milepost.app.plans import rereading

        if not readers:
            readers.append(rereading())
        return readers[0](source)

    return read


def _require_no_conflicts(source: SourceText) -> None:
    from milepost.app.merges import require_no_conflicts

    require_no_conflicts(source)


def _reopened(state: RunState, seen: Collection[str]) -> set[str]:
    return {name for name in seen if name in state.tasks and state.tasks[name].reopened}


def _unwritten(plan: Plan, state: RunState) -> tuple[str, ...]:
    """Tasks that are done and for which the document has no place to say it."""
    done = {name for name, record in state.tasks.items() if record.finished_at is not None}
    silent = (task for task in plan.required if not task.checkbox and not task.written)
    return tuple(task.id for task in silent if task.id in done and task.state is not TaskState.DONE)


def _ticked(plan: Plan) -> set[str]:
    return {task.id for task in plan.tasks if task.state is TaskState.DONE}


def unticked_by_hand(plan: Plan, state: RunState, seen: Collection[str]) -> tuple[str, ...]:
    """Tasks that the ledger calls done and whose boxes were ticked once (are in ``seen``) and are open now."""
    found = [t.id for t in plan.tasks if t.id in seen and t.state is not TaskState.DONE and t.checkbox]
    if not found:
        return ()
    done = {name for name, record in state.tasks.items() if record.finished_at is not None}
    done |= {name for name, whole in finished_wholes(plan, state).items() if whole}
    return tuple(name for name in found if name in done)
