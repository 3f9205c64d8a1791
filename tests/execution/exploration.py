"""All that can happen to a small run: every order in which workers, people and crashes can act, to the last state.

Breadth first from the start of a run. A state of the world is the run as the rules know it, and what each worker
believes to hold; two that differ only in names of workers or in numbers of attempts are one. Every state is judged when
it is reached, by an independent :class:`~tests.execution.judge.Judge` and by what must hold of the state itself.

Time stands still but for leases: a claim lives until ``SOON``, a heartbeat until ``LATE``, and leases run out at ``SOON``.
"""

from __future__ import annotations

import copy
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import NamedTuple

from tests.execution.judge import Judge

from milepost.app.statuses import run_status
from milepost.errors import MilepostError
from milepost.execution import commands as cmd
from milepost.execution import events as ev
from milepost.execution.decisions import decide
from milepost.execution.evolution import fold
from milepost.execution.policy import RunSpec
from milepost.execution.queries import Outcome, due_criteria, startable
from milepost.execution.records import Attempt, CheckpointRecord, CriterionRecord, TaskRecord, TaskStatus
from milepost.execution.state import RunState

NOW, SOON, LATE = 1.0, 10.0, 1000.0
PLENTY = 1e6
"""A budget so large that what is spent of it makes no difference."""


class Belief(NamedTuple):
    """What a worker believes to hold."""

    task: str
    attempt_no: int


Beliefs = tuple[Belief | None, ...]


class Step(NamedTuple):
    """A command that somebody gives, and who believes what once it was accepted or refused.

    ``claims``: the worker believes to hold the attempt that starts; ``settles``: what follows is decided in the same
    breath, as everybody does who revises a run.
    """

    command: cmd.Command | None
    worker: int | None = None
    keeps: bool = False
    claims: bool = False
    settles: bool = False


class Past(NamedTuple):
    """The events that led to a state, and what was before them."""

    events: list[ev.Event]
    before: Past | None = None
    depth: int = 0

    def history(self) -> list[ev.Event]:
        """All events since the start of the run."""
        parts = []
        past: Past | None = self
        while past is not None:
            parts.append(past.events)
            past = past.before
        return [event for part in reversed(parts) for event in part]


class World(NamedTuple):
    """A state of the world: the run, the judge of its past, the workers, and how it came about."""

    state: RunState
    judge: Judge
    beliefs: Beliefs
    past: Past


Moves = Callable[[World], Iterator[Step]]


@dataclass
class Explored:
    """What an exploration found: ``complete`` when no state was left that had not been looked at."""

    states: int = 0
    transitions: int = 0
    refusals: int = 0
    late: int = 0
    depth: int = 0
    finished: int = 0
    complete: bool = False
    hopeless: int = 0

    def __str__(self) -> str:
        return (
            f"{self.states:,} states, {self.transitions:,} transitions, {self.refusals:,} refusals "
            f"({self.late:,} of late reports), depth {self.depth}, {self.finished:,} final, "
            f"{'complete' if self.complete else 'cut short'}"
        )


def explore(spec: RunSpec, workers: int, moves: Moves, *, most: int) -> Explored:
    """Look at every state that a run can get into; stop short after ``most``."""
    found = Explored()
    start = decide(RunState(), cmd.Start(NOW, "plan.md#1", spec, "me"))
    first = World(fold(start), Judge(spec), (None,) * workers, Past(start))
    for event in start:
        first.judge.see(event)
    numbers: dict[Hashable, int] = {key(first): 0}
    incoming: list[list[int]] = [[]]
    good: list[int] = []
    queue = deque([(0, first)])
    while queue and len(numbers) <= most:
        number, world = queue.popleft()
        judge_state(world)
        found.depth = max(found.depth, world.past.depth)
        if world.state.finished:
            good.append(number)
        for step in moves(world):
            after = take(world, step, found)
            if after is None:
                continue
            found.transitions += 1
            name = key(after)
            if name not in numbers:
                numbers[name] = len(numbers)
                incoming.append([])
                queue.append((numbers[name], after))
            incoming[numbers[name]].append(number)
    found.states = len(numbers)
    found.finished = len(good)
    found.complete = not queue
    found.hopeless = len(numbers) - len(_leading_to(good, incoming)) if found.complete else -1
    return found


def _leading_to(good: Iterable[int], incoming: list[list[int]]) -> set[int]:
    """The states from which one of the good ones can be reached."""
    reached = set(good)
    queue = list(reached)
    while queue:
        for before in incoming[queue.pop()]:
            if before not in reached:
                reached.add(before)
                queue.append(before)
    return reached


