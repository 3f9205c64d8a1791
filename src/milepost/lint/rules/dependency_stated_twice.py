"""Dependency that two places state.

## What it does

Reports each further place that states a dependency between the same two tasks.

## Why is this bad

Whoever changes one of the places believes to have changed the plan.

## Example

````markdown
- [ ] **1.1** Create the schema
- [ ] **1.2** Load the data
  - _Depends: 1.1_

```
1.1 → 1.2
```
````

## Fix

Remove one of them. Nothing is changed automatically.

## Options

Runs only when selected.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.source import Diagnostic, Related, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find second statements of a dependency, in other lines than the first."""
    position = context.plan.source.position
    for link in context.plan.dependencies:
        first, *others = link.sources or (None,)
        for other in others:
            if first and other and position(first.span.start).line != position(other.span.start).line:
                yield RULE.at(
                    other.span,
                    f"That `{link.successor}` waits for `{link.predecessor}` is stated already",
                    related=(Related(first.span, "first stated here"),),
                )


RULE = Rule(
    code="MP205",
    name="dependency-stated-twice",
    severity=Severity.INFO,
    check=check,
    page=__doc__,
    default=False,
)
