"""What follows from an event in the same breath, so that no moment exists in which the stream is half true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from milepost.execution import events as ev
from milepost.execution.records import Attempt, CheckpointRecord, CriterionStatus, spending
from milepost.execution.state import RunState


def ripple(
    state: RunState,
    at: float,
    *,
    over: str = "",
    judged: CheckpointRecord | None = None,
    passed: Collection[int] = (),
) -> list[ev.Event]:
    """What follows once a task is over, or criteria of a checkpoint passed: gates open, perhaps the run ends.

    Without either, what holds of the state as it is.
    """
    met = Counter(state.followers.checkpoints_after.get(over, ()) if over else ())
    waiting = [judged.spec.id] if judged else list(met if over else state.checkpoints)
    opened: dict[str, None] = {}
    for name in waiting:
        checkpoint = state.checkpoints[name]
        besides = passed if checkpoint is judged else ()
        if name in opened or checkpoint.passed or (checkpoint.rejected and checkpoint is not judged):
            continue
        if checkpoint.unmet > met[name] or not _holds(checkpoint, besides):
            continue
        opened[name] = None
        gated = state.followers.checkpoints_gated.get(name, ())
        met.update(gated)
        waiting += gated
    events: list[ev.Event] = [ev.CheckpointPassed(at, name) for name in opened]
    open_tasks = state.open_tasks - (1 if over else 0)
    if not state.finished and open_tasks == 0 and state.open_checkpoints == len(opened):
        events.append(ev.RunFinished(at))
    return events


def _holds(checkpoint: CheckpointRecord, besides: Collection[int]) -> bool:
    return all(
        criterion.status is CriterionStatus.PASSED or index in besides
        for index, criterion in enumerate(checkpoint.criteria)
    )


def overflow(state: RunState, at: float) -> list[ev.Event]:
    """What follows for tasks whose tier has spent its budget: where the policy says so, the next stronger one's."""
    moved: dict[str, ev.Event] = {}
    for record, rank, measure in state.overflowing():
        reason = f"the {measure} budget of {state.tiers[record.tier].name} is spent"
        moved.setdefault(
            record.spec.id, ev.TaskEscalated(at, record.spec.id, record.tier, rank, reason, round(record.cost, 6))
        )
    return list(moved.values())


def spend(state: RunState, ended: Iterable[tuple[Attempt, Mapping[str, Any]]], at: float) -> list[ev.Event]:
    """What follows for the budgets when attempts end, each with its evidence: a warning near a limit, a stop at it."""
    if not state.has_budget:
        return []
    amounts: dict[tuple[str, str], float] = {}
    for attempt, evidence in ended:
        for measure, amount in spending(attempt, state.tiers.get(attempt.tier), at, evidence).items():
            for scope in ("run", f"tier {attempt.tier}"):
                amounts[scope, measure] = amounts.get((scope, measure), 0.0) + amount
    return [
        event for (scope, measure), amount in amounts.items() for event in _account(state, scope, measure, amount, at)
    ]


def _account(state: RunState, scope: str, measure: str, amount: float, at: float) -> list[ev.Event]:
    limit = state.limit(scope, measure)
    key = (scope, measure)
    if limit is None or key in state.exhausted:
        return []
    spent = state.spent.get(key, 0.0) + amount
    if spent >= limit:
        return [ev.BudgetExhausted(at, scope, measure, round(spent, 6), limit)]
    budget = state.budget(scope)
    if key not in state.warned and spent >= limit * (budget.soft if budget else 1.0):
        return [ev.BudgetWarned(at, scope, measure, round(spent, 6), limit)]
    return []
