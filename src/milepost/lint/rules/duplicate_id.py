"""Task id that another task already has.

## What it does

Reports every task whose id an earlier task of the plan already carries.

## Why is this bad

Dependencies, assignments and the record of the run name tasks by id. With two tasks of one id nobody can say
which of them is meant, so the plan cannot run.

## Example

```markdown
- [ ] **1.1** Create the schema
- [ ] **1.1** Load the data
```

## Fix

Give one of the tasks another id, and look at the places that name it. Nothing is changed automatically.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.plan.model import ObservationKind
from milepost.source import Diagnostic, Related, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find ids that a task before already has."""
    for found in context.observations(ObservationKind.DUPLICATE_ID):
        related = tuple(Related(span, "first used here") for span in found.related)
        yield RULE.at(found.span, f"Another task already has the id `{found.text}`", related=related)


RULE = Rule(
    code="MP103",
    name="duplicate-id",
    severity=Severity.ERROR,
    check=check,
    page=__doc__,
)
