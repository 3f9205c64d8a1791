"""Estimate that cannot be read as a duration.

## What it does

Reports a value of `_Estimated:_` that is neither a duration (`30 minutes`, `2h`, `1h30`, `1.5 days`), a range
(`2-3 hours`) nor a three-point value (`2h (1h-4h)`).

## Why is this bad

The task counts as one without an estimate: the schedule assumes a length for it, the total is too small, and
the executor has no moment at which to escalate.

## Example

```markdown
- [ ] **1.1** Set up the project
  - _Estimated: a while_
```

## Fix

Write a number and a unit, such as `_Estimated: 2 hours_`. Nothing is changed automatically.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.plan.model import ObservationKind
from milepost.source import Diagnostic, Fix, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find estimates that are no duration."""
    for found in context.observations(ObservationKind.UNREADABLE_DURATION):
        fix = Fix(found.detail or "Write it as a duration", found.edits) if found.edits else None
        yield RULE.at(found.span, f"`{found.text}` is not a duration", fix=fix)


RULE = Rule(
    code="MP101",
    name="unreadable-duration",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
