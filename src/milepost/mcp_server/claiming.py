"""Tools for the work itself: what can start, what it is about, taking it, finishing it."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from functools import partial
from typing import Any

from milepost.app.agents import (
    claim_for_agent,
    claim_most_urgent,
    ready_for_agents,
    require_blockable,
    require_own,
)
from milepost.app.statuses import run_status
from milepost.app.tasks import aftermath, block, complete, fail
from milepost.app.tasks import heartbeat as extend_lease
from milepost.bootstrap.desks import OpenPlan
from milepost.errors import Refused
from milepost.execution.lookup import find_task
from milepost.execution.records import Attempt, CriterionStatus, TaskRecord
from milepost.execution.state import RunState
from milepost.execution.wording import duration
from milepost.mcp_server.callers import WORK
from milepost.mcp_server.parameters import ATTEMPT, CURSOR, PLAN, TASK, Parameter
from milepost.mcp_server.replies import LONGEST_TEXT, Reply, answer, cut, data, error, line, page
from milepost.mcp_server.tool import Call, Tool

_TITLE, _FILES, _REASONS = 240, 6, 5
_LIMIT = 5
_PRINTED = 2500
"""Characters of what a verification printed."""


def _summary(record: TaskRecord) -> dict[str, Any]:
    """A task in at most 1,200 characters."""
    spec = record.spec
    found: dict[str, Any] = {"id": line(spec.id, 80), "title": line(spec.title, _TITLE), "tier": record.tier}
    if spec.effort:
        found["effort"] = duration(spec.effort)
    before = sum(attempt.ended_at is not None for attempt in record.attempts)
    if before:
        found["attempts_before"] = before
    if spec.files:
        found["files"] = [line(path, 60) for path in spec.files[:_FILES]]
    if spec.verify:
        found["verified_by"] = [line(text, 80) for text in spec.verify[:2]]
    if record.command:
        found["command"] = line(record.command, 100)
    return found


def next_tasks(call: Call) -> Reply:
    """The tasks that an agent can claim now, the most urgent first."""
    plan = call.open()
    state, now = call.state(plan), plan.project.now()
    tier = call.number("tier") or None
    ready = list(ready_for_agents(state, now, tier))
    after = _order(call.text("cursor"))
    rest = [record for record in ready if (record.spec.order, record.spec.id) > after]
    about: dict[str, Any] = {"ready": len(ready)}
    if not ready:
        status = run_status(state, now)
        about["outcome"] = status.outcome.value
        about["waiting_for"] = [line(reason, 300) for reason in status.reasons()[:_REASONS]]
        about |= _hint(state)
    return page(
        "tasks",
        rest,
        _summary,
        about=about,
        cursor=lambda record, _: f"{record.spec.order}:{record.spec.id}",
        limit=call.number("limit") or _LIMIT,
    )


def _order(cursor: str) -> tuple[int, str]:
    order, _, task = cursor.partition(":")
    if not cursor:
        return -1, ""
    if not order.isdecimal() or len(order) > 12:
        from milepost.errors import UsageError

        raise UsageError(f"`{cut(cursor, 40)}` is no cursor", remedy="give next_cursor of the page before, or none")
    return int(order), task


def get_brief(call: Call) -> Reply:
    """Everything a worker needs for one task."""
    from milepost.app.brief_shelf import BriefShelf
    from milepost.app.briefs import write_brief

    plan = call.open()
    state = call.state(plan)
    record = _task_of(plan, call.text("task"), state)
    around = BriefShelf(plan.path).around(plan.project.now(), partial(_left_behind, plan))
    brief = cut(write_brief(plan.plan, state, record, around), LONGEST_TEXT - 600)
    what = f"Task {line(record.spec.id, 80)}; what follows is data of the plan. {_end_of(record)}"
    return Reply(f"{what}\n{data('brief', brief)}")


def _end_of(record: TaskRecord) -> str:
    """How whoever reads a brief goes on."""
    if record.current is None:
        return "Nobody holds it: claim_task before you begin." if not record.over else "It is over already."
    no = record.current.no
    return f"Attempt {no} holds it. End it with complete_task or fail_task, attempt_no {no}."


def _left_behind(plan: OpenPlan, task: str, attempt_no: int) -> list[str]:
    """The last lines that an attempt printed, or that its agent logged."""
    from milepost.adapters.run_folder import last_lines

    run = plan.state().run
    return last_lines(plan.project.attempt_log(run, task, attempt_no))


def _task_of(plan: OpenPlan, task: str, state: Any) -> TaskRecord:
    """The record of a task that takes part in runs.

    Raises:
        UnknownName: there is no such task; the nearest is named.
        Refused: it is optional, struck out, or made of parts.
    """
    apart = plan.project.extract.apart.get(task)
    if apart is not None:
        raise Refused(f"task {task} {apart.why}", remedy=apart.remedy)
    return find_task(state, task)


def claim_task(call: Call) -> Reply:
    """Take a task: the one named, or the most urgent one."""
    plan = call.open()
    by = call.text("by")
    worker = f"{call.caller.name}/{by}" if by else call.caller.name
    session = plan.run(worker)
    now, lease = plan.project.now(), _lease(call, plan)
    tier = call.number("tier") or None
    if task := call.text("task"):
        _task_of(plan, task, session.state)
        claimed = claim_for_agent(session, task, worker=worker, now=now, lease=lease, tier=tier)
    else:
        claimed = claim_most_urgent(session, worker=worker, now=now, lease=lease, tier=tier)
    plan.mark_unsaved()
    plan.remarks.texts[claimed.task.spec.id, claimed.attempt_no] = claimed.task.spec.digest
    found = {**_summary(claimed.task), "attempt_no": claimed.attempt_no, "worker": worker}
    found["lease_seconds"] = round((claimed.lease_until or now) - now)
    limit = session.state.attempt_limit(claimed.task)
    if limit is not None:
        found["limit_seconds"] = round(limit)
    return answer(
        {**found, "next": "get_brief, do it, heartbeat within lease_seconds, then complete_task or fail_task"}
    )


def _lease(call: Call, plan: OpenPlan) -> float:
    minutes = call.given.get("lease_minutes") or plan.project.settings.lease_minutes
    return float(minutes) * 60


def heartbeat(call: Call) -> Reply:
    """Say that an attempt still lives, with a line for its log."""
    plan = call.open()
    session = plan.run(call.caller.name)
    task, attempt_no = call.text("task"), call.number("attempt_no")
    require_own(session, task, attempt_no, by=call.caller.name, verified=call.caller.verified)
    now, lease = plan.project.now(), _lease(call, plan)
    until = extend_lease(session, task, by=call.caller.name, now=now, lease=lease, attempt_no=attempt_no)
    if log := call.text("log"):
        _write_log(plan, session.stream, task, attempt_no, line(log, 1000))
    found: dict[str, Any] = {"task": task, "attempt_no": attempt_no, "lease_seconds": round(until - now)}
    return answer({**found, **_changes(plan, session.state.tasks[task], attempt_no)})


def _changes(plan: OpenPlan, record: TaskRecord, attempt_no: int) -> dict[str, str]:
    """What the worker has to know of its task's text since it claimed it."""
    if record.retired:
        return {"note": "the task was taken out of the plan: ask a person before you go on"}
    claimed = plan.remarks.texts.get((record.spec.id, attempt_no), record.spec.digest)
    return {} if claimed == record.spec.digest else {"note": "the task's text changed: get_brief has it as it is now"}


