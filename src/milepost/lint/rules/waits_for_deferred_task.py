"""Open task that waits for a deferred one.

## What it does

Reports a required task that is neither done nor deferred and that the plan says starts after a deferred task (`[>]`)
finishes.

## Why is this bad

A deferred task is not going to be done for now, so the other one cannot start either, though it looks open.

## Example

```markdown
- [>] **1.1** Choose a cache
- [ ] **1.2** Fill the cache
  - _Depends: 1.1_
```

## Fix

Defer the waiting task as well, or remove the dependency. Nothing is changed automatically.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.plan.model import DependencyKind, ObservationKind, Task, TaskState
from milepost.source import Diagnostic, Related, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find open tasks behind deferred ones."""
    if TaskState.DEFERRED not in context.states or any(context.observations(ObservationKind.DUPLICATE_ID)):
        return
    tasks = {task.id: task for task in context.plan.required if task.checkbox}
    for link in context.stated:
        before, after = tasks.get(link.predecessor), tasks.get(link.successor)
        if before and after and link.kind is DependencyKind.FINISH_TO_START and _is_stuck(before, after):
            yield RULE.at(
                after.id_span or after.head_span,
                f"Task `{after.id}` waits for `{before.id}`, which is deferred",
                related=(Related(before.head_span, f"`{before.id}` is deferred"),),
            )


def _is_stuck(before: Task, after: Task) -> bool:
    return before.state is TaskState.DEFERRED and after.state in (TaskState.NOT_STARTED, TaskState.IN_PROGRESS)


RULE = Rule(
    code="MP206",
    name="waits-for-deferred-task",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
