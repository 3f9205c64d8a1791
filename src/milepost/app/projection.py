"""The truth written back: a run's state, and what follows from the boxes, projected on the plan by smallest edits.

Boxes come first, from the run. Everything else a plan says of its own progress is then derived from the boxes of
the document as it stands, so the same code serves a plan that was never run. A line that is true already is left
alone, whatever its wording; the date changes only when something else does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from milepost.execution.records import CriterionStatus, TaskRecord, TaskStatus
from milepost.execution.state import RunState
from milepost.lint.status import Status, derived, read_status
from milepost.plan.edits import set_assignment_status, set_header, tick, tick_criterion
from milepost.plan.grammar.durations import format_duration, parse_duration
from milepost.plan.model import Claim, ClaimKind, Plan, Task, TaskState
from milepost.source import Edit, SourceText, apply

_STATES = {
    TaskStatus.RUNNING: TaskState.IN_PROGRESS,
    TaskStatus.DONE: TaskState.DONE,
    TaskStatus.BLOCKED: TaskState.BLOCKED,
    TaskStatus.SKIPPED: TaskState.DEFERRED,
}
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_BRACKET = re.compile(r"\s*\(([^)]*)\)\s*$")
_FRACTION = re.compile(r"^\s*(\d+)\s*/\s*(\d+)")
_NUMBER = re.compile(r"^\s*(\d+)\b")
_Value = Callable[[Claim], str]


def project(
    source: SourceText,
    state: RunState | None,
    today: str,
    *,
    leave: Collection[str] = (),
    untick: Collection[str] = (),
    read: Callable[[SourceText], Plan] | None = None,
) -> SourceText:
    """Give the document as it should read. ``today`` is an ISO date; the boxes of tasks in ``leave`` stay as they are,
    ticks of those in ``untick`` are no news: they are to be done again. ``read`` reads a document's text.

    Projecting twice changes nothing more.
    """
    read = read or _read
    plan = read(source)
    ticked = apply(source, box_edits(plan, state, leave, untick) if state else [])
    plan = read(ticked)
    edits = claim_edits(plan)
    if apply(ticked, edits).text == source.text:
        return source
    return apply(ticked, dated(plan, edits, today))


def _read(source: SourceText) -> Plan:
    from milepost.plan.reader import read_plan  # which those who know how to read have no need for

    return read_plan(source)


def dated(plan: Plan, edits: list[Edit], today: str) -> list[Edit]:
    """These edits, and the one that gives the plan their date."""
    return [*edits, *_header(plan, ClaimKind.LAST_UPDATED, lambda _: today)]


def box_edits(plan: Plan, state: RunState, leave: Collection[str], untick: Collection[str]) -> list[Edit]:
    """What makes the boxes of a plan show a run; ``leave`` and ``untick`` are those of :func:`project`."""
    edits: list[Edit] = []
    for task in plan.tasks:
        record = state.tasks.get(task.id)
        if record is None or task is not plan.by_id[task.id] or task.id in leave:
            continue
        wanted = _wanted(task, record, again=task.id in untick)
        if wanted is not task.state:
            edits += tick(plan, task.id, wanted)
    edits += _whole_edits(plan, state, leave, untick)
    for checkpoint in plan.checkpoints:
        known = state.checkpoints.get(checkpoint.id)
        for index, (criterion, judged) in enumerate(
            zip(checkpoint.criteria, known.criteria if known else (), strict=False)
        ):
            passed = judged.status is CriterionStatus.PASSED
            ticked = criterion.checkbox and criterion.checkbox.state is TaskState.DONE
            if passed and criterion.checkbox and not ticked:
                edits += tick_criterion(plan, checkpoint.id, index, TaskState.DONE)
            if ticked and not passed and judged.at is not None:
                edits += tick_criterion(plan, checkpoint.id, index, TaskState.NOT_STARTED)
    return edits


def finished_wholes(plan: Plan, state: RunState) -> dict[str, bool]:
    """Each task that is made of required parts, and whether the run knows all of these to be done."""
    found: dict[str, bool] = {}
    if not plan.parents:
        return found
    for part in plan.required:
        record = state.tasks.get(part.id)
        done = record is not None and record.status is TaskStatus.DONE
        for above in _ancestry(plan, part):
            found[above.id] = found.get(above.id, True) and done
    return found


def _whole_edits(plan: Plan, state: RunState, leave: Collection[str], untick: Collection[str]) -> list[Edit]:
    """Tick what is made of parts with the last of them, untick it when one is to be done again."""
    again = {above.id for name in untick if name in plan.by_id for above in _ancestry(plan, plan.by_id[name])}
    edits: list[Edit] = []
    for name, done in finished_wholes(plan, state).items():
        now = plan.by_id[name].state
        if done and now in (TaskState.NOT_STARTED, TaskState.IN_PROGRESS) and name not in leave:
            edits += tick(plan, name, TaskState.DONE)
        if not done and now is TaskState.DONE and name in again:
            edits += tick(plan, name, TaskState.NOT_STARTED)
    return edits


def _ancestry(plan: Plan, task: Task) -> list[Task]:
    """The tasks that a task is part of, the nearest first."""
    found: list[Task] = []
    above = plan.by_id.get(task.parent or "")
    while above is not None and above is not task and above not in found:
        found.append(above)
        above = plan.by_id.get(above.parent or "")
    return found


def _wanted(task: Task, record: TaskRecord, *, again: bool) -> TaskState:
    """The state a task's box should show.

    A task the run did not touch keeps what its author wrote, and a ticked box stays ticked: the run will be told,
    unless it asked for the task to be done again.
    """
    if task.state is TaskState.DONE and not again:
        return TaskState.DONE
    if record.status in _STATES:
        return _STATES[record.status]
    if again or (record.reopened and task.state is TaskState.DEFERRED):
        return TaskState.NOT_STARTED
    return TaskState.NOT_STARTED if record.attempts else task.state


def false_totals(plan: Plan) -> list[Edit]:
    """What makes those lines of a plan true that do not depend on its boxes."""
    total = len(plan.required)
    edits = _header(plan, ClaimKind.TOTAL_TASKS, lambda claim: _total(claim, total))
    return edits + _header(plan, ClaimKind.ESTIMATED_TIME, lambda claim: _estimated(plan, claim))


def claim_edits(plan: Plan) -> list[Edit]:
    """What makes the computed lines of a plan true, its date aside."""
    done = sum(task.state is TaskState.DONE for task in plan.required)
    total = len(plan.required)
    edits = false_totals(plan)
    edits += _header(plan, ClaimKind.STATUS, lambda claim: _status(plan, claim, done, total))
    edits += _header(plan, ClaimKind.PROGRESS, lambda claim: _progress(claim, done, total))
    for row in plan.assignments:
        tasks = [plan.by_id[name] for name in row.tasks if name in plan.by_id]
        if row.status is None or not tasks:
            continue
        now = derived(tasks)
        if read_status(row.status.text) is not now:
            edits += set_assignment_status(plan, row, now.value)
    return edits


def _header(plan: Plan, kind: ClaimKind, value: _Value) -> list[Edit]:
    claim = plan.claim(kind)
    if claim is None:
        return []
    wanted = value(claim)
    return [] if wanted == claim.text else set_header(plan, kind, wanted)


def _total(claim: Claim, total: int) -> str:
    found = _NUMBER.match(claim.text)
    return claim.text if found and int(found.group(1)) == total else str(total)


def _progress(claim: Claim, done: int, total: int) -> str:
    found = _FRACTION.match(claim.text)
    if found and (int(found.group(1)), int(found.group(2))) == (done, total):
        return claim.text
    return f"{done}/{total} tasks complete"


def _estimated(plan: Plan, claim: Claim) -> str:
    """The effort, and how long it takes when nobody has to wait for a worker."""
    if not plan.effort:
        return claim.text
    makespan = _makespan(plan)
    bracket = _BRACKET.search(claim.text)
    effort = parse_duration(claim.text[: bracket.start()] if bracket else claim.text)
    if effort and effort.likely == plan.effort:
        told = _told_makespan(bracket.group(1)) if bracket else None
        if told is None or told == makespan:
            return claim.text
    return f"{format_duration(plan.effort)} (makespan {format_duration(makespan)})"


def _told_makespan(bracket: str) -> int | None:
    if "makespan" not in bracket:
        return None
    told = parse_duration(bracket.replace("makespan", "").strip())
    return told.likely if told else -1


def _makespan(plan: Plan) -> int:
    from milepost.schedule.critical_path import compute
    from milepost.schedule.network import Network

    network = Network.from_plan(plan, gates=True)
    return compute(network).makespan


def _status(plan: Plan, claim: Claim, done: int, total: int) -> str:
    if not total:
        return claim.text
    now = derived(plan.required)
    percent = _PERCENT.search(claim.text)
    if percent is None and read_status(claim.text) is now:
        return claim.text
    if now is Status.IN_PROGRESS and done:
        told = percent and float(percent.group(1)) == 100 * done // total
        return claim.text if told else f"{100 * done // total}% Complete"
    if now is Status.COMPLETE and _has_unread(plan):
        return claim.text  # nobody knows whether the plan is complete: other lines of it look like tasks
    return now.value


def _has_unread(plan: Plan) -> bool:
    from milepost.plan.coverage import unread_tasks

    return any(unread_tasks(plan))