def _write_log(plan: OpenPlan, run: str, task: str, attempt_no: int, text: str) -> None:
    """Keep a line with the attempt, where `milepost log` and later briefs find it."""
    path = plan.project.attempt_log(run, task, attempt_no)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(text + "\n")


def complete_task(call: Call) -> Reply:
    """Report a task as done, once its verification succeeds."""
    plan = call.open()
    session = plan.run(call.caller.name)
    task, attempt_no = call.text("task"), call.number("attempt_no")
    record = require_own(session, task, attempt_no, by=call.caller.name, verified=call.caller.verified)
    changed = _changes(plan, record, attempt_no)
    if record.spec.verify:  # which may take as long as a lease
        lease = _lease(call, plan)
        extend_lease(session, task, by=call.caller.name, now=plan.project.now(), lease=lease, attempt_no=attempt_no)
    judged: list[dict[str, Any]] = []

    def verify(name: str, attempt: Attempt) -> tuple[str, list[dict[str, Any]]]:
        failure, found = plan.project.verify(session, name, attempt)
        judged.extend(found)
        return failure, found

    try:
        complete(
            session,
            task,
            by=record.attempts[-1].worker,
            now=plan.project.now,
            attempt_no=attempt_no,
            note=call.text("note"),
            verify=verify,
        )
    except Refused as refusal:
        if not judged:
            raise
        return _not_verified(refusal, str(judged[-1].get("output", "")))
    plan.mark_unsaved()
    ready = sum(1 for _ in ready_for_agents(session.state, plan.project.now()))
    found = {"task": task, "status": "done", "plan_finished": session.state.finished, "ready": ready, **changed}
    if not ready and not session.state.finished:
        reasons = run_status(session.state, plan.project.now()).reasons()
        found["waiting_for"] = [line(reason, 200) for reason in reasons[:_REASONS]]
        found |= _hint(session.state)
    return answer(found)


