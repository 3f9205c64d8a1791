"""Checkpoint that asks for nothing.

## What it does

Reports a numbered checkpoint without a single criterion.

## Why is this bad

Nothing can be checked or signed off there, so the gate stops nobody.

## Example

```markdown
### **Checkpoint 1: After Phase 2**
```

## Fix

List what has to hold, such as ``- [ ] All tests pass `make test` ``. Nothing is changed automatically.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.source import Diagnostic, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find checkpoints without criteria."""
    for checkpoint in context.numbered_checkpoints:
        if not checkpoint.criteria:
            yield RULE.at(checkpoint.heading_span, f"{checkpoint.name} has no criteria")


RULE = Rule(
    code="MP501",
    name="checkpoint-without-criteria",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
