"""What a plan's leaf tasks wait for: stated dependencies, dialect order and gates, united.

The union follows the plan language: dependencies the document states (arrow graphs, ``_Depends:_``), the dialect's
order for a plan that states none at all, and the gates its checkpoints are. Each origin can be switched off.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise, product

from milepost.plan.model import (
    Dependency,
    DependencyKind,
    DependencyOrigin,
    DependencySource,
    Plan,
    Task,
)
from milepost.schedule.gates import gate_dependencies

ALL_ORIGINS: frozenset[DependencyOrigin] = frozenset(DependencyOrigin)

_FS = DependencyKind.FINISH_TO_START


def unite(plan: Plan, *, origins: Collection[DependencyOrigin] = ALL_ORIGINS) -> tuple[Dependency, ...]:
    """Give every dependency between leaf tasks, and checkpoints when that origin is on, duplicates merged.

    A dependency on a task with parts is one on each of its leaves; one between a task and its own part says
    nothing and is left out, as is one that names no task of the plan. A struck task does nothing any more, but
    what came after it still waits for what came before it. Of several lags between the same ends the longest
    counts, and the sources of all are kept. Lags are in working seconds.
    """
    union = _Union()
    union.add_all(_stated(plan, origins))
    if not plan.dependencies and DependencyOrigin.ORDER in origins:
        union.add_all(_document_order(plan))
    _bridge_struck(plan, union)
    if DependencyOrigin.CHECKPOINT in origins:
        union.add_all(gate_dependencies(plan, tuple(union.found.values())))
    return tuple(union.found.values())


def scheduled_tasks(plan: Plan) -> tuple[Task, ...]:
    """The leaf tasks a schedule is made of, in document order; of two with one id the first."""
    found: dict[str, Task] = {}
    for task in plan.leaves:
        found.setdefault(task.id, task)
    return tuple(found.values())


class _Union:
    """Dependencies by their ends and kind."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str, DependencyKind], Dependency] = {}

    def add_all(self, dependencies: Iterable[Dependency]) -> None:
        for dependency in dependencies:
            self.add(dependency)

    def add(self, new: Dependency) -> None:
        key = (new.predecessor, new.successor, new.kind)
        old = self.found.setdefault(key, new)
        if old is not new:
            sources = tuple(dict.fromkeys(old.sources + new.sources))
            lag = max(old.lag, new.lag)
            self.found[key] = Dependency(new.predecessor, new.successor, new.kind, lag, sources)

    def take_touching(self, task: str) -> list[Dependency]:
        taken = [key for key in self.found if task in key[:2]]
        return [self.found.pop(key) for key in taken]


def _stated(plan: Plan, origins: Collection[DependencyOrigin]) -> Iterator[Dependency]:
    parts = _Parts(plan)
    for stated in plan.dependencies:
        if stated.sources and not any(source.origin in origins for source in stated.sources):
            continue
        before, after = parts.leaves(stated.predecessor), parts.leaves(stated.successor)
        if before == (stated.predecessor,) and after == (stated.successor,):
            yield stated
        elif not parts.related(stated.predecessor, stated.successor):
            for first, then in product(before, after):
                yield Dependency(first, then, stated.kind, stated.lag, stated.sources)


class _Parts:
    """Which leaf tasks an id stands for."""

    def __init__(self, plan: Plan) -> None:
        self._tasks = plan.by_id
        self._checkpoints = {checkpoint.id for checkpoint in plan.checkpoints}
        self._children: dict[str, list[str]] = {}
        for task in self._tasks.values():
            if task.parent:
                self._children.setdefault(task.parent, []).append(task.id)

    def leaves(self, name: str) -> tuple[str, ...]:
        """The leaves below a task in document order, itself when it has no parts, nothing when unknown."""
        if name not in self._children:
            return (name,) if name in self._tasks or name in self._checkpoints else ()
        found: dict[str, None] = {}
        seen = {name}
        waiting = [name]
        while waiting:
            here = waiting.pop()
            if here not in self._children:
                found[here] = None
            fresh = [child for child in self._children.get(here, ()) if child not in seen]
            seen.update(fresh)
            waiting += reversed(fresh)
        return tuple(found)

    def related(self, one: str, other: str) -> bool:
        """Say whether one task is part of the other."""
        return one in self._ancestry(other) or other in self._ancestry(one)

    def _ancestry(self, name: str) -> set[str]:
        found: set[str] = set()
        while name not in found and (task := self._tasks.get(name)):
            found.add(name)
            name = task.parent or ""
        return found


def _document_order(plan: Plan) -> Iterator[Dependency]:
    groups = list(_groups(scheduled_tasks(plan)))
    for before, after in pairwise(groups):
        for first, then in product(before, after):
            source = DependencySource(DependencyOrigin.ORDER, then.head_span)
            yield Dependency(first.id, then.id, sources=(source,))


def _groups(leaves: Sequence[Task]) -> Iterator[list[Task]]:
    """Tasks that run beside each other: neighbours in one phase that are all marked parallel, else one task."""
    group: list[Task] = []
    for task in leaves:
        if group and not (task.parallel and group[-1].parallel and task.phase == group[-1].phase):
            yield group
            group = []
        group.append(task)
    if group:
        yield group


def _bridge_struck(plan: Plan, union: _Union) -> None:
    for task in plan.tasks:
        if not task.struck or task.id in plan.parents:
            continue
        touching = union.take_touching(task.id)
        before = [link for link in touching if link.successor == task.id and link.kind is _FS]
        after = [link for link in touching if link.predecessor == task.id and link.kind is _FS]
        for first, then in product(before, after):
            sources = tuple(dict.fromkeys(first.sources + then.sources))
            lag = first.lag + then.lag
            union.add(Dependency(first.predecessor, then.successor, _FS, lag, sources))
