"""Plan without a title.

## What it does

Reports a plan in which no title was found.

## Why is this bad

Lists of plans, reports and schedules can only show its file name.

## Example

```markdown
- [ ] **1.1** Create the schema
```

## Fix

Begin the plan with a heading such as `# Login - Implementation Plan`. Nothing is changed automatically.

## Options

Runs only when selected.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.source import Diagnostic, Severity, Span


def check(context: Context) -> Iterator[Diagnostic]:
    """Find plans that do not say what they are."""
    if context.plan.tasks and not context.plan.title:
        yield RULE.at(Span(0, 0), "The plan has no title")


RULE = Rule(
    code="MP704",
    name="missing-title",
    severity=Severity.INFO,
    check=check,
    page=__doc__,
    default=False,
)
