"""Plans: loaded from their documents."""

from __future__ import annotations

from collections.abc import Callable

from milepost.app.documents import read_document
from milepost.errors import NoTasksFound
from milepost.plan.model import Plan
from milepost.plan.reader import read_plan
from milepost.source import SourceText


def load_plan(path: str, dialect: str | None = None) -> Plan:
    """Read a plan that must hold tasks.

    Raises:
        PlanUnreadable: the document cannot be read.
        NoTasksFound: it holds no task.
    """
    return require_tasks(read_plan(read_document(path), dialect or None))


def require_tasks(plan: Plan) -> Plan:
    """Give the plan back when it has tasks.

    Raises:
        NoTasksFound: it has none.
    """
    if not plan.tasks:
        raise NoTasksFound(
            "no task was found in it",
            place=plan.source.path,
            remedy="a task is a list item with a checkbox and an id, such as `- [ ] **1.1** Set up the project`",
        )
    return plan


def rereading() -> Callable[[SourceText], Plan]:
    """Give what reads one version of a document after the other, each only where it differs from the one before."""
    from milepost.plan.incremental import Reparser

    reparser = Reparser()
    last: Plan | None = None

    def read(source: SourceText) -> Plan:
        nonlocal last
        if last is None or last.source.text != source.text:
            last = reparser.update(source)
        return last

    return read
