"""``milepost trace``: each requirement, its tasks and their state."""

from __future__ import annotations

from collections.abc import Sequence

import click

from milepost.app.traces import Trace, coverage_counts, line_of
from milepost.cli.options import json_option, plan_argument, say, say_json
from milepost.lint.wording import count, listing
from milepost.plan.model import TaskState
from milepost.spec.traceability import Coverage, TraceRow

_HEADS = {
    Coverage.UNCOVERED: "No task serves",
    Coverage.PARTLY_COVERED: "Criteria that no task serves",
    Coverage.NOT_STARTED: "Not started",
    Coverage.IN_PROGRESS: "In progress",
    Coverage.DONE: "Done",
}
_MARKS = {TaskState.DONE: "✓", TaskState.IN_PROGRESS: "▶", TaskState.BLOCKED: "!", TaskState.DEFERRED: "»"}
_WIDEST = 90
_SHOWN = 3


@click.command()
@plan_argument
@click.option(
    "--requirements",
    multiple=True,
    metavar="FILE",
    help="Where the requirements are; by default requirements.md and spec.md beside the plan.",
)
@click.option("--gaps", is_flag=True, help="Only requirements that no task serves, or not in full.")
@json_option
def command(plan: str, requirements: tuple[str, ...], gaps: bool, as_json: bool) -> int:
    """Trace each requirement to the tasks that name it, their state, evidence and tests, gaps first.

    Evidence is who did a task of which run (see `milepost report` for all of it); tests are lines of test files
    below the project's root that name the requirement's id or a criterion's, or `Requirements: 1.2` for numbers.

    Exit code 1: a requirement whose priority is must or high is served by no task.
    """
    from milepost.bootstrap import trace as trace_with_evidence

    trace = trace_with_evidence(plan, requirements)
    rows = trace.matrix.gaps if gaps else trace.matrix.rows
    if as_json:
        say_json(trace.to_json(rows))
    else:
        _show(trace, rows)
    return 1 if trace.serious else 0


def _show(trace: Trace, rows: Sequence[TraceRow]) -> None:
    width = max((len(row.requirement.id) for row in rows), default=0)
    for coverage, head in _HEADS.items():
        chosen = [row for row in rows if row.coverage is coverage]
        if chosen:
            say(f"{head}:")
            for row in chosen:
                say(_line(row, min(width, 20)))
                _show_proof(trace, row)
            say()
    for found in trace.matrix.unknown:
        say(f"Task {found.task.id} names {found.reference.text}, which is stated nowhere.")
    say(_summary(trace))


def _show_proof(trace: Trace, row: TraceRow) -> None:
    """Who did the tasks, and where tests name the requirement."""
    done = [f"{one.task} by {one.by}" if one.by else one.task for one in trace.evidence_of(row)]
    if done:
        say(f"    done: {_few(done)}")
    tests = [f"{one.path}:{one.line}" for one in trace.tests_of(row)]
    if tests:
        say(f"    tests: {_few(tests)}")


def _few(words: Sequence[str]) -> str:
    more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    return f"{', '.join(words[:_SHOWN])}{more}"


def _line(row: TraceRow, width: int) -> str:
    requirement = row.requirement
    title = requirement.title if len(requirement.title) <= _WIDEST else requirement.title[: _WIDEST - 1] + "…"
    words = [f"  {requirement.id:<{width}}  {title}"]
    if requirement.priority:
        words.append(f"[{requirement.priority}]")
    if row.coverage is Coverage.UNCOVERED:
        words.append(f"({row.document.source.path}:{line_of(row.document, requirement)})")
    if row.missing:
        words.append("(" + ", ".join(criterion.id for criterion in row.missing) + ")")
    if row.tasks:
        words.append("← " + ", ".join(task.id + _MARKS.get(task.state, "") for task in row.tasks))
    return "  ".join(words)


def _summary(trace: Trace) -> str:
    matrix = trace.matrix
    parts = [f"{number} {kind.replace('_', ' ')}" for kind, number in coverage_counts(matrix).items()]
    lines = [f"{count(len(matrix.rows), 'requirement')}: {', '.join(parts)}."]
    if not trace.tests.complete:
        lines.append(f"Tests: {count(trace.tests.files, 'file')} searched; some were too large or too many.")
    if matrix.untraced:
        number = len(matrix.untraced)
        names = listing([task.id for task in matrix.untraced]).replace("`", "")
        lines.append(f"{count(number, 'task')} {'names' if number == 1 else 'name'} no requirement: {names}.")
    if trace.serious:
        lines.append("Served by no task, and not to be left out: " + ", ".join(r.requirement.id for r in trace.serious))
    return "\n".join(lines)


command.epilog = "Example: milepost trace specs/login/tasks.md --gaps"
