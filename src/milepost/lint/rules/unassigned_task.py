"""Required task that is assigned to no tier.

## What it does

In a plan that assigns tasks (an assignment table or `_Tier:_` lines), reports each required task without
parts that no row names and that states no tier or owner of its own. A row for a task covers its parts.

## Why is this bad

Everybody thinks somebody else has it. The executor has to guess a tier.

## Example

```markdown
- [ ] **1.1** Create the schema
- [ ] **1.2** Load the data

| Task | Assigned To | Status | Notes |
|------|-------------|--------|-------|
| 1.1  | Tier 3      | Not Started | |
```

## Fix

Add the task to a row of the table, or a line `_Tier: 3_` to the task. Nothing is changed automatically.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.plan.model import ObservationKind, Plan, Task
from milepost.source import Diagnostic, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find required leaf tasks nobody is assigned to, in plans that assign tasks."""
    plan = context.plan
    if not _assigns(plan) or _speaks_in_words(context):
        return
    assigned = {task_id for row in plan.assignments for task_id in row.tasks}
    for task in plan.required:
        if not any(_has_worker(one, assigned) for one in _with_parents(plan, task)):
            yield RULE.at(task.id_span or task.head_span, f"Task `{task.id}` is assigned to no tier")


def _assigns(plan: Plan) -> bool:
    return bool(plan.assignments) or any(task.tier is not None for task in plan.tasks)


def _speaks_in_words(context: Context) -> bool:
    """Whether a row names its tasks in words ("all others"), which could mean any task."""
    return any(
        row.reference.text and not row.tasks and not context.noticed(row.span, ObservationKind.UNKNOWN_TASK)
        for row in context.plan.assignments
    )


def _has_worker(task: Task, assigned: set[str]) -> bool:
    return task.id in assigned or task.tier is not None or bool(task.owner) or task.human


def _with_parents(plan: Plan, task: Task) -> Iterator[Task]:
    seen = set()
    while task.id not in seen:
        yield task
        seen.add(task.id)
        task = plan.by_id.get(task.parent or "", task)


RULE = Rule(
    code="MP401",
    name="unassigned-task",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
