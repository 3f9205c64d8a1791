"""Tools for what is decided about a plan: its checkpoints, its schedule, its text."""

from __future__ import annotations

from typing import Any

from milepost.app.checkpoints import approve, find_checkpoint
from milepost.app.suggestions import in_shell
from milepost.bootstrap.desks import OpenPlan
from milepost.errors import UsageError
from milepost.execution.records import CheckpointRecord, CriterionStatus
from milepost.execution.state import RunState
from milepost.mcp_server.callers import APPROVE, EDIT, READ, WORK
from milepost.mcp_server.parameters import CURSOR, PLAN, Parameter
from milepost.mcp_server.reading import gate_json
from milepost.mcp_server.replies import Reply, answer, cut, data, dump, line, numbered_page
from milepost.mcp_server.tool import Call, Tool

_ACTIONS = ("show", "run", "request_approval")


def checkpoint(call: Call) -> Reply:
    """Show a checkpoint, have its commands judge, or ask for its approval."""
    plan, action = call.open(), call.text("action", "show")
    state = call.state(plan)
    wanted = call.text("checkpoint")
    if action == "show" and not wanted:
        return numbered_page("checkpoints", list(state.checkpoints.values()), gate_json, call.text("cursor"))
    name = find_checkpoint(state, wanted) if wanted else _due(state)
    if action == "run":
        call.caller.require(WORK, "have a checkpoint's commands run")
        return _judge(plan, call, name)
    if action == "request_approval":
        if APPROVE not in call.caller.scopes:
            call.caller.require(WORK, "request an approval")
        return _ask(plan, call, name)
    return answer(gate_json(state.checkpoints[name]))


def _due(state: RunState) -> str:
    """The checkpoint whose turn it is."""
    due = [name for name, gate in state.checkpoints.items() if gate.due]
    if len(due) != 1:
        names = ", ".join(state.checkpoints[name].spec.name for name in due) or "none"
        raise UsageError(f"`checkpoint` is missing; due now: {names}", remedy="name the one you mean")
    return due[0]


def _judge(plan: OpenPlan, call: Call, name: str) -> Reply:
    from milepost.bootstrap.judging import judge_checkpoint

    session = plan.run(call.caller.name)
    judge_checkpoint(plan.project, session, name, call.caller.name)
    plan.mark_unsaved()
    gate = session.state.checkpoints[name]
    found = gate_json(gate)
    if _unsigned(gate):
        found["next"] = "criteria without a command need a person: checkpoint with action request_approval"
    return answer(found)


def _unsigned(gate: CheckpointRecord) -> list[str]:
    return [c.spec.text for c in gate.criteria if not c.spec.command and c.status is not CriterionStatus.PASSED]


def _ask(plan: OpenPlan, call: Call, name: str) -> Reply:
    """Sign off where the caller may; else ask people, and say who has to."""
    session = plan.run(call.caller.name)
    if APPROVE in call.caller.scopes:
        approve(session, name, by=call.caller.name, now=plan.project.now(), comment=call.text("comment"))
        plan.mark_unsaved()
        return answer(gate_json(session.state.checkpoints[name]))
    gate = session.state.checkpoints[name]
    if gate.passed or not gate.due:
        return answer({**gate_json(gate), "next": "it needs no approval now" if gate.passed else "it is not due yet"})
    words = ["milepost", "approve", plan.path, gate.spec.name]
    return answer(
        {
            "checkpoint": line(gate.spec.name, 80),
            "state": "waits for a person",
            "notified": _told(plan, session.state, name, call.caller.name),
            "criteria": [line(text, 160) for text in _unsigned(gate)[:20]],
            "next": f"you may not approve it. Tell the person you work for to look and run: {in_shell(*words)}",
        }
    )


def _told(plan: OpenPlan, state: RunState, name: str, by: str) -> bool:
    """Whether people were asked for an approval, once, by the command that the settings name for that."""
    from milepost.bootstrap.judging import ask_approval

    if name not in plan.remarks.asked and ask_approval(plan.project, state, name, by):
        plan.remarks.asked.add(name)
    return name in plan.remarks.asked


