"""Task without an id among tasks that have one.

## What it does

Reports each required task that states no id of its own, if other tasks of the plan do.

## Why is this bad

No dependency, assignment or command can name it for sure: the number it gets changes when a line is added above it.

## Example

```markdown
- [ ] **1.1** Create the schema
- [ ] Load the data
```

## Fix

Give it an id. Nothing is changed automatically.

## Options

Runs only when selected.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.source import Diagnostic, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find tasks without an id of their own."""
    if any(task.id_span for task in context.plan.tasks):
        for task in context.plan.required:
            if not task.id_span:
                yield RULE.at(task.head_span, "The task has no id")


RULE = Rule(
    code="MP108",
    name="task-without-id",
    severity=Severity.INFO,
    check=check,
    page=__doc__,
    default=False,
)
