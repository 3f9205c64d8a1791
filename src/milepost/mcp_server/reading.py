"""Tools that show plans: which there are, what they say, what a check finds, where requirements stand."""

from __future__ import annotations

from typing import Any

from milepost.app.statuses import RunStatus, run_status
from milepost.bootstrap.desks import OpenPlan
from milepost.errors import MilepostError, UnknownName
from milepost.execution.lookup import holding_back
from milepost.execution.records import CheckpointRecord, CriterionStatus, TaskRecord, TaskStatus
from milepost.mcp_server.parameters import CURSOR, PLAN, Parameter
from milepost.mcp_server.replies import (
    LONGEST_LIST,
    Reply,
    cut,
    data,
    dump,
    line,
    numbered_page,
    offset,
    page,
)
from milepost.mcp_server.tool import Call, Tool

_PLANS, _CRITERIA = 20, 10
_PAGE = LONGEST_LIST - 800
"""Characters of a document in one page."""


def list_plans(call: Call) -> Reply:
    """The plans that are served, each with where it stands."""
    start = offset(call.text("cursor"))
    names = call.desk.plans()

    def show(name: str) -> dict[str, Any]:
        try:
            plan = call.desk.open(name)
            status = run_status(call.state(plan), plan.project.now())
        except MilepostError as error:
            return {"plan": name, "error": line(str(error), 200)}
        return {"plan": name, "title": line(plan.project.title, 120), **_progress(status)}

    return page(
        "plans",
        names[start:],
        show,
        about={"plans_in_all": len(names)},
        cursor=lambda _, number: str(number + 1),
        limit=_PLANS,
        start=start,
    )


def _progress(status: RunStatus) -> dict[str, Any]:
    return {
        "done": status.done,
        "tasks": status.total,
        "ready": len(status.ready),
        "running": len(status.running),
        "blocked": len(status.blocked),
        "outcome": status.outcome.value,
    }


def get_plan(call: Call) -> Reply:
    """A plan's overview, or a part of it."""
    plan, section = call.open(), call.text("section", "overview").strip()
    if section == "overview":
        return _overview(plan, call)
    if section == "document":
        return _document(plan, call)
    state = call.state(plan)
    if section == "checkpoints":
        return numbered_page("checkpoints", list(state.checkpoints.values()), gate_json, call.text("cursor"))
    if section in state.tasks or section in plan.project.extract.apart:
        return _task(plan, section, state.tasks.get(section), state)
    return _phase(plan, call, section)


def _overview(plan: OpenPlan, call: Call) -> Reply:
    state, now = call.state(plan), plan.project.now()
    status, document = run_status(state, now), plan.plan
    about: dict[str, Any] = {
        "plan": call.desk.name(plan.path),
        "title": line(document.title, 200),
        "purpose": line(document.purpose, 400),
        **_progress(status),
        "run": state.run if state.version else "",
        "waiting_for": [line(reason, 200) for reason in status.reasons()[:5]],
        "working": [_holder(record) for record in status.running[:10]],
        "checkpoints": [
            f"{line(gate.spec.name, 60)}: {'passed' if gate.passed else 'due' if gate.due else 'ahead'}"
            for gate in list(state.checkpoints.values())[:15]
        ],
    }

    def show(phase: Any) -> dict[str, Any]:
        records = [state.tasks[name] for name in phase.tasks if name in state.tasks]
        over = sum(record.over for record in records)
        return {"section": f"phase {phase.id}", "title": line(phase.title, 100), "done": over, "tasks": len(records)}

    return numbered_page("phases", document.phases, show, call.text("cursor"), about)


def _holder(record: TaskRecord) -> str:
    worker = record.attempts[-1].worker if record.attempts else ""
    return line(f"{record.spec.id} by {worker}", 120)


def _document(plan: OpenPlan, call: Call) -> Reply:
    """A page of the document's own text; the cursor counts characters."""
    text = plan.project.source.text
    start = min(offset(call.text("cursor")), len(text))
    end = min(start + _PAGE, len(text))
    if end < len(text):
        end = max(text.rfind("\n", start, end) + 1, start + 1) if "\n" in text[start:end] else end
    more = f"\nnext_cursor: {end}" if end < len(text) else "\nThis is the end of the document."
    return Reply(f"Characters {start} to {end} of {len(text)}.\n{data('document', text[start:end])}{more}")


def _task(plan: OpenPlan, name: str, record: TaskRecord | None, state: Any) -> Reply:
    """What the document says of a task, and how it stands."""
    found: dict[str, Any] = {"id": line(name, 80)}
    if record is None:
        found["status"] = line(plan.project.extract.apart[name].why, 200)
    else:
        found |= {"status": record.status.value, "tier": record.tier, "attempts": len(record.attempts)}
        if record.current:
            found |= {"worker": line(record.current.worker, 120), "attempt_no": record.current.no}
        if record.status is TaskStatus.PENDING:
            found["waits_for"] = [line(text, 100) for text in holding_back(state, record)[:20]]
        if record.reason:
            found["reason"] = line(record.reason, 300)
        if record.over and record.by:
            found["by"] = line(record.by, 120)
    task = plan.plan.by_id.get(name)
    text = plan.project.source.slice(task.span) if task else ""
    return Reply(f"{dump(found)}\n{data('document', cut(text, _PAGE - 1000))}")


