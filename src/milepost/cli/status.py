"""``milepost status``: where a plan's run stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from milepost.app.runs import NOT_RUN
from milepost.app.statuses import RunStatus, run_status
from milepost.app.suggestions import in_shell
from milepost.cli.acting import tell_unticked
from milepost.cli.loading import open_project
from milepost.cli.options import json_option, plan_argument, say, say_json
from milepost.cli.text import clock, duration, money
from milepost.execution.queries import Outcome
from milepost.execution.records import CriterionStatus, TaskRecord, TaskStatus

if TYPE_CHECKING:
    from milepost.app.etas import ExpectedEnd
    from milepost.bootstrap import Project

_MARKS = {
    TaskStatus.PENDING: " ",
    TaskStatus.RUNNING: "▶",
    TaskStatus.DONE: "✓",
    TaskStatus.BLOCKED: "!",
    TaskStatus.SKIPPED: ">",
}

_AS_PLANNED = 60
"""Seconds by which an end may differ from the baseline's and still be the same to everybody."""


@click.command()
@plan_argument
@click.option("--all", "show_all", is_flag=True, help="List every task, not only those that matter now.")
@click.option("--eta", is_flag=True, help="Say when the plan is expected to end, as things stand.")
@json_option
def command(plan: str, show_all: bool, eta: bool, as_json: bool) -> None:
    """Show where a plan's run stands: what runs, what can start, what is blocked and what it waits for."""
    project = open_project(plan)
    status = run_status(project.peek_run(), project.now())
    unticked, deserted = project.unticked(status.state), project.deserted(status.state)
    cancelled = project.cancelled_run() if status.state.run == NOT_RUN else None
    expected = _expected(project) if eta and status.outcome is not Outcome.FINISHED else None
    if as_json:
        before = cancelled and {"run": cancelled.run, "by": cancelled.cancelled_by, "at": cancelled.finished_at}
        found = {**status.to_json(), "unticked": list(unticked), "deserted": deserted, "cancelled": before}
        say_json({**found, "expected": expected.as_dict() if expected else None} if eta else found)
        return
    tell_unticked(plan, unticked)
    if cancelled:
        say(f"Run {cancelled.run} was cancelled by {cancelled.cancelled_by}, {clock(cancelled.finished_at or 0.0)}.")
        say(f"This is what the next run would begin with; `milepost run {in_shell(plan)}` begins it.")
    say(headline(status, project.title))
    if expected:
        say(eta_line(expected))
    if deserted:
        say(f"Its supervisor died: nobody drives the run. `milepost run {in_shell(plan)}` takes it up again.")
    listed = list(status.state.tasks.values()) if show_all else [*status.running, *status.ready, *status.blocked]
    for record in listed:
        say(task_line(status, record))
    for line in _gate_lines(status):
        say(line)
    reasons = status.reasons()
    if reasons and status.outcome is not Outcome.FINISHED:
        say("\nWaiting for:")
        for reason in reasons[:20]:
            say(f"  - {reason}")


def _expected(project: Project) -> ExpectedEnd:
    from milepost.bootstrap.outlooks import expected_end

    return expected_end(project)


def eta_line(expected: ExpectedEnd) -> str:
    """When the plan is expected to end, and how that compares with its baseline."""
    from milepost.cli.figures import rough_time

    kind = "real" if expected.real else "working"
    finish, left = expected.finish[:16].replace("T", " "), rough_time(expected.left_seconds)
    line = f"Expected to end {finish}, in {left} of {kind} time"
    if expected.late_seconds is None:
        return line
    late = rough_time(abs(expected.late_seconds))
    if abs(expected.late_seconds) < _AS_PLANNED:
        return f"{line}, as in its baseline"
    return f"{line}, {late} {'later' if expected.late_seconds > 0 else 'sooner'} than in its baseline"


def headline(status: RunStatus, title: str) -> str:
    """One line: the plan, how much is done, how long it took, what it cost."""
    percent = 100 * status.done // status.total if status.total else 0
    parts = [f"{title}: {status.done}/{status.total} tasks done ({percent}%)"]
    if status.state.started_at is None or not status.state.version:
        return parts[0]
    parts.append(status.outcome.value)
    if status.elapsed >= 1:
        parts.append(duration(status.elapsed))
    if status.cost:
        parts.append(f"cost {money(status.cost)}")
    return ", ".join(parts)


def task_line(status: RunStatus, record: TaskRecord) -> str:
    """One line on a task."""
    words = [f"  {_MARKS[record.status]} {record.spec.id}  {record.spec.title}  [tier {record.tier}]"]
    current = record.current
    if current is not None:
        words.append(f"attempt {current.no} by {current.worker} for {duration(status.now - current.started_at)}")
        limit = status.state.attempt_limit(record)
        if limit is not None and status.now - current.started_at > limit:
            words.append(f"over its limit of {duration(limit)}")
    elif record.status is TaskStatus.BLOCKED:
        words.append(f"blocked: {record.reason}")
    elif record.status is TaskStatus.PENDING and record.unmet == 0:
        when = "" if record.ready_at <= status.now else " later"
        words.append(("can start" if record.command else "can be claimed") + when)
    if record.tier != record.spec.tier:
        words.append(f"escalated from tier {record.spec.tier}")
    return "  ".join(words)


def _gate_lines(status: RunStatus) -> list[str]:
    lines = []
    for checkpoint in status.state.checkpoints.values():
        good = sum(criterion.status is CriterionStatus.PASSED for criterion in checkpoint.criteria)
        word = "passed" if checkpoint.passed else "due" if checkpoint.due else "ahead"
        lines.append(f"  ◆ {checkpoint.spec.name}: {word}, {good}/{len(checkpoint.criteria)} criteria")
    return lines
