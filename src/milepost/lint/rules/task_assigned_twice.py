"""Task assigned to two different tiers.

## What it does

Reports a row of the assignment table that names a task which an earlier row, or the task's own `_Tier:_`, gives to
another tier.

## Why is this bad

Only one of the two counts (the task's own line, then the first row), and readers cannot see which.

## Example

```markdown
| Task    | Assigned To | Status      | Notes |
|---------|-------------|-------------|-------|
| 1.1-1.2 | Tier 3      | Not Started |       |
| 1.2     | Tier 2      | Not Started |       |
```

## Fix

Take the task out of one of the rows. Nothing is changed automatically.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.plan.model import Assignment, Plan, Task
from milepost.source import Diagnostic, Related, Severity, Span


def check(context: Context) -> Iterator[Diagnostic]:
    """Find tasks with two tiers."""
    given = _own_tiers(context.plan)
    for row in context.plan.assignments:
        if row.tier is not None:
            for name in row.tasks:
                tier, place = given.setdefault(name, (row.tier, row.reference.span))
                if tier != row.tier:
                    yield _finding(row, name, tier, place)


def _own_tiers(plan: Plan) -> dict[str, tuple[int, Span]]:
    return {task.id: (task.tier, _tier_span(task)) for task in plan.tasks if task.tier is not None}


def _tier_span(task: Task) -> Span:
    return next((field.value_span for field in task.fields if field.key.casefold() == "tier"), task.head_span)


def _finding(row: Assignment, name: str, tier: int, place: Span) -> Diagnostic:
    return RULE.at(
        row.reference.span,
        f"This row gives `{name}` to Tier {row.tier}, but Tier {tier} has it already",
        related=(Related(place, f"Tier {tier} gets `{name}` here"),),
    )


RULE = Rule(
    code="MP402",
    name="task-assigned-twice",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