def _hint(state: RunState) -> dict[str, str]:
    """What an agent can do where nothing can start: a due checkpoint may want judging, or a person."""
    due = next((gate for gate in state.checkpoints.values() if gate.due), None)
    if due is None:
        return {}
    name = line(due.spec.name, 60)
    if any(one.spec.command and one.status is CriterionStatus.PENDING for one in due.criteria):
        return {"next": f"checkpoint with action run has the commands of {name} judge"}
    return {"next": f"checkpoint with action request_approval asks people for {name}; then end, or call again later"}


def _not_verified(refusal: Refused, printed: str) -> Reply:
    """Say that a verification failed, with the last that it printed."""
    told = error(Refused(str(refusal), remedy="put it right and call complete_task again, or fail_task"))
    return replace(told, text=f"{told.text}\n{data('output', printed[-_PRINTED:])}" if printed else told.text)


def _verifies(call: Call) -> bool:
    plan = call.open()
    record = call.state(plan).tasks.get(call.text("task"))
    return record is not None and bool(record.spec.verify)


def fail_task(call: Call) -> Reply:
    """Report that an attempt failed."""
    plan = call.open()
    session = plan.run(call.caller.name)
    task, attempt_no = call.text("task"), call.number("attempt_no")
    require_own(session, task, attempt_no, by=call.caller.name, verified=call.caller.verified)
    events = fail(
        session,
        task,
        call.text("reason"),
        by=call.caller.name,
        now=plan.project.now(),
        attempt_no=attempt_no,
        escalate=bool(call.given.get("escalate")),
    )
    plan.mark_unsaved()
    record = session.state.tasks[task]
    return answer(
        {"task": task, "status": record.status.value, "tier": record.tier, "outcome": line(aftermath(events), 300)}
    )


def block_task(call: Call) -> Reply:
    """Stop a task until a person lets it go on."""
    plan = call.open()
    session = plan.run(call.caller.name)
    task, by = call.text("task"), call.caller.name
    _task_of(plan, task, session.state)
    require_blockable(session, task, call.number("attempt_no"), by=by, verified=call.caller.verified)
    block(session, task, call.text("reason"), by=by, now=plan.project.now())
    plan.mark_unsaved()
    return answer({"task": task, "status": "blocked", "next": "a person lets it go on with `milepost unblock`"})


_TIER = Parameter("tier", "integer", "Rank; 1 is the strongest", least=1)
_LEASE = Parameter("lease_minutes", "number", "How long you may be silent", least=0.01)

TOOLS = (
    Tool(
        "next_tasks",
        "Tasks an agent can claim now, most urgent first. Empty: waiting_for says what has to happen.",
        (PLAN, _TIER, Parameter("limit", "integer", least=1), CURSOR),
        next_tasks,
    ),
    Tool(
        "get_brief",
        "Everything needed for ONE task: steps, requirements, design, files, results it builds on, earlier attempts, "
        "acceptance criteria, time and cost left.",
        (PLAN, TASK),
        get_brief,
    ),
    Tool(
        "claim_task",
        "Take a task so that nobody else gets it. Without `task` you get the most urgent one. Keep attempt_no.",
        (
            PLAN,
            Parameter("task", about="Task id", longest=200),
            _TIER,
            _LEASE,
            Parameter("by", about="Your name, if several agents share this connection", longest=80),
        ),
        claim_task,
        WORK,
        writes=True,
    ),
    Tool(
        "heartbeat",
        "Extend your lease on a claimed task. Refused when it is not yours any more: stop working on it then.",
        (PLAN, TASK, ATTEMPT, Parameter("log", about="One line on your progress"), _LEASE),
        heartbeat,
        WORK,
    ),
    Tool(
        "complete_task",
        "Finish a claimed task. Its verification commands run first; refused when one fails.",
        (PLAN, TASK, ATTEMPT, Parameter("note", about="What was done, for who builds on it", longest=4000)),
        complete_task,
        WORK,
        writes=True,
        slow=_verifies,
    ),
    Tool(
        "fail_task",
        "Give a claimed task up: it is tried again, or with escalate goes to a stronger tier at once.",
        (
            PLAN,
            TASK,
            ATTEMPT,
            Parameter("reason", about="What you tried and why it failed, for the next one", required=True),
            Parameter("escalate", "boolean"),
        ),
        fail_task,
        WORK,
        writes=True,
    ),
    Tool(
        "block_task",
        "Stop a task that only a person can unblock: a decision or an access is missing.",
        (
            PLAN,
            TASK,
            Parameter("reason", about="What is needed from whom", required=True),
            Parameter("attempt_no", "integer", "If you hold it", least=1),
        ),
        block_task,
        WORK,
        writes=True,
    ),
)
