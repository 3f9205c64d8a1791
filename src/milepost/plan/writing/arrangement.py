"""Which tasks are written where, and under which ids."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from milepost.plan.grammar.ids import ID
from milepost.plan.model import Phase, Plan, Task
from milepost.plan.writing.styles import Style

_WHOLE = re.compile(r"\d+")
_NUMBER = re.compile(r"\d+(?:\.\d+)+")
_ANY = re.compile(ID)
_T_NUMBER = re.compile(r"T\d{3}[a-z]?")
_REST = "Tasks"


@dataclass(slots=True)
class Placed:
    """A task in its new place: its new id, its parts, how deep it is nested."""

    task: Task
    id: str
    parts: list[Placed] = field(default_factory=list)

    def walk(self) -> Iterator[Placed]:
        """The task and its parts, in order."""
        waiting = [self]
        while waiting:
            placed = waiting.pop()
            yield placed
            waiting += reversed(placed.parts)


@dataclass(slots=True)
class Group:
    """A phase in its new place; the old id is None for tasks without phase, the new one where it has no heading."""

    old: str | None
    id: str | None
    title: str
    tasks: list[Placed] = field(default_factory=list)


@dataclass(slots=True)
class Arrangement:
    """All groups in order; and the new names of tasks (of two with one id the first) and phases."""

    groups: list[Group]
    names: dict[str, str]
    phases: dict[str, str]


def arrange(plan: Plan, style: Style) -> Arrangement:
    """Place all tasks of a plan as a style wants them. Ids that fit there stay."""
    groups = _groups(plan, style)
    known = {group.old: group for group in groups}
    children: dict[str, list[Task]] = {}
    roots: list[Task] = []
    for task in plan.tasks:
        is_part = task.parent in plan.by_id and plan.by_id[task.parent or ""] is not task
        (children.setdefault(task.parent or "", []) if is_part else roots).append(task)
    names = _Names(style, {group.id for group in groups if group.id} if not style.phases else set())
    for task in roots:
        group = known.get(task.phase) or known[None]
        group.tasks.append(_place(task, group, children, names, plan))
    groups = [group for group in groups if group.tasks or group.old is not None]
    placed = [one for group in groups for top in group.tasks for one in top.walk()]
    named: dict[str, str] = {}
    for one in placed:
        if one.id:
            named.setdefault(one.task.id, one.id)
    return Arrangement(groups, named, {group.old: group.id for group in groups if group.old and group.id})


def _groups(plan: Plan, style: Style) -> list[Group]:
    """The plan's phases under whole numbers, and a place for tasks that are in none."""
    phases = [phase for phase in plan.phases if not _is_title(plan, phase)]
    keeps = all(_WHOLE.fullmatch(phase.id) for phase in phases)
    groups = [
        Group(phase.id, phase.id if keeps else str(place), phase.title or f"Phase {phase.id}")
        for place, phase in enumerate(phases, start=1)
    ]
    free = next(str(number) for number in range(1, len(groups) + 2) if str(number) not in {one.id for one in groups})
    rest = Group(None, free if style.grouped else None, _REST)
    first = plan.tasks[0].phase if plan.tasks else None
    return [rest, *groups] if first is None or first not in {one.old for one in groups} else [*groups, rest]


def _is_title(plan: Plan, phase: Phase) -> bool:
    """Say whether a phase's heading is the plan's own title, under which tasks stand directly."""
    return plan.title_span is not None and phase.heading_span.contains(plan.title_span.start)


def _place(task: Task, group: Group, children: dict[str, list[Task]], names: _Names, plan: Plan) -> Placed:
    """Place a task and all below it, without recursion: nesting may be deep."""
    top = Placed(task, names.of(task, group.id, is_leaf=not children.get(task.id)))
    waiting = [top]
    while waiting:
        placed = waiting.pop()
        if plan.by_id[placed.task.id] is placed.task:
            for part in children.pop(placed.task.id, ()):
                placed.parts.append(Placed(part, names.of(part, placed.id, is_leaf=not children.get(part.id))))
            waiting += reversed(placed.parts)
    return top


class _Names:
    """Gives ids, each once."""

    def __init__(self, style: Style, taken: Sequence[str] | set[str]) -> None:
        self._style = style
        self._taken = set(taken)
        self._last: dict[str, int] = {}

    def of(self, task: Task, around: str | None, *, is_leaf: bool) -> str:
        """The id of a task in a phase or in a task; tasks that are not written have none."""
        if not self._style.nests and not is_leaf:
            return ""
        if not self._style.named:
            return self._next("", "{}")
        if self._style.stem:
            fits = _T_NUMBER.fullmatch(task.id)
            return self._take(task.id) if fits and task.id not in self._taken else self._next("T", "T{:03}")
        stem = f"{around}." if around else ""
        if task.id not in self._taken and self._fits(task, stem):
            return self._take(task.id)
        return self._next(stem, f"{stem}{{}}")

    def _fits(self, task: Task, stem: str) -> bool:
        if self._style.overview:
            is_part = task.parent is not None
            return _ANY.fullmatch(task.id) is not None and (not is_part or task.id.startswith(stem))
        pattern = _NUMBER if stem else _WHOLE
        rest = task.id.removeprefix(stem)
        return pattern.fullmatch(task.id) is not None and task.id.startswith(stem) and "." not in rest

    def _next(self, stem: str, form: str) -> str:
        while True:
            self._last[stem] = self._last.get(stem, 0) + 1
            name = form.format(self._last[stem])
            if name not in self._taken:
                return self._take(name)

    def _take(self, name: str) -> str:
        self._taken.add(name)
        return name
