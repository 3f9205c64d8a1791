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
        if plan.source.path.lower().endswith(".json"):
            raise _no_task_in_json(plan)
        raise NoTasksFound(
            "no task was found in it",
            place=plan.source.path,
            remedy="a task is a list item with a checkbox and an id, such as `- [ ] **1.1** Set up the project`",
        )
    return plan


def _no_task_in_json(plan: Plan) -> NoTasksFound:
    """The complaint about a JSON file, in which nobody would look for checkboxes."""
    import json

    remedy = 'Task Master\'s form is {"tasks": [{"id": 1, "title": "Set up the project"}]}, or a tag around that'
    try:
        json.loads(plan.source.text)
    except ValueError as error:
        if isinstance(error, json.JSONDecodeError):
            place = f"{plan.source.path}:{error.lineno}:{error.colno}"
            return NoTasksFound(f"it is no JSON: {error.msg}; no task was found in it", place=place, remedy=remedy)
    return NoTasksFound("no task was found in it", place=plan.source.path, remedy=remedy)


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