def get_schedule(call: Call) -> Reply:
    """The schedule, the forecast, or both plans of a what-if."""
    plan, view = call.open(), call.text("view", "summary")
    changes = _changes(call)
    if changes is not None:
        return answer(_compare(plan, call, changes))
    if view == "forecast" or call.text("deadline"):
        return answer(_forecast(plan, call))
    from milepost.bootstrap.outlooks import current_schedule

    report = current_schedule(plan.project)
    if view == "tasks":
        about = {"makespan_seconds": report.leveled.makespan_seconds, "times": "working seconds from the start"}
        return numbered_page("tasks", report.rows, _row, call.text("cursor"), about)
    path = report.gated or report.ungated
    shown: dict[str, Any] = {
        "effort_seconds": report.effort_seconds,
        "makespan_seconds": report.leveled.makespan_seconds,
        "shortest_possible_seconds": report.leveled.lower_bound_seconds,
        "critical_path": [line(name, 60) for name in path.critical_path[:60]] if path else "cycle",
        "tiers": [
            {"tier": use.rank, "tasks": use.tasks, "seconds": use.work_seconds, "at_once": use.capacity}
            for use in report.tiers
        ],
        "without_estimate": len(report.assumed),
    }
    if report.replanned:
        shown["done"], shown["running"] = report.replanned.done, report.replanned.running
    return answer({**shown, "next": "view `tasks` has dates and floats, `forecast` percentiles"})


def _row(row: Any) -> dict[str, Any]:
    found = {
        "id": line(row.id, 80),
        "start": row.start_seconds,
        "finish": row.finish_seconds,
        "float": row.total_float_seconds,
        "critical": row.critical,
    }
    return {**found, "tier": row.tier} if row.tier is not None else found


def _changes(call: Call) -> Any:
    """What a what-if changes; None when nothing was given."""
    given = call.given.get("what_if")
    if given is None:
        return None
    from milepost.app.what_ifs import Changes
    from milepost.plan.grammar.durations import parse_duration

    shape = "give {tiers: {'2.capacity': 4}, without: ['3.2'], efforts: {'2.2': '6h'}}"
    tiers, efforts = {}, {}
    try:
        for place, value in given.get("tiers", {}).items():
            rank, _, key = place.partition(".")
            tiers[int(rank), key or "capacity"] = float(value)
        for task, length in given.get("efforts", {}).items():
            efforts[task] = parse_duration(str(length))
        without = tuple(str(name) for name in given.get("without", ()))
    except (AttributeError, TypeError, ValueError):
        raise UsageError("`what_if` is not understood", remedy=shape) from None
    unreadable = [task for task, length in efforts.items() if length is None]
    if unreadable or not set(given) <= {"tiers", "efforts", "without"}:
        raise UsageError("`what_if` is not understood", remedy=shape)
    return Changes(tiers, without, {task: length for task, length in efforts.items() if length})


def _options(plan: OpenPlan, call: Call) -> tuple[Any, Any]:
    """How to forecast, and what the ledger tells."""
    from milepost.app.forecasts import ForecastOptions
    from milepost.app.stated_dates import plan_dates
    from milepost.bootstrap.outlooks import run_progress
    from milepost.plan.grammar.durations import parse_duration

    deadline: int | str | None = call.text("deadline") or None
    length = parse_duration(deadline) if isinstance(deadline, str) else None
    deadline = length.likely if length else deadline
    project = plan.project
    needed = isinstance(deadline, str)
    dates = plan_dates(project.plan, project.settings, None, project.now, needed=needed, remaining=True)
    return ForecastOptions(deadline=deadline, dates=dates), run_progress(project, dates)


