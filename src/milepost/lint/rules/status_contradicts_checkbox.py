"""Status that the checkboxes contradict.

## What it does

Compares the status column of the assignment table with the boxes of the row's tasks, and the `**Status:**` of
the header with the boxes of all required tasks. An unticked box agrees with "In Progress": few people mark a
box before the work is done. A percentage may be rounded either way, and counted by tasks or by effort. Status
words that are not understood are left alone, and so is the header of a plan whose known tasks are done while
other lines look like tasks (`unread-task`).

## Why is this bad

One of the two is wrong, and readers of the table believe the other one.

## Example

```markdown
- [ ] **1.1** Create the schema

| Task | Assigned To | Status | Notes |
|------|-------------|--------|-------|
| 1.1  | Tier 3      | Complete | |
```

## Fix

The status is rewritten to what the boxes say: the boxes are what a run reads and writes. Safe.

## Options

None.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from math import ceil, floor

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.lint.status import Status, contradiction, derived, read_status
from milepost.plan.model import Assignment, Claim, ClaimKind, ObservationKind, Plan, Task, TaskState
from milepost.source import Diagnostic, Edit, Fix, Safety, Severity, Span
from milepost.source.lazy_regex import lazy_regex

_PERCENT = lazy_regex(
    r"\W*(?P<shown>(?P<number>\d{1,3})(?:\.\d+)?\s*%)(?:\s*(?:complete|completed|done))?\W*", re.IGNORECASE
)


def check(context: Context) -> Iterator[Diagnostic]:
    """Find statuses the boxes contradict."""
    if any(context.observations(ObservationKind.DUPLICATE_ID)):
        return
    required = {task.id for task in context.plan.required}
    for row in context.plan.assignments:
        yield from _row(context, row, required)
    for claim in context.claims(ClaimKind.STATUS):
        yield from _header(context, claim)


def _row(context: Context, row: Assignment, required: Collection[str]) -> Iterator[Diagnostic]:
    tasks = [context.plan.by_id[name] for name in row.tasks if name in required]
    if row.status and len(tasks) == len(row.tasks):
        yield from _judge(row.status.text, row.status.span, tasks)


def _header(context: Context, claim: Claim) -> Iterator[Diagnostic]:
    percent = _PERCENT.fullmatch(claim.text)
    if percent and int(percent["number"]) < 100:
        yield from _percentage(context.plan, claim, percent)
    elif not (context.unread and all(task.state is TaskState.DONE for task in context.plan.required)):
        # With lines nobody read, a plan whose known tasks are done may well be unfinished.
        yield from _judge(claim.text, claim.value_span, context.plan.required)


def _percentage(plan: Plan, claim: Claim, percent: re.Match[str]) -> Iterator[Diagnostic]:
    if _is_boxed(plan.required) and int(percent["number"]) not in _percentages(plan):
        right = f"{floor(_done_share(plan) * 100)}%"
        start = claim.value_span.start
        edit = Edit(Span(start + percent.start("shown"), start + percent.end("shown")), right)
        exact = claim.value_span.end - start == len(claim.text)
        fix = Fix(f"Write {right}", (edit,)) if exact else None
        yield RULE.at(claim.value_span, f"The status says {percent['shown']}, the boxes say {right}", fix=fix)


def _judge(text: str, span: Span, tasks: Sequence[Task]) -> Iterator[Diagnostic]:
    claimed = Status.COMPLETE if _PERCENT.fullmatch(text) else read_status(text)
    if claimed and _is_boxed(tasks):
        reason = contradiction(claimed, tasks)
        if reason:
            right = derived(tasks).value
            fix = Fix(f"Write {right}", (Edit(span, right),))
            yield RULE.at(span, f"The status says {text}, but {reason}", fix=fix)


def _is_boxed(tasks: Sequence[Task]) -> bool:
    """Whether every task has a box whose mark is understood, so that boxes can contradict at all."""
    return bool(tasks) and all(task.checkbox and task.state is not TaskState.UNKNOWN for task in tasks)


def _done_share(plan: Plan) -> float:
    return sum(task.state is TaskState.DONE for task in plan.required) / len(plan.required)


def _percentages(plan: Plan) -> set[int]:
    """The percentages a status may state: by tasks or by effort, rounded down or up."""
    done_effort = sum(task.effort.likely for task in plan.required if task.effort and task.state is TaskState.DONE)
    shares = [_done_share(plan) * 100] if plan.required else []
    if plan.effort:
        shares.append(done_effort / plan.effort * 100)
    return {rounded for share in shares for rounded in (floor(share), ceil(share))}


RULE = Rule(
    code="MP602",
    name="status-contradicts-checkbox",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
    fix=Safety.SAFE,
)
