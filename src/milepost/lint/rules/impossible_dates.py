"""Task that may not start before the day it is due.

## What it does

Reports a task whose `_Not before:_` is later than its `_Due:_` or `_Deadline:_`, both written as dates (2026-03-14).

## Why is this bad

No schedule can keep both.

## Example

```markdown
- [ ] **1.1** Create the schema
  - _Not before: 2026-12-01_
  - _Deadline: 2026-11-15_
```

## Fix

Correct one of the dates. Nothing is changed automatically.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.source import Diagnostic, Severity
from milepost.source.lazy_regex import lazy_regex

_DATE = lazy_regex(r"\d{4}-\d\d-\d\d")


def check(context: Context) -> Iterator[Diagnostic]:
    """Find tasks that are due before they may start."""
    for task in context.plan.tasks:
        for kind, limit in (("due", task.due), ("deadline", task.deadline)):
            start = task.not_before
            if start and limit and _DATE.fullmatch(start) and _DATE.fullmatch(limit) and start > limit:
                field = next((one for one in task.fields if one.value == limit), None)
                span = field.value_span if field else task.head_span
                yield RULE.at(span, f"Task `{task.id}` may not start before {start}, after its {kind} date {limit}")


RULE = Rule(
    code="MP308",
    name="impossible-dates",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
