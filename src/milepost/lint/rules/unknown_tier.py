"""Tier that is not configured.

## What it does

Reports a tier in the assignment table or in a `_Tier:_` line that the settings lack. Where nobody configured tiers,
there are 1, 2 and 3.

## Why is this bad

Nobody is there to do the task, so a run refuses to start.

## Example

```markdown
- [ ] **1.1** Create the schema
  - _Tier: 7_
```

## Fix

Name a configured tier, or add a `[tiers.N]` section to `milepost.toml`. Nothing is changed automatically.

## Options

The tiers of `[tiers.N]` in `milepost.toml`.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.source import Diagnostic, Severity

_WITHOUT_SETTINGS = (1, 2, 3)


def check(context: Context) -> Iterator[Diagnostic]:
    """Find tiers without settings."""
    tiers = _WITHOUT_SETTINGS if context.capacities is None else context.capacities
    known = ", ".join(str(rank) for rank in sorted(tiers))
    for row in context.plan.assignments:
        if row.tier is not None and row.tier not in tiers:
            yield RULE.at(row.assignee.span, f"Tier {row.tier} is not configured; there are {known}")
    for task in context.plan.tasks:
        if task.tier is not None and task.tier not in tiers:
            span = next((one.value_span for one in task.fields if one.key.casefold() == "tier"), task.head_span)
            yield RULE.at(span, f"Tier {task.tier} is not configured; there are {known}")


RULE = Rule(
    code="MP403",
    name="unknown-tier",
    severity=Severity.ERROR,
    check=check,
    page=__doc__,
)
