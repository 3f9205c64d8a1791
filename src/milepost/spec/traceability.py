"""The matrix that joins requirement, tasks and state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from milepost.plan.grammar.references import stories_in
from milepost.plan.model import Plan, Reference, Task, TaskState
from milepost.spec.model import AcceptanceCriterion, Requirement, RequirementsDocument
from milepost.spec.resolution import Meaning, RequirementIndex, sort_of_requirement


class Coverage(StrEnum):
    """How far a requirement's tasks are; the order is that of the matrix: gaps first."""

    UNCOVERED = "uncovered"
    PARTLY_COVERED = "partly covered"
    NOT_STARTED = "not started"
    IN_PROGRESS = "in progress"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class TraceRow:
    """A requirement, the tasks that name it or one of its criteria, and what their states amount to.

    ``missing`` are the criteria no task names, when tasks name others but not the requirement as a whole. ``parts``
    are the requirements it is divided into: one that no task names is covered when all its parts are.
    """

    requirement: Requirement
    document: RequirementsDocument
    tasks: tuple[Task, ...]
    coverage: Coverage
    missing: tuple[AcceptanceCriterion, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def is_gap(self) -> bool:
        """Whether no task serves it, or not all of it."""
        return self.coverage in {Coverage.UNCOVERED, Coverage.PARTLY_COVERED}

    @property
    def is_serious(self) -> bool:
        """Whether it may not be left out, and no task serves it."""
        return self.requirement.is_must and self.coverage is Coverage.UNCOVERED


@dataclass(frozen=True, slots=True)
class UnknownReference:
    """A task's reference to a requirement the documents do not state, though they state others of its sort."""

    task: Task
    reference: Reference


@dataclass(frozen=True, slots=True)
class Matrix:
    """The traceability of a plan: rows with gaps first, each group in document order.

    ``standards`` are the named standards with the ids of the tasks that keep them, ``unknown`` the references that
    lead nowhere, ``elsewhere`` those of sorts the documents do not state, ``untraced`` required tasks that name none.
    """

    rows: tuple[TraceRow, ...]
    standards: dict[str, tuple[str, ...]]
    unknown: tuple[UnknownReference, ...]
    elsewhere: tuple[UnknownReference, ...]
    untraced: tuple[Task, ...]

    @property
    def gaps(self) -> tuple[TraceRow, ...]:
        """The requirements no task serves, or not in full."""
        return tuple(row for row in self.rows if row.is_gap)


def trace(plan: Plan, documents: Sequence[RequirementsDocument]) -> Matrix:
    """Join a plan with the documents it serves; struck tasks serve nothing.

    A phase that is named after a story (``Phase 3: User Story 1 - Browse``) says so for those of its tasks that name
    nothing themselves, and for all of them where no task names that story.
    """
    links = _Links(RequirementIndex.of(documents), {phase.id: stories_in(phase.title) for phase in plan.phases})
    for task in plan.tasks:
        if not task.struck:
            links.follow(task)
    links.follow_phases(plan)
    rows = _Rows(plan, documents, links).all()
    order = list(Coverage)
    serving = {task.id for task in plan.tasks if task.requirements} | links.told
    return Matrix(
        rows=tuple(sorted(rows, key=lambda row: (order.index(row.coverage), not row.requirement.is_must))),
        standards={name: tuple(ids) for name, ids in links.standards.items()},
        unknown=tuple(links.unknown),
        elsewhere=tuple(links.elsewhere),
        untraced=tuple(task for task in plan.required if not serving & {task.id, task.parent}),
    )


@dataclass
class _Links:
    """What the tasks of a plan name."""

    index: RequirementIndex
    stories: dict[str, list[str]] = field(default_factory=dict)
    whole: dict[str, dict[str, Task]] = field(default_factory=dict)
    criteria: dict[str, dict[str, Task]] = field(default_factory=dict)
    standards: dict[str, dict[str, None]] = field(default_factory=dict)
    unknown: list[UnknownReference] = field(default_factory=list)
    elsewhere: list[UnknownReference] = field(default_factory=list)
    told: set[str] = field(default_factory=set)

    def follow(self, task: Task) -> None:
        """Keep what a task names, or else the stories its phase is named after."""
        if not task.requirements:
            for story in self.stories.get(task.phase or "", ()):
                self._tell(story, [task])
        named: Requirement | None = None
        for reference in task.requirements:
            found = self.index.resolve(reference.text, reference.kind, named)
            named = found.targets[-1].requirement if found.targets else named
            for target in found.targets:
                if target.criterion:
                    self.criteria.setdefault(target.criterion.id, {}).setdefault(task.id, task)
                else:
                    self.whole.setdefault(target.requirement.id, {}).setdefault(task.id, task)
            if found.meaning is Meaning.STANDARD:
                self.standards.setdefault(reference.text, {})[task.id] = None
            elif found.meaning is Meaning.UNKNOWN:
                self.unknown.append(UnknownReference(task, reference))
            elif found.meaning is Meaning.ELSEWHERE:
                self.elsewhere.append(UnknownReference(task, reference))

    def follow_phases(self, plan: Plan) -> None:
        """Let the tasks of a phase serve the stories it is named after and that none of the plan's tasks names."""
        for phase in plan.phases:
            for story in self.stories.get(phase.id, ()):
                if not any(self.whole.get(one.requirement.id) for one in self.index.resolve(story).targets):
                    self._tell(story, [task for task in plan.tasks if task.phase == phase.id and not task.struck])

    def _tell(self, story: str, tasks: Iterable[Task]) -> None:
        for target in self.index.resolve(story).targets:
            for task in tasks:
                self.whole.setdefault(target.requirement.id, {}).setdefault(task.id, task)
                self.told.add(task.id)


class _Rows:
    def __init__(self, plan: Plan, documents: Sequence[RequirementsDocument], links: _Links) -> None:
        self._documents = documents
        self._links = links
        self._places = {task.id: place for place, task in enumerate(plan.tasks)}
        self._leaves: dict[str, list[Task]] = {}
        for task in plan.leaves:
            above: str | None = task.id
            seen: set[str] = set()
            while above and above not in seen:
                seen.add(above)
                self._leaves.setdefault(above, []).append(task)
                above = plan.by_id[above].parent if above in plan.by_id else None
        self._parts: dict[str, list[Requirement]] = {}
        for document in documents:
            for one in document.requirements:
                if one.parent:
                    self._parts.setdefault(one.parent, []).append(one)

    def all(self) -> Iterable[TraceRow]:
        seen: set[str] = set()
        for document in self._documents:
            for requirement in document.requirements:
                if requirement.id not in seen:
                    seen.add(requirement.id)
                    yield self._row(requirement, document)

    def _row(self, requirement: Requirement, document: RequirementsDocument) -> TraceRow:
        tasks = self._tasks(requirement)
        whole = bool(self._links.whole.get(requirement.id))
        named = [one for one in requirement.criteria if one.id in self._links.criteria]
        missing = [] if whole or not named else [one for one in requirement.criteria if one not in named]
        parts = self._parts.get(requirement.id, [])
        if not tasks and parts and all(self._tasks(part) for part in parts):
            tasks = self._sorted(task for part in parts for task in self._tasks(part))
        coverage = Coverage.PARTLY_COVERED if missing else self._coverage(tasks)
        return TraceRow(requirement, document, tasks, coverage, tuple(missing), tuple(part.id for part in parts))

    def _tasks(self, requirement: Requirement) -> tuple[Task, ...]:
        """The tasks that name a requirement, one of its criteria, or a requirement it is part of."""
        found = dict(self._links.whole.get(requirement.id, {}))
        for criterion in requirement.criteria:
            found.update(self._links.criteria.get(criterion.id, {}))
        if requirement.parent:
            found.update(self._links.whole.get(requirement.parent, {}))
        return self._sorted(found.values())

    def _sorted(self, tasks: Iterable[Task]) -> tuple[Task, ...]:
        return tuple(sorted({task.id: task for task in tasks}.values(), key=lambda task: self._places[task.id]))

    def _coverage(self, tasks: Sequence[Task]) -> Coverage:
        states = {leaf.state for task in tasks for leaf in self._leaves.get(task.id, [task])}
        if not states:
            return Coverage.UNCOVERED
        if states == {TaskState.DONE}:
            return Coverage.DONE
        begun = states & {TaskState.DONE, TaskState.IN_PROGRESS}
        return Coverage.IN_PROGRESS if begun else Coverage.NOT_STARTED


def traced_sorts(matrix: Matrix) -> frozenset[str]:
    """The sorts of requirements (``REQ``, ``US``; empty for numbers) of which tasks name at least one."""
    return frozenset(sort_of_requirement(row.requirement.id) for row in matrix.rows if row.tasks)
