"""Required task without an estimate.

## What it does

Reports each required task without parts that has an id but states no effort, in plans in which other tasks have
an estimate: most of them, or any where the plan states an `**Estimated Time:**` for all. A placeholder or an
unreadable estimate is reported by its own rule.

## Why is this bad

The schedule has to assume a length, the totals are too small, and the executor never notices that the task
overruns.

## Example

```markdown
- [ ] **1.1** Set up the project
  - Install the dependencies
```

## Fix

Add a line such as `_Estimated: 2 hours_`. Nothing is changed automatically.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.plan.model import ClaimKind, ObservationKind, Plan, Task
from milepost.source import Diagnostic, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find required leaf tasks that say nothing about their effort."""
    if not _estimates_expected(context.plan):
        return
    for task in context.plan.required:
        if task.id_span and task.effort is None and not _tried(context, task):
            yield RULE.at(task.id_span, f"Task `{task.id}` has no estimate")


def _estimates_expected(plan: Plan) -> bool:
    """Whether estimates belong to this plan: most tasks have one, or some do and the plan states their sum."""
    estimated = sum(bool(task.effort) or _has_field(task) for task in plan.required)
    return estimated > 0 and (plan.claim(ClaimKind.ESTIMATED_TIME) is not None or 2 * estimated >= len(plan.required))


def _tried(context: Context, task: Task) -> bool:
    """Whether the task has an estimate that is a placeholder or cannot be read: another finding's business."""
    return _has_field(task) or context.noticed(task.span, ObservationKind.UNREADABLE_DURATION)


def _has_field(task: Task) -> bool:
    return any(field.key.casefold().startswith(("estimate", "effort")) for field in task.fields)


RULE = Rule(
    code="MP301",
    name="missing-estimate",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
