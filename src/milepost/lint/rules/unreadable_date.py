""" "Last Updated" that is no date.

## What it does

Reports a `**Last Updated:**` without a single digit. A placeholder is reported by its own rule.

## Why is this bad

Nobody can tell how old the plan's numbers are.

## Example

```markdown
**Last Updated:** yesterday
```

## Fix

Write a date such as 2026-03-14; `milepost sync` does so whenever it changes something. Nothing is changed
automatically here.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.plan.model import ClaimKind
from milepost.source import Diagnostic, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find a last update that names no day."""
    for claim in context.claims(ClaimKind.LAST_UPDATED):
        if claim.text and not any(char.isdigit() for char in claim.text):
            yield RULE.at(claim.value_span, f"`{claim.text}` is not a date")


RULE = Rule(
    code="MP605",
    name="unreadable-date",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
