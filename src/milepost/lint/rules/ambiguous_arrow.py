"""Vertical mark of an arrow graph that stands over an arrow instead of a task id.

## What it does

Reports a `↓`, `|`, `v` or similar mark whose column holds no task id in the line above, and says how it is
read: it leaves from the id left of the arrow it stands under.

## Why is this bad

Two people can read the drawing in two ways, and the two readings can give different schedules.

## Example

````markdown
```
1.1 → 1.2 → 1.3
          ↓
         2.1
```
````

## Fix

The mark is replaced by a line that states the same dependencies in text. The plan keeps its meaning. Safe.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.plan.model import ObservationKind
from milepost.source import Diagnostic, Fix, Related, Safety, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find vertical marks that stand over an arrow."""
    for found in context.observations(ObservationKind.AMBIGUOUS_ARROW):
        reading = f"; it is {found.detail}" if found.detail else ""
        place = "may point either way" if found.detail.startswith("left out") else "does not stand under a task id"
        yield RULE.at(
            found.span,
            f"`{found.text}` {place}{reading}",
            fix=Fix("State the reading in a line of its own", found.edits) if found.edits else None,
            related=tuple(Related(span, "it is read as leaving from here") for span in found.related),
        )


RULE = Rule(
    code="MP102",
    name="ambiguous-arrow",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
    fix=Safety.SAFE,
)
