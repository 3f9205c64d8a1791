"""Line that looks like a task but was not read as one.

## What it does

Reports a list item with a checkbox, a table row with one, and a heading such as `## Task 3: …` that is neither a task
of the plan nor one of its steps, criteria or phases. Code, quotes and comments are left alone.

## Why is this bad

Totals, schedule and run know nothing of it: the plan would be called complete while this is open.

## Example

```markdown
- [ ] 1. Create the schema
  - _Requirements: 1.1_

# Done so far

- [x] Chose the database
```

## Fix

Write it as the plan's other tasks are written, or as a plain list item if it is no task. Nothing is changed
automatically. `milepost check --coverage` shows how much of a whole document was read.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.source import Diagnostic, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find lines that look like tasks and are nothing in the plan."""
    for span in context.unread:
        yield RULE.at(span, "This looks like a task, but was not read as one")


RULE = Rule(
    code="MP106",
    name="unread-task",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