def take(world: World, step: Step, found: Explored) -> World | None:
    """The world after a step; None when nothing changed."""
    events: list[ev.Event] = []
    believed = world.beliefs[step.worker] if step.worker is not None else None
    late = believed is not None and not holds(world.state, believed)
    if step.command is not None:
        try:
            events = decide(world.state, step.command)
        except MilepostError as refusal:
            found.refusals += 1
            if late and believed is not None:
                found.late += 1
                _tells_who_holds_it(world.state, believed, str(refusal))
        else:
            if step.settles and events:
                events = [*events, *decide(fold(events, cloned(world.state)), cmd.Settle(step.command.at))]
            assert not late or step.claims, "a late report was accepted"
    beliefs = world.beliefs
    if step.worker is not None:
        own: Belief | None = believed if step.keeps and not late else None
        if step.claims:
            begun = next((event for event in events if isinstance(event, ev.AttemptStarted)), None)
            own = Belief(begun.task, begun.attempt_no) if begun else None
        beliefs = (*beliefs[: step.worker], own, *beliefs[step.worker + 1 :])
    if not events and beliefs == world.beliefs:
        return None
    state, judge = world.state, world.judge
    if events:
        state, judge = fold(events, cloned(state)), judge.clone()
        for event in events:
            judge.see(event)
    return World(state, judge, beliefs, Past(events, world.past, world.past.depth + 1))


def holds(state: RunState, belief: Belief) -> bool:
    """Whether a worker is right."""
    record = state.tasks.get(belief.task)
    return record is not None and record.current is not None and record.current.no == belief.attempt_no


def _tells_who_holds_it(state: RunState, belief: Belief, message: str) -> None:
    record = state.tasks.get(belief.task)
    if state.cancelled_by or record is None:
        return
    current = record.current
    wanted = f"{current.worker} holds it now, by attempt {current.no}" if current else f"it is {record.status}"
    assert wanted in message, message


# What a state is ----------------------------------------------------------------------------------------------------


def key(world: World) -> Hashable:
    """What tells states apart: names of workers and numbers of attempts do not."""
    state = world.state
    beliefs = sorted((belief.task, holds(state, belief)) for belief in world.beliefs if belief is not None)
    return (tuple(beliefs), *_of_tasks(state), *_of_gates(state), *_of_run(state), _of_judge(world.judge))


def _of_tasks(state: RunState) -> Iterator[Hashable]:
    for name, record in (*state.tasks.items(), *state.former_tasks.items()):
        current = record.current
        held = (current.tier, current.lease_until) if current else None
        yield (
            *(name, record.status, record.tier, record.tries, record.unmet, record.ready_at),
            *(record.retired, record.reopened, bool(record.attempts), held, record.spec.digest, name in state.tasks),
        )


def _of_gates(state: RunState) -> Iterator[Hashable]:
    for name, gate in (*state.checkpoints.items(), *state.former_checkpoints.items()):
        yield (
            name,
            name in state.checkpoints,
            gate.passed,
            gate.rejected,
            gate.unmet,
            *(criterion.status for criterion in gate.criteria),
        )


def _of_run(state: RunState) -> Iterator[Hashable]:
    yield (state.finished, state.paused_by, state.cancelled_by, state.supervisor, len(state.spec.tasks))
    yield frozenset(state.exhausted), frozenset(state.warned), frozenset(state.limits.items())
    yield tuple(sorted(item for item in state.spent.items() if (state.limit(*item[0]) or PLENTY) < PLENTY))


def _of_judge(judge: Judge) -> Hashable:
    return (
        *(frozenset(judge.done), frozenset(judge.held), frozenset(judge.passed), frozenset(judge.good)),
        *(frozenset(judge.broke), judge.over, judge.paused),
    )


def everything(state: RunState) -> Hashable:
    """All that a state holds, names and numbers and indexes too."""
    return (
        *((name, repr(record)) for name, record in state.tasks.items()),
        *((name, repr(gate)) for name, gate in state.checkpoints.items()),
        *(tuple(map(repr, known.values())) for known in (state.former_tasks, state.former_checkpoints)),
        *(tuple(sorted(index.items())) for index in (state.running, state.spent, state.limits)),
        tuple((rank, tuple(queue)) for rank, queue in sorted(state.ready.items()) if queue),
        *(tuple(sorted(state.active)), frozenset(state.warned), frozenset(state.exhausted)),
        *(state.run, state.paused_by, state.cancelled_by, state.supervisor, state.finished_at, state.version),
        *(state.open_tasks, state.open_checkpoints),
    )


