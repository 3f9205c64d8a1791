"""What a worker is told of the task it gets."""

from __future__ import annotations

from collections.abc import Iterable

from milepost.execution.records import TaskRecord
from milepost.execution.state import RunState
from milepost.plan.grammar.durations import format_duration
from milepost.plan.model import Plan, Step


def write_brief(plan: Plan, state: RunState, record: TaskRecord) -> str:
    """Everything the plan says about a task, how much time it has, and what was tried before, in Markdown."""
    task = plan.by_id.get(record.spec.id)
    lines = [f"# {record.spec.id} {record.spec.title}", "", f"Plan: {plan.title}"]
    if plan.purpose:
        lines.append(f"Purpose: {plan.purpose}")
    if task is not None and task.requirements:
        lines.append("Requirements: " + ", ".join(reference.text for reference in task.requirements))
    if task is not None and task.files:
        lines.append("Files it may touch: " + ", ".join(task.files))
    lines += _time(state, record)
    if task is not None and task.steps:
        lines += ["", "## Steps", "", *_steps(task.steps)]
    if record.spec.verify:
        lines += ["", "## Done when these commands succeed", "", *(f"- `{text}`" for text in record.spec.verify)]
    earlier = [
        f"- attempt {attempt.no} on tier {attempt.tier} by {attempt.worker}: {attempt.outcome}"
        + (f": {attempt.reason}" if attempt.reason else "")
        for attempt in record.attempts
        if attempt.outcome
    ]
    if earlier:
        lines += ["", "## Tried before", "", *earlier]
    return "\n".join(lines) + "\n"


def _time(state: RunState, record: TaskRecord) -> list[str]:
    if not record.spec.effort:
        return []
    limit = state.attempt_limit(record)
    until = f"; after {format_duration(round(limit))} it escalates" if limit else ""
    return [f"Estimated: {format_duration(record.spec.effort)}{until}"]


def _steps(steps: Iterable[Step], indent: str = "") -> list[str]:
    lines: list[str] = []
    for step in steps:
        lines.append(f"{indent}- {step.text}")
        lines += _steps(step.steps, indent + "  ")
    return lines
