"""Phase without tasks.

## What it does

Reports a phase in which no task was found.

## Why is this bad

It is either a leftover, or its tasks are written in a way that is not read as tasks.

## Example

```markdown
### **Phase 1: Setup**

### **Phase 2: Core**

- [ ] **2.1** Build it
```

## Fix

Remove the phase, or write its work as tasks. Nothing is changed automatically.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.source import Diagnostic, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find phases without tasks."""
    for phase in context.plan.phases:
        if not phase.tasks:
            yield RULE.at(phase.heading_span, f"Phase {phase.id} has no tasks")


RULE = Rule(
    code="MP702",
    name="empty-phase",
    severity=Severity.INFO,
    check=check,
    page=__doc__,
)
