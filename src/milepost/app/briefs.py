"""What a worker is told of the task it gets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from milepost.app.brief_texts import introduction, own_text, phase_of, preamble
from milepost.app.designs import Section, excerpts, named_in
from milepost.app.left_behind import left_behind
from milepost.execution.lookup import open_gates
from milepost.execution.queries import running
from milepost.execution.records import Attempt, TaskRecord
from milepost.execution.state import RunState
from milepost.execution.wording import duration
from milepost.plan.grammar.durations import format_duration
from milepost.plan.model import Plan, Task
from milepost.spec.model import Requirement, RequirementsDocument
from milepost.spec.resolution import RequirementIndex

_DESIGN = 4000
"""Characters of design in a brief."""
_TEXT = 600
"""Characters of a requirement, a result or a log in a brief."""
_EARLIER = 3
"""Of so many attempts, the newest, a brief tells more than how they ended."""
_NOTES, _NOTE = 8, 200
"""So many notes of a plan, and so many characters of each."""


@dataclass(frozen=True)
class Surroundings:
    """What lies around a plan: documents with requirements, the design, the moment, and what attempts printed.

    ``now`` in seconds since 1970; ``log`` gives the last lines that an attempt at a task left.
    """

    requirements: Sequence[RequirementsDocument] = ()
    design: Sequence[Section] = ()
    now: float = 0.0
    log: Callable[[str, int], Sequence[str]] = lambda task, attempt_no: ()


def write_brief(plan: Plan, state: RunState, record: TaskRecord, around: Surroundings | None = None) -> str:
    """Everything the plan says about a task, how much time it has, and what was tried before, in Markdown.

    With what lies ``around`` the plan: the texts of the requirements, excerpts of the design, results of the tasks
    it builds on, what is left of time and money, and what earlier attempts printed.
    """
    task = plan.by_id.get(record.spec.id)
    lines = [f"# {record.spec.id} {record.spec.title}", "", f"Plan: {plan.title}"]
    phase = phase_of(plan, task) if task is not None else None
    if phase is not None:
        lines.append(f"Phase: {phase.title}")
    if plan.purpose:
        lines.append(f"Purpose: {plan.purpose}")
    if task is not None and task.requirements:
        lines.append("Requirements: " + ", ".join(reference.text for reference in task.requirements))
    if task is not None and task.files:
        lines.append("Files it may touch: " + ", ".join(task.files))
    lines += _time(state, record)
    if around is not None:
        lines += _left(state, record, around.now)
    if task is not None:
        lines += _section("What to do", _text_lines(own_text(plan, task)))
        lines += _section("What holds for its phase", _text_lines(introduction(plan, task)))
        lines += _section("What holds for the whole plan", _whole_plan(plan))
    found = _requirements(task, around) if task and around else []
    lines += _section("Requirements", [line for one in found for line in _requirement(one)])
    lines += _section("Done when these commands succeed", [f"- `{text}`" for text in record.spec.verify])
    lines += _section("Its checkpoints", list(_gates(state, record))) if around else []
    lines += _section("Results it builds on", _upstream(state, record)) if around else []
    lines += _section("Under way at the same time", _at_once(state, record)) if around else []
    lines += _section("Tried before", _earlier(record, around)) + left_behind(record)
    if task is not None and around is not None:
        lines += _design(task, found, around)
    return "\n".join(lines) + "\n"


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"## {title}", "", *lines] if lines else []


def _time(state: RunState, record: TaskRecord) -> list[str]:
    if not record.spec.effort:
        return []
    limit = state.attempt_limit(record)
    until = f"; after {format_duration(round(limit))} it escalates" if limit else ""
    return [f"Estimated: {format_duration(record.spec.effort)}{until}"]


def _left(state: RunState, record: TaskRecord, now: float) -> list[str]:
    """What is left of the attempt's time, and of the budgets it spends."""
    lines = []
    current, limit = record.current, state.attempt_limit(record)
    if current is not None:
        lines.append(f"Held by: {current.worker} (attempt {current.no}, tier {current.tier})")
        if limit is not None:
            left = current.started_at + limit - now
            lines.append(f"Time left before it escalates: {duration(left) if left > 0 else 'none'}")
    for scope in ("run", f"tier {record.tier}"):
        for measure in ("money", "hours", "tokens"):
            most = state.limit(scope, measure)
            if most is not None:
                lines.append(f"Left of the {measure} of the {scope}: {most - state.spent.get((scope, measure), 0.0):g}")
    tier = state.tiers.get(record.tier)
    if tier is not None and tier.cost_per_hour and limit is not None:
        lines.append(f"Cost of this attempt up to its limit: {tier.cost_per_hour * limit / 3600:.2f}")
    return lines


def _text_lines(text: str) -> list[str]:
    return text.split("\n") if text else []


