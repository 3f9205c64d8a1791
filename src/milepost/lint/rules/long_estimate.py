"""Task estimated to take more than a working day.

## What it does

Reports each required task without parts whose likely effort exceeds 8 working hours.

## Why is this bad

Long tasks hide what is going on: progress shows late, the overrun too, and the critical path cannot be shortened by
sharing the work.

## Example

```markdown
- [ ] **1.1** Build the whole back end
  - _Estimated: 2 weeks_
```

## Fix

Split the task. Nothing is changed automatically.

## Options

Runs only when selected.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.plan.grammar.durations import DAY, format_duration
from milepost.source import Diagnostic, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find tasks longer than a working day."""
    for task in context.plan.required:
        if task.effort and task.effort.likely > DAY:
            effort = format_duration(task.effort.likely)
            yield RULE.at(task.effort.span, f"Task `{task.id}` takes {effort}, more than a working day")


RULE = Rule(
    code="MP304",
    name="long-estimate",
    severity=Severity.INFO,
    check=check,
    page=__doc__,
    default=False,
)
