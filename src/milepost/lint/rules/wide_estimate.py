"""Estimate whose upper end is more than four times its lower end.

## What it does

Reports a range or three-point estimate of a required task without parts that spans more than a factor of four.

## Why is this bad

It says that nobody knows yet: a forecast is as wide as its widest tasks.

## Example

```markdown
- [ ] **1.1** Migrate the data
  - _Estimated: 1-10 days_
```

## Fix

Split the task, or look into it first. Nothing is changed automatically.

## Options

Runs only when selected.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.source import Diagnostic, Severity

MOST = 4
"""How many times the lower end the upper end may be."""


def check(context: Context) -> Iterator[Diagnostic]:
    """Find estimates that span a lot."""
    for task in context.plan.required:
        if task.effort and task.effort.high > MOST * task.effort.low:
            yield RULE.at(task.effort.span, f"The estimate of task `{task.id}` spans more than a factor of {MOST}")


RULE = Rule(
    code="MP307",
    name="wide-estimate",
    severity=Severity.INFO,
    check=check,
    page=__doc__,
    default=False,
)