def _whole_plan(plan: Plan) -> list[str]:
    """What stands above all tasks, the plan's notes, and the conditions of the whole plan."""
    told = [claim.span for claim in plan.claims] + ([plan.escalation.span] if plan.escalation else [])
    notes = [one for one in plan.notes if not any(one.span.start <= at.start < one.span.end for at in told)]
    texts = [f"{one.label}: {one.text}" if one.label else one.text for one in notes[:_NOTES]]
    texts += [f"in the end: {one.text}" for one in plan.criteria[:_NOTES]]
    return [*_text_lines(preamble(plan)), *(f"- {_short(text, _NOTE)}" for text in texts)]


def _requirements(task: Task, around: Surroundings) -> list[Requirement]:
    """The requirements that a task names."""
    index = RequirementIndex.of(around.requirements)
    named = (index.resolve(one.text, one.kind).targets for one in task.requirements)
    return list({target.requirement.id: target.requirement for targets in named for target in targets}.values())


def _requirement(one: Requirement) -> list[str]:
    text = one.text or one.title
    lines = [f"- {one.id}: {_short(text)}"]
    lines += [f"  - {criterion.id}: {_short(criterion.text)}" for criterion in one.criteria]
    return lines + [f"  - {field.label}: {_short(field.value)}" for field in one.fields]


def _gates(state: RunState, record: TaskRecord) -> list[str]:
    """The checkpoints that follow the task, with what they ask for."""
    found = []
    for gate in state.checkpoints.values():
        if record.spec.id in gate.spec.after and not gate.passed:
            wanted = "; ".join(one.text + (f" (`{one.command}`)" if one.command else "") for one in gate.spec.criteria)
            found.append(f"- {gate.spec.name}: {_short(wanted)}")
    held = open_gates(state, record.spec.gates)
    return found + [f"- waits for {name}" for name in held]


def _upstream(state: RunState, record: TaskRecord) -> list[str]:
    """What became of the tasks that this one waits for."""
    found = []
    for name in dict.fromkeys(wait.task for wait in record.spec.waits):
        other = state.tasks.get(name)
        if other is None:
            continue
        said = _said(other.attempts[-1]) if other.attempts else ""
        by = f" by {other.by}" if other.by else ""
        found.append(f"- {_named(other)}: {other.status}{by}" + (f": {_short(said)}" if said else ""))
    return found


def _at_once(state: RunState, record: TaskRecord) -> list[str]:
    """What others work on meanwhile, and in which files."""
    return [f"- {_named(one)}" for one in running(state) if one is not record][:_NOTES]


def _named(record: TaskRecord) -> str:
    files = f" [{', '.join(record.spec.files)}]" if record.spec.files else ""
    return f"{record.spec.id} {record.spec.title}{files}"


def _said(attempt: Attempt) -> str:
    """What who made an attempt told of it: a note, or an agent's answer."""
    return str(attempt.evidence.get("note") or attempt.evidence.get("report") or "")


def _design(task: Task, found: Sequence[Requirement], around: Surroundings) -> list[str]:
    names = [task.id, f"Task {task.id}", *(one.text for one in task.requirements), *(one.id for one in found)]
    names += [*task.files, *(path.rstrip("/").rpartition("/")[2] for path in task.files)]
    names += named_in([task.title, *(step.text for step in task.steps)])
    lines: list[str] = []
    for section in excerpts(around.design, names, _DESIGN):
        lines += [f"### {section.title}", "", section.text, ""]
    return _section("From the design", lines[:-1])


def _earlier(record: TaskRecord, around: Surroundings | None) -> list[str]:
    lines = []
    ended = [attempt for attempt in record.attempts if attempt.outcome]
    for attempt in ended:
        why = f": {attempt.reason}" if attempt.reason else ""
        lines.append(f"- attempt {attempt.no} on tier {attempt.tier} by {attempt.worker}: {attempt.outcome}{why}")
        if around is not None and attempt in ended[-_EARLIER:]:
            lines += _remains(record, attempt, around)
    return lines


def _remains(record: TaskRecord, attempt: Attempt, around: Surroundings) -> list[str]:
    """What an attempt said and printed, and what a verification that failed did."""
    said = _said(attempt)
    lines = [f"  - it said: {_short(said)}"] if said else []
    for check in attempt.evidence.get("verify", ()):
        if check.get("exit_code") != 0 and check.get("output"):
            lines.append(f"  - `{check['command']}` printed: {_short(str(check['output'])[-_TEXT:])}")
    if "report" in attempt.evidence:  # an agent's log is for programs, and its answer is told already
        return lines
    return lines + [f"  - {_short(text)}" for text in around.log(record.spec.id, attempt.no)[-8:] if text.strip()]


def _short(text: str, longest: int = _TEXT) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= longest else one_line[: longest - 1] + "…"