def cloned(state: RunState) -> RunState:
    """A state that can be changed without the other noticing; the specification and its indexes are shared."""
    other = copy.copy(state)
    other.tasks = {name: _twin(record) for name, record in state.tasks.items()}
    other.former_tasks = {name: _twin(record) for name, record in state.former_tasks.items()}
    other.active = {name: other.tasks[name] for name in state.active}
    other.checkpoints = {name: _twin_gate(gate) for name, gate in state.checkpoints.items()}
    other.former_checkpoints = {name: _twin_gate(gate) for name, gate in state.former_checkpoints.items()}
    other.ready = {rank: [*queue] for rank, queue in state.ready.items()}
    for index in ("running", "spent", "limits", "warned", "exhausted"):
        setattr(other, index, getattr(state, index).copy())
    return other


_TASK, _ATTEMPT, _GATE, _CRITERION = (
    attrgetter(*(item.name for item in fields(kind)))
    for kind in (TaskRecord, Attempt, CheckpointRecord, CriterionRecord)
)


def _twin(record: TaskRecord) -> TaskRecord:
    twin = TaskRecord(*_TASK(record))
    twin.attempts = [*record.attempts]
    if twin.attempts:  # earlier ones never change again
        twin.attempts[-1] = Attempt(*_ATTEMPT(twin.attempts[-1]))
    return twin


def _twin_gate(gate: CheckpointRecord) -> CheckpointRecord:
    twin = CheckpointRecord(*_GATE(gate))
    twin.criteria = [CriterionRecord(*_CRITERION(criterion)) for criterion in gate.criteria]
    return twin


# What must hold -----------------------------------------------------------------------------------------------------


def judge_state(world: World) -> None:
    """Whatever led here, these things hold."""
    state = world.state
    assert everything(fold(world.past.history())) == everything(state), "events do not tell the state"
    _indexes_are_true(state)
    _agrees_with_the_judge(state, world.judge)
    for record in state.tasks.values():
        tier = state.tiers[record.tier]
        waits = record.status in (TaskStatus.PENDING, TaskStatus.RUNNING)
        assert not waits or record.retired or record.tries < tier.attempts, "tried too often on one tier"
        assert record.tier <= record.spec.tier, "weaker than assigned"
    running = Counter(record.attempts[-1].tier for record in state.active.values())
    assert all(number <= state.tiers[rank].capacity for rank, number in running.items())
    for scope, measure in state.spent:
        limit = state.limit(scope, measure)
        if limit is not None and state.spent[scope, measure] >= limit:
            assert (scope, measure) in state.exhausted, "spent, and nobody noticed"
    _goes_on_or_says_why(state)


def _indexes_are_true(state: RunState) -> None:
    """What was kept up to date on the way is what computing it anew gives."""
    fresh = cloned(state)
    fresh.rebuild()
    ready = [{rank: queue for rank, queue in one.ready.items() if queue} for one in (state, fresh)]
    assert ready[0] == ready[1]
    running = [{rank: number for rank, number in one.running.items() if number} for one in (state, fresh)]
    assert running[0] == running[1]
    assert set(state.active) == set(fresh.active)
    assert (state.open_tasks, state.open_checkpoints) == (fresh.open_tasks, fresh.open_checkpoints)
    assert [r.unmet for r in state.tasks.values()] == [r.unmet for r in fresh.tasks.values()]
    assert [g.unmet for g in state.checkpoints.values()] == [g.unmet for g in fresh.checkpoints.values()]


def _agrees_with_the_judge(state: RunState, judge: Judge) -> None:
    over = {name for name, record in state.tasks.items() if record.over}
    assert over == set(judge.done) & set(state.tasks)
    held = {name: record.attempts[-1].no for name, record in state.active.items()}
    assert held == {name: event.attempt_no for name, event in judge.held.items()}
    assert {name for name, gate in state.checkpoints.items() if gate.passed} == judge.passed & set(state.checkpoints)
    assert state.finished == (judge.over or judge.cancelled)


def _goes_on_or_says_why(state: RunState) -> None:
    """A run that is not over has something that runs or can start, or says what it waits for."""
    status = run_status(state, NOW)
    if status.outcome in (Outcome.FINISHED, Outcome.CANCELLED):
        return
    moves = any((state.active, startable(state, NOW), due_criteria(state), state.overflowing()))
    assert moves or status.reasons(), "it stands still and does not say why"
    assert status.outcome is not Outcome.ACTIVE or moves, "it claims to move and does not"
