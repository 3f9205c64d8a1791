"""Numbers as ids: what they say about nesting, and what keeps them apart where they start again in every section."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace

from milepost.plan.model import Task
from milepost.source.lazy_regex import lazy_regex

_FEWEST = 2
"""So many ids of a section must be taken already before its numbering counts as started again."""

_SHARE = 4
"""And so many times their number must cover the section: one stray repetition is a mistake, not a scheme."""


_RENUMBERED = lazy_regex(
    r"[(\[][^()\[\]]*\b(?:was|formerly|previously|renamed|renumbered)\b[^()\[\]]*[)\]]", re.IGNORECASE
)


def separate(tasks: Sequence[Task]) -> list[Task]:
    """Give ids that a later phase counts from the start again a name of their own: ``3`` in phase 2 becomes ``P2/3``.

    So does one whose title says that it was renumbered (``T016: … (updated: was T016)``). An id used twice within one
    phase, or once more in a phase that goes on counting, keeps its spelling: it is a duplicate.
    """
    taken: set[str] = set()
    names: dict[str | None, dict[str, str]] = {}
    for phase, own in _by_phase(tasks).items():
        repeated = list(dict.fromkeys(task.id for task in own if task.id in taken))
        if phase and len(repeated) >= _FEWEST and len(repeated) * _SHARE >= len(own):
            names[phase] = {task_id: _in_phase(phase, task_id) for task_id in repeated}
        elif phase:
            again = {task.id for task in own if task.id in taken and _RENUMBERED.search(task.title)}
            names.update({phase: {task_id: _in_phase(phase, task_id) for task_id in again}} if again else {})
        taken.update(task.id for task in own)
    return [_renamed(task, names.get(task.phase, {})) for task in tasks] if names else list(tasks)


def nest(tasks: Sequence[Task], *, insertions: bool = True) -> list[Task]:
    """Make tasks parts of the task whose number theirs begins with, wherever they stand in the document.

    The nearest number counts (``2.1.3`` is part of ``2.1``, or of ``2`` where there is no ``2.1``), first in the
    task's own phase. Where no such number exists, the indentation decides, as for tasks whose number the reader made.
    With ``insertions`` it decides as well where a number starts no count: ``2.5`` without a ``2.1`` was put between
    ``2`` and ``3``.
    """
    ids = {task.id for task in tasks if task.id_span}
    return [
        _nested(task, next((stem for stem in _stems(task) if stem in ids), None))
        if task.id_span and not (insertions and _is_insertion(task.id, ids))
        else task
        for task in tasks
    ]


def _is_insertion(number: str, ids: Set[str]) -> bool:
    stem, _, last = number.rpartition(".")
    return last.isdecimal() and int(last) > 1 and f"{stem}.1" not in ids


def written_id(task: Task) -> str:
    """A task's id as the document spells it."""
    prefix = _in_phase(task.phase or "", "")
    return task.id[len(prefix) :] if task.id.startswith(prefix) else task.id


def restarted(tasks: Sequence[Task]) -> dict[str, dict[str, str]]:
    """The ids of tasks by what their phase calls them, for phases that count from the start again."""
    found: dict[str, dict[str, str]] = {}
    for task in tasks:
        if task.phase and "/" in task.id and (written := written_id(task)) != task.id:
            found.setdefault(task.phase, {})[written] = task.id
    return found


def _in_phase(phase: str, task_id: str) -> str:
    return f"{'P' if phase[:1].isdigit() else ''}{phase}/{task_id}"


def _by_phase(tasks: Sequence[Task]) -> dict[str | None, list[Task]]:
    found: dict[str | None, list[Task]] = {}
    for task in tasks:
        found.setdefault(task.phase, []).append(task)
    return found


def _renamed(task: Task, names: dict[str, str]) -> Task:
    if task.id not in names and task.parent not in names:
        return task
    return replace(task, id=names.get(task.id, task.id), parent=names.get(task.parent or "", task.parent))


def _stems(task: Task) -> Iterator[str]:
    number = written_id(task)
    stems = [number[:place] for place in range(len(number) - 1, 0, -1) if number[place] == "."]
    if number.count(".") == 1 and not number.endswith(".0"):
        stems.append(f"{stems[-1]}.0")
    yield from (_in_phase(task.phase or "", stem) for stem in stems)
    yield from stems if number == task.id else ()


def _nested(task: Task, parent: str | None) -> Task:
    return replace(task, parent=parent) if parent and parent != task.parent else task
