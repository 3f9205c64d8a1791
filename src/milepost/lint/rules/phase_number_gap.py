"""Phase number that is missing between two phases.

## What it does

Reports a phase whose number is more than one above the number of the phase before it.

## Why is this bad

Readers look for the missing phase, and checkpoints "after phase N" may mean another one than they say.

## Example

```markdown
### **Phase 1: Setup**

### **Phase 3: Core**
```

## Fix

Renumber the phases, and look at the places that name them. Nothing is changed automatically.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.source import Diagnostic, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find jumps in the numbers of phases."""
    numbered = [phase for phase in context.plan.phases if phase.id.isascii() and phase.id.isdecimal()]
    for before, after in pairwise(numbered):
        if len(after.id) < 10 and int(after.id) > int(before.id[:10]) + 1:
            yield RULE.at(after.heading_span, f"Phase {after.id} follows phase {before.id}")


RULE = Rule(
    code="MP703",
    name="phase-number-gap",
    severity=Severity.INFO,
    check=check,
    page=__doc__,
)
