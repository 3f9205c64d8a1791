"""Checkbox whose mark has no known meaning.

## What it does

Reports a box with another mark than a blank (not started), `x` or `X` (done), `-`, `~` or `/` (in progress),
`!` (blocked) and `>` (deferred).

## Why is this bad

Whether the task is done is unknown, so it counts as open and would be run again.

## Example

```markdown
- [?] **1.1** Set up the project
```

## Fix

Use one of the known marks. Nothing is changed automatically: only the author knows which one was meant.

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
    """Find checkbox marks without a meaning."""
    for found in context.observations(ObservationKind.UNREADABLE_CHECKBOX):
        yield RULE.at(found.span, f"A box with `{found.text}` has no known meaning")


RULE = Rule(
    code="MP104",
    name="unreadable-checkbox",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
