"""Tasks that wait for each other in a circle.

## What it does

Reports a circle of dependencies the plan states, names its tasks in order, and points at each place that
states one of them. Tasks of a duplicated id are left alone: nobody can say which of them is meant.

## Why is this bad

None of these tasks can ever start.

## Example

````markdown
```
1.1 → 1.2 → 1.3
1.3 → 1.1
```
````

## Fix

Remove one of the dependencies. Nothing is changed automatically: only the author knows which one is wrong.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.lint.wording import chain
from milepost.plan.model import Dependency
from milepost.source import Diagnostic, Related, Severity, Span


def check(context: Context) -> Iterator[Diagnostic]:
    """Find circles of stated dependencies, one for each group of tasks that hold each other up."""
    for cycle in context.cycles:
        places = [_place(dependency) for dependency in cycle]
        names = [cycle[0].predecessor, *(dependency.successor for dependency in cycle)]
        yield RULE.at(places[-1], f"These tasks wait for each other: {chain(names)}", related=_related(cycle, places))


def _place(dependency: Dependency) -> Span:
    return dependency.sources[0].span if dependency.sources else Span(0, 0)


def _related(cycle: Sequence[Dependency], places: Sequence[Span]) -> tuple[Related, ...]:
    return tuple(
        Related(place, f"`{dependency.successor}` waits for `{dependency.predecessor}`")
        for dependency, place in zip(cycle, places, strict=True)
    )


RULE = Rule(
    code="MP202",
    name="dependency-cycle",
    severity=Severity.ERROR,
    check=check,
    page=__doc__,
)