def _forecast(plan: OpenPlan, call: Call) -> dict[str, Any]:
    from milepost.app.forecasts import forecast_plan

    options, progress = _options(plan, call)
    found = forecast_plan(plan.project.plan, plan.project.settings, options, progress)
    shown: dict[str, Any] = {
        "tasks": found.tasks,
        "done": found.done,
        "samples": found.samples,
        "planned": {"seconds": found.planned.seconds, "odds": round(found.planned.probability, 3)},
        "percentiles": [
            {
                "percent": one.percent,
                "seconds": one.seconds,
                "cost": one.cost,
                **({"date": one.date} if one.date else {}),
            }
            for one in found.percentiles
        ],
        "checkpoints": [{"name": line(one.name, 60), "p50_seconds": one.p50_seconds} for one in found.milestones[:15]],
        "decisive_tasks": [
            {"id": line(one.id, 80), "criticality": one.criticality, "escalation": one.escalation}
            for one in found.matters[:8]
        ],
    }
    if found.deadline:
        shown["deadline"] = {"seconds": found.deadline.seconds, "odds": round(found.deadline.probability, 3)}
    return shown


def _compare(plan: OpenPlan, call: Call, changes: Any) -> dict[str, Any]:
    from milepost.app.what_ifs import compare

    options, progress = _options(plan, call)
    found = compare(plan.project.plan, plan.project.settings, changes, options, progress).as_dict()
    for side in ("before", "after"):
        found[side]["critical_path"] = [line(name, 60) for name in found[side]["critical_path"][:40]]
    return {key: found[key] for key in ("confidence", "samples", "before", "after")}


def edit_plan(call: Call) -> Reply:
    """Show what edits of a plan would change; with ``confirm`` write them."""
    from milepost.app.plan_edits import Replacement, carry_out, propose

    plan = call.open()
    edits = []
    for one in call.given["edits"]:
        if (
            not isinstance(one, dict)
            or not {"old", "new"} == set(one)
            or not all(isinstance(v, str) for v in one.values())
        ):
            raise UsageError("each of `edits` needs exactly `old` and `new`, both texts")
        edits.append(Replacement(one["old"], one["new"]))
    confirm, guards = call.text("confirm"), APPROVE in call.caller.scopes
    if confirm:
        found = carry_out(plan.path, edits, confirm, guards_too=guards)
    else:
        found = propose(plan.path, edits, guards_too=guards)
    about: dict[str, Any] = {"applied": bool(confirm)}
    about["new_findings"] = [line(f"[{one.name}] {one.message}", 200) for one in found.news[:8]]
    if not confirm:
        about["next"] = f"look at the diff; to write it call again with the same edits and confirm `{found.token}`"
    return Reply(f"{dump(about)}\n{data('diff', cut(found.diff, 6000))}")


TOOLS = (
    Tool(
        "checkpoint",
        "Show checkpoints, run the commands of a due one, or request its approval by a person.",
        (
            PLAN,
            Parameter("checkpoint", about="Name or number", longest=200),
            Parameter("action", choices=_ACTIONS),
            Parameter("comment"),
            CURSOR,
        ),
        checkpoint,
        READ,
        writes=True,
        slow=lambda call: call.given.get("action") == "run",
    ),
    Tool(
        "get_schedule",
        "Schedule within the tiers' capacities; forecast percentiles; what_if compares the plan with a changed one.",
        (
            PLAN,
            Parameter("view", choices=("summary", "tasks", "forecast")),
            Parameter("deadline", about="12h or 2026-12-24: its odds", longest=60),
            Parameter("what_if", "object", "{tiers: {'2.capacity': 4}, without: ['3.2'], efforts: {'2.2': '6h'}}"),
            CURSOR,
        ),
        get_schedule,
        slow=lambda call: True,
    ),
    Tool(
        "edit_plan",
        "Change a plan's text. Without confirm the diff is shown; with it the edit is written, unless the file "
        "changed. Not for ticking boxes.",
        (
            PLAN,
            Parameter(
                "edits",
                "array",
                "`old` must occur exactly once",
                required=True,
                shape={
                    "items": {
                        "type": "object",
                        "properties": {"old": {"type": "string"}, "new": {"type": "string"}},
                        "required": ["old", "new"],
                    }
                },
            ),
            Parameter("confirm", about="Token of the diff you saw", longest=40),
        ),
        edit_plan,
        EDIT,
        slow=lambda call: True,
    ),
)
