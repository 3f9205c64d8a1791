"""Placeholder of the template that nobody filled in.

## What it does

Reports text such as `[Feature Name]`, `[Number]`, `[REQ-X.X]` or `[Date]` that stands where the template has
it.

## Why is this bad

The plan looks complete, but says nothing at this place.

## Example

```markdown
# [Feature Name] - Implementation Plan
```

## Fix

Write what belongs there. Nothing is changed automatically here; `milepost sync` fills in the numbers, the
status and the date.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.plan.model import ObservationKind, ReferenceKind
from milepost.source import Diagnostic, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find placeholders: those the reader noticed, and requirement references that are none yet."""
    found = {one.span: one.text for one in context.observations(ObservationKind.PLACEHOLDER)}
    for task in context.plan.tasks:
        for reference in task.requirements:
            if reference.kind is ReferenceKind.PLACEHOLDER:
                found.setdefault(reference.span, reference.text)
    for span, text in found.items():
        yield RULE.at(span, f"`{text}` is still to be filled in")


RULE = Rule(
    code="MP701",
    name="placeholder-left",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
