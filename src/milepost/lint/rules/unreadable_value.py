"""Value of a known key that cannot be used.

## What it does

Reports a value of a key such as `_Tier:_`, `_Complexity:_` or `_Risk:_` that is not what the key takes: a
rank, or a number from 1 to 10.

## Why is this bad

The line looks as if it had an effect, but has none.

## Example

```markdown
- [ ] **1.1** Set up the project
  - _Tier: strongest_
```

## Fix

Write a value the key takes, such as `_Tier: 1_`. Nothing is changed automatically.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.plan.model import ObservationKind
from milepost.source import Diagnostic, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find values of known keys that cannot be used."""
    for found in context.observations(ObservationKind.UNREADABLE_VALUE):
        detail = f": {found.detail}" if found.detail else ""
        yield RULE.at(found.span, f"`{found.text}` cannot be used here{detail}")


RULE = Rule(
    code="MP105",
    name="unreadable-value",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
