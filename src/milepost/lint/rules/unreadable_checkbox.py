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

Nothing between the brackets is replaced by a blank. Safe. Any other mark is left to the author, who alone knows what it
was meant to say.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.plan.model import ObservationKind
from milepost.source import Diagnostic, Fix, Safety, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find checkbox marks without a meaning."""
    for found in context.observations(ObservationKind.UNREADABLE_CHECKBOX):
        fix = Fix("Write an empty box", found.edits) if found.edits else None
        yield RULE.at(found.span, f"`{found.text}` is no known checkbox", fix=fix)


RULE = Rule(
    code="MP104",
    name="unreadable-checkbox",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
    fix=Safety.SAFE,
)