def _phase(plan: OpenPlan, call: Call, section: str) -> Reply:
    wanted = section.casefold().removeprefix("phase").strip()
    state = call.state(plan)
    for phase in plan.plan.phases:
        if wanted in (phase.id.casefold(), phase.title.casefold()):
            records = [state.tasks[name] for name in phase.tasks if name in state.tasks]
            about = {"section": f"phase {phase.id}", "title": line(phase.title, 200)}
            return numbered_page("tasks", records, _row, call.text("cursor"), about)
    from difflib import get_close_matches

    names = [f"phase {phase.id}" for phase in plan.plan.phases]
    near = get_close_matches(section, [*state.tasks, *names], n=1, cutoff=0.4)
    also = f"did you mean {near[0]}? " if near else ""
    raise UnknownName(
        f"the plan has no section {cut(section, 60)}",
        remedy=f"{also}Sections are overview, document, checkpoints, `phase N`, and task ids",
    )


def _row(record: TaskRecord) -> dict[str, Any]:
    found = {
        "id": line(record.spec.id, 80),
        "title": line(record.spec.title, 160),
        "status": record.status.value,
        "tier": record.tier,
    }
    if record.spec.human:
        found["for"] = "people"
    return found


def gate_json(gate: CheckpointRecord) -> dict[str, Any]:
    """A checkpoint with its criteria."""
    criteria = []
    for one in gate.criteria[:_CRITERIA]:
        shown = {"text": line(one.spec.text, 160), "status": one.status.value}
        if one.spec.command:
            shown["command"] = line(one.spec.command, 120)
        if one.by:
            shown["by"] = line(one.by, 80)
        if one.status is CriterionStatus.FAILED and one.evidence.get("output"):
            shown["output"] = line(str(one.evidence["output"])[-200:], 200)
        criteria.append(shown)
    state = "passed" if gate.passed else "due" if gate.due else "ahead"
    found = {"checkpoint": line(gate.spec.name, 80), "id": line(gate.spec.id, 80), "state": state, "criteria": criteria}
    return {**found, "criteria_in_all": len(gate.criteria)} if len(gate.criteria) > _CRITERIA else found


def check_plan(call: Call) -> Reply:
    """What is wrong with a plan."""
    from milepost.app.checks import Selection
    from milepost.app.checks import check_plan as check

    plan = call.open()
    found = check(plan.path, Selection())
    counts: dict[str, int] = {}
    for one in found.findings:
        counts[one.severity.value] = counts.get(one.severity.value, 0) + 1

    def show(one: Any) -> dict[str, Any]:
        source, finding = one.located(found.plan.source)
        at = source.position(finding.span.start)
        shown = {
            "line": at.line,
            "code": finding.code,
            "name": finding.name,
            "severity": finding.severity.value,
            "message": line(finding.message, 300),
        }
        return {**shown, "fix": line(finding.fix.title, 160)} if finding.fix else shown

    about = {"findings": counts or "none"}
    return numbered_page("list", found.findings, show, call.text("cursor"), about)


def trace_requirement(call: Call) -> Reply:
    """Where a requirement stands; without one, those that are not covered."""
    from milepost.bootstrap import trace

    plan = call.open()
    found, wanted = trace(plan.path), call.text("requirement").strip()
    rows = {row.requirement.id: row for row in found.matrix.rows}
    if not wanted:
        about = {"requirements": len(rows), "without_task": len(found.matrix.gaps)}
        return numbered_page("gaps", found.matrix.gaps, _gap, call.text("cursor"), about)
    row = rows.get(wanted) or next((row for name, row in rows.items() if name.casefold() == wanted.casefold()), None)
    if row is None:
        from difflib import get_close_matches

        near = get_close_matches(wanted, rows, n=1, cutoff=0.3)
        remedy = f"did you mean {near[0]}?" if near else "without `requirement` the gaps are listed"
        raise UnknownName(f"there is no requirement {cut(wanted, 60)}", remedy=remedy)
    shown = found.to_json([row])["requirements"][0]
    shown["tasks"] = [{**one, "title": line(one["title"], 120)} for one in shown["tasks"][:40]]
    shown["evidence"] = [
        {"task": one["task"], "by": line(one["by"], 80), "note": line(str(one["evidence"].get("note", "")), 200)}
        for one in shown["evidence"][:20]
    ]
    shown["tests"] = shown["tests"][:20]
    shown["criteria_without_task"] = shown["criteria_without_task"][:40]
    text = "\n".join([row.requirement.text, *(f"{one.id}: {one.text}" for one in row.requirement.criteria)])
    shown["title"] = line(shown["title"], 200)
    return Reply(f"{dump(shown)}\n{data('requirement', cut(text, 3000))}")


def _gap(row: Any) -> dict[str, Any]:
    found = {"id": line(row.requirement.id, 80), "title": line(row.requirement.title, 160)}
    if row.requirement.priority:
        found["priority"] = line(row.requirement.priority, 40)
    return {**found, "criteria_without_task": [one.id for one in row.missing[:20]]}


_SECTION = Parameter("section", about="overview, `phase N`, a task id, checkpoints, document", longest=200)

TOOLS = (
    Tool("list_plans", "The plans served here, with their progress.", (CURSOR,), list_plans),
    Tool(
        "get_plan",
        "A plan's overview with its phases, or one section of it.",
        (
            PLAN,
            Parameter("section", about="overview, `phase N`, a task id, checkpoints, document", longest=200),
            CURSOR,
        ),
        get_plan,
    ),
    Tool(
        "check_plan",
        "What is wrong with a plan: false claims, dangling ids, cycles, missing estimates.",
        (PLAN, CURSOR),
        check_plan,
        slow=lambda call: True,
    ),
    Tool(
        "trace_requirement",
        "A requirement's text, tasks, evidence and tests. Without one: requirements no task serves.",
        (PLAN, Parameter("requirement", about="Id, such as REQ-1.2", longest=200), CURSOR),
        trace_requirement,
        slow=lambda call: True,
    ),
)
