"""What a command names, found in the state or refused."""

from __future__ import annotations

from collections.abc import Iterable

from milepost.errors import Refused, UnknownName
from milepost.execution.records import Attempt, CheckpointRecord, TaskRecord
from milepost.execution.state import RunState

_NAMED = 8
"""How many tasks a message names."""


def find_task(state: RunState, task: str) -> TaskRecord:
    """The record of a task.

    Raises:
        UnknownName: the run has no such task; the nearest name is suggested.
    """
    if task in state.former_tasks:
        raise UnknownName(f"task {task} is no longer in the plan")
    if task not in state.tasks:
        from difflib import get_close_matches

        near = get_close_matches(task, state.tasks, n=1)
        known = [*state.tasks][:_NAMED]
        rest = f" and {len(state.tasks) - len(known)} more" if len(state.tasks) > len(known) else ""
        remedy = f"did you mean {near[0]}?" if near else f"it has {', '.join(known)}{rest}" if known else ""
        raise UnknownName(f"the run has no task {task}", remedy=remedy)
    return state.tasks[task]


def find_checkpoint(state: RunState, name: str) -> CheckpointRecord:
    """The record of a checkpoint.

    Raises:
        UnknownName: the run has no such checkpoint; all are listed.
    """
    if name not in state.checkpoints:
        known = ", ".join(item.spec.name for item in state.checkpoints.values())
        remedy = f"it has: {known}" if known else "it has no checkpoint at all"
        raise UnknownName(f"the run has no checkpoint {name}", remedy=remedy)
    return state.checkpoints[name]


def held_attempt(state: RunState, task: str, attempt_no: int) -> tuple[TaskRecord, Attempt]:
    """The attempt of that number, which must be the one that holds the task now (fencing).

    Raises:
        Refused: it is not; the message says who holds the task, or what became of it.
    """
    record = find_task(state, task)
    current = record.current
    if current is not None and current.no == attempt_no:
        return record, current
    known = next((attempt for attempt in record.attempts if attempt.no == attempt_no), None)
    wrong = f"attempt {attempt_no} does not hold task {task} any more"
    remedy = "stop working on it, and take another task that can start"
    if known is None:
        wrong = f"nobody has made an attempt {attempt_no} at task {task}"
        remedy = "claim a task, and report with the number of the attempt that the claim gave"
    if current is not None:
        if known is None:
            remedy = (
                f"report as attempt {current.no} if you are {current.worker}; else take another task that can start"
            )
        raise Refused(f"{wrong}: {current.worker} holds it now, by attempt {current.no}", remedy=remedy)
    if record.over:
        raise Refused(f"{wrong}: it is {record.status}, by {record.by}", remedy=remedy)
    why = f" ({known.outcome}: {known.reason})" if known and known.reason else ""
    raise Refused(f"{wrong}: it is {record.status}{why}", remedy=remedy)


def holding_back(state: RunState, record: TaskRecord) -> list[str]:
    """Names of the tasks and checkpoints that a task waits for."""
    names = []
    for wait in record.spec.waits:
        other = state.tasks.get(wait.task)
        if other is None or other.retired:
            continue
        if not (other.over if wait.on == "finish" else other.started):
            names.append(f"task {wait.task}")
    return names + open_gates(state, record.spec.gates)


def delay(record: TaskRecord) -> str:
    """Why a task that waits for nothing else starts only at its ``ready_at``."""
    if record.ready_at == record.spec.not_before:
        return "the plan has it begin no sooner"
    return "before it is tried again" if record.tries else "the lag of a dependency"


def open_gates(state: RunState, gates: tuple[str, ...]) -> list[str]:
    """Names of those of the checkpoints that have not passed."""
    found = (state.checkpoints[gate] for gate in gates if gate in state.checkpoints)
    return [gate.spec.name for gate in found if not gate.passed]


def in_the_way(state: RunState, record: TaskRecord, besides: Iterable[TaskRecord] = ()) -> TaskRecord | None:
    """The running task, or one of those ``besides``, that uses a file or resource of this one."""
    if not (record.spec.files or record.spec.resources):
        return None
    return next((other for other in (*state.active.values(), *besides) if _share(record, other)), None)


def _share(one: TaskRecord, other: TaskRecord) -> bool:
    if one is other:
        return False
    if set(one.spec.resources) & set(other.spec.resources):
        return True
    return any(_overlap(mine, theirs) for mine in one.spec.files for theirs in other.spec.files)


def _overlap(one: str, other: str) -> bool:
    """Whether one path is the other or lies below it; a pattern counts as the folder before its first wildcard."""
    first, second = _fixed_part(one), _fixed_part(other)
    return f"{first}/".startswith(f"{second}/") or f"{second}/".startswith(f"{first}/") or not (first and second)


def _fixed_part(path: str) -> str:
    parts = path.removeprefix("./").strip("/").split("/")
    fixed = []
    for part in parts:
        if any(char in part for char in "*?["):
            break
        fixed.append(part)
    return "/".join(fixed)
