"""What a plan's checkpoints hold back, and what they wait for.

A checkpoint *after a phase* follows every task up to that phase and precedes every task of later phases. One
*after a task* follows that task and precedes the tasks that directly wait for its finish, so everything that
depends on the task comes after the gate and the rest of the plan goes on beside it. One *before completion*
follows everything; so does one whose anchor names nothing the plan has, the place where an unplaced gate can do
no harm. Later gates follow earlier ones, which keeps the number of dependencies proportional to the plan: a task
is tied to the nearest gate on either side only.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise

from milepost.plan.model import (
    AnchorKind,
    Checkpoint,
    Dependency,
    DependencyKind,
    DependencyOrigin,
    DependencySource,
    Plan,
)


def gate_dependencies(plan: Plan, others: Sequence[Dependency]) -> Iterator[Dependency]:
    """Give the finish-to-start dependencies the plan's checkpoints add to the ``others`` between leaf tasks."""
    if plan.checkpoints:
        yield from _Gates(plan, others).dependencies()


class _Gates:
    def __init__(self, plan: Plan, others: Sequence[Dependency]) -> None:
        self._others = others
        self._ordinals = _phase_ordinals(plan)
        self._after_tasks: list[tuple[Checkpoint, tuple[str, ...]]] = []
        walls: dict[int, list[Checkpoint]] = {}
        phases = {phase.id: number for number, phase in reversed(list(enumerate(plan.phases)))}
        for checkpoint in plan.checkpoints:
            anchor = checkpoint.anchor
            tasks = _anchor_leaves(plan, checkpoint)
            known = [phases[name] for name in anchor.ids if name in phases]
            if tasks:
                self._after_tasks.append((checkpoint, tasks))
            elif anchor.kind is AnchorKind.PHASE and known:
                walls.setdefault(max(known), []).append(checkpoint)
            else:
                walls.setdefault(len(plan.phases), []).append(checkpoint)
        self._places = sorted(walls)
        self._walls = [walls[place] for place in self._places]

    def dependencies(self) -> Iterator[Dependency]:
        for before, after in pairwise(self._walls):
            for gate in after:
                for earlier in before:
                    yield _link(earlier.id, gate.id, gate)
        for task, ordinal in self._ordinals.items():
            wall = bisect_left(self._places, ordinal)
            for gate in self._walls[wall - 1] if wall else ():
                yield _link(gate.id, task, gate)
            for gate in self._wall_from(ordinal):
                yield _link(task, gate.id, gate)
        for gate, tasks in self._after_tasks:
            yield from self._after(gate, tasks)

    def _wall_from(self, ordinal: int) -> list[Checkpoint]:
        """The gates that close the phase with this ordinal, or the next phase that has any."""
        wall = bisect_left(self._places, ordinal)
        return self._walls[wall] if wall < len(self._walls) else []

    def _after(self, gate: Checkpoint, tasks: tuple[str, ...]) -> Iterator[Dependency]:
        for task in tasks:
            yield _link(task, gate.id, gate)
        needed = self._needed_by(tasks) if len(tasks) > 1 else set(tasks)
        for link in self._others:
            waits = link.kind is DependencyKind.FINISH_TO_START and link.predecessor in tasks
            if waits and link.successor not in needed:
                yield _link(gate.id, link.successor, gate)
        for later in self._wall_from(max(self._ordinals[task] for task in tasks)):
            yield _link(gate.id, later.id, gate)

    def _needed_by(self, tasks: tuple[str, ...]) -> set[str]:
        """The tasks and all they wait for: what a gate after all of them can never hold back."""
        before: dict[str, list[str]] = {}
        for link in self._others:
            before.setdefault(link.successor, []).append(link.predecessor)
        found = set(tasks)
        waiting = list(tasks)
        while waiting:
            fresh = [name for name in before.get(waiting.pop(), ()) if name not in found]
            found.update(fresh)
            waiting += fresh
        return found


def _phase_ordinals(plan: Plan) -> dict[str, int]:
    """Position of each leaf task's phase; a task outside all phases goes with the phase above it."""
    numbers = {phase.id: number for number, phase in reversed(list(enumerate(plan.phases)))}
    current = -1
    ordinals: dict[str, int] = {}
    for task in plan.leaves:
        current = numbers.get(task.phase or "", current)
        ordinals.setdefault(task.id, current)
    return ordinals


def _anchor_leaves(plan: Plan, checkpoint: Checkpoint) -> tuple[str, ...]:
    if checkpoint.anchor.kind is not AnchorKind.TASK:
        return ()
    wanted = set(checkpoint.anchor.ids)
    found = []
    for task in plan.leaves:
        chain = {task.id}
        above = task.parent
        while above and above not in chain:
            chain.add(above)
            parent = plan.by_id.get(above)
            above = parent.parent if parent else None
        if chain & wanted:
            found.append(task.id)
    return tuple(dict.fromkeys(found))


def _link(predecessor: str, successor: str, gate: Checkpoint) -> Dependency:
    source = DependencySource(DependencyOrigin.CHECKPOINT, gate.heading_span)
    return Dependency(predecessor, successor, sources=(source,))
