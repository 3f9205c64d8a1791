"""Checkpoint that does not say what it comes after.

## What it does

Reports a numbered checkpoint whose heading names no phase, no task and no end, and that does not stand between two
phases either. It is then taken to come before completion.

## Why is this bad

A gate nobody can place holds back nothing but the very end.

## Example

```markdown
### **Checkpoint 1: Sanity check**
```

## Fix

Say where it stands: "After Phase 2", "After Task 2.3" or "Before Completion". Nothing is changed automatically.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.plan.model import AnchorKind, ObservationKind
from milepost.source import Diagnostic, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find checkpoints without a place; an anchor that names something unknown is reported as that."""
    for checkpoint in context.numbered_checkpoints:
        unknown = context.noticed(checkpoint.heading_span, ObservationKind.UNKNOWN_TASK, ObservationKind.PLACEHOLDER)
        if checkpoint.anchor.kind is AnchorKind.NONE and not unknown:
            yield RULE.at(checkpoint.heading_span, f"{checkpoint.name} does not say what it comes after")


RULE = Rule(
    code="MP502",
    name="unanchored-checkpoint",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
