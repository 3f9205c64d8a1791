"""Two checkpoints of one name.

## What it does

Reports a numbered checkpoint whose name an earlier checkpoint already has.

## Why is this bad

`milepost approve` and the record of the run name checkpoints: nobody can say which of the two was signed off.

## Example

```markdown
### **Checkpoint 1: After Phase 1**
- [ ] Schema reviewed

### **Checkpoint 1: After Phase 2**
- [ ] Data loaded
```

## Fix

Renumber one of them. Nothing is changed automatically.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.plan.model import Checkpoint
from milepost.source import Diagnostic, Related, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find checkpoint names that are taken."""
    first: dict[str, Checkpoint] = {}
    for checkpoint in context.numbered_checkpoints:
        other = first.setdefault(checkpoint.name.casefold(), checkpoint)
        if other is not checkpoint:
            related = (Related(other.heading_span, "first used here"),)
            yield RULE.at(
                checkpoint.heading_span, f"Another checkpoint is already called {checkpoint.name}", related=related
            )


RULE = Rule(
    code="MP505",
    name="duplicate-checkpoint",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
