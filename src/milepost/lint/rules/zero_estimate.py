"""Estimate of no time at all.

## What it does

Reports a required task without parts whose estimate is zero.

## Why is this bad

Its duration vanishes from schedule, total and critical path, and every attempt overruns it at once.

## Example

```markdown
- [ ] **1.1** Create the schema
  - _Estimated: 0 hours_
```

## Fix

Estimate it, or write it as a criterion of a checkpoint if it takes no time. Nothing is changed automatically.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.source import Diagnostic, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find estimates of nothing."""
    for task in context.plan.required:
        if task.effort and task.effort.high == 0:
            yield RULE.at(task.effort.span, f"Task `{task.id}` is estimated to take no time")


RULE = Rule(
    code="MP306",
    name="zero-estimate",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
