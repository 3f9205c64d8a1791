"""Checkpoints of a run, as people act on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from milepost.app.runs import RunSession
from milepost.errors import UnknownName
from milepost.execution.commands import Approve, Command, Recheck, Reject
from milepost.execution.events import Event
from milepost.execution.records import CriterionStatus
from milepost.execution.state import RunState


def find_checkpoint(state: RunState, wanted: str) -> str:
    """Give the id of the checkpoint that somebody names by its id, its name, or the end of its name.

    Raises:
        UnknownName: none is called that, or several are.
    """
    text = _plain(wanted)
    exact = [name for name, item in state.checkpoints.items() if text in (_plain(name), _plain(item.spec.name))]
    numbered = [name for name, item in state.checkpoints.items() if text == _plain(item.spec.name).split(" ")[-1]]
    found = exact or numbered
    if len(found) != 1:
        known = ", ".join(item.spec.name for item in state.checkpoints.values())
        remedy = f"it has: {known}" if known else "it has no checkpoint at all"
        raise UnknownName(f"the plan has no checkpoint called {wanted}", remedy=remedy)
    return found[0]


def approve(session: RunSession, checkpoint: str, *, by: str, now: float, comment: str = "") -> list[Event]:
    """Sign off every criterion of a due checkpoint that has no command.

    Raises:
        Refused: the checkpoint is not due yet, or has passed.
    """
    return session.execute(Approve(now, checkpoint, by, comment))


def recheck(session: RunSession, checkpoint: str, *, by: str, now: float) -> list[Event]:
    """Have the commands of criteria that failed judge again.

    Raises:
        Refused: the checkpoint is not due yet, has passed, or none of its commands failed.
    """
    return session.execute(Recheck(now, checkpoint, by))


def judge(
    session: RunSession,
    checkpoint: str,
    *,
    by: str,
    now: Callable[[], float],
    evaluate: Callable[[str], Iterable[Command]],
) -> list[Event]:
    """Have the commands of a due checkpoint judge now, also those that failed; ``evaluate`` runs them.

    Raises:
        Refused: the checkpoint is not due yet, or has passed.
    """
    record = session.state.checkpoints[checkpoint]
    failed = any(one.status is CriterionStatus.FAILED and one.spec.command for one in record.criteria)
    events = session.execute(Recheck(now(), checkpoint, by)) if failed or not record.due else []
    for verdict in evaluate(checkpoint):
        events += session.execute(verdict)
    return events


def reject(
    session: RunSession, checkpoint: str, reason: str, *, by: str, now: float, reopen: tuple[str, ...] = ()
) -> list[Event]:
    """Refuse a checkpoint, passed or due, and have the tasks named in ``reopen`` done again.

    Raises:
        Refused: it is not due, or one of the tasks is not done.
    """
    return session.execute(Reject(now, checkpoint, by, reason, reopen))


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
