"""Dependency that two places state.

## What it does

Reports each further place that states a dependency between the same two tasks. A statement about many tasks at once,
such as `Phase 1 → Phase 2`, is reported once, and only when all that it says is stated before.

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

from milepost.lint.context import STATED, Context
from milepost.lint.rule import Rule
from milepost.plan.model import Dependency
from milepost.source import Diagnostic, Related, Severity, Span


def check(context: Context) -> Iterator[Diagnostic]:
    """Find places all of whose dependencies other lines state before."""
    position = context.plan.source.position
    first: dict[Dependency, Span] = {}
    said: dict[Span, list[Dependency]] = {}
    for link in context.plan.dependencies:
        for span in dict.fromkeys(source.span for source in link.sources if source.origin in STATED):
            first.setdefault(link, span)
            said.setdefault(span, []).append(link)
    for span, links in said.items():
        line = position(span.start).line
        if all(position(first[link].start).line != line for link in links):
            related = tuple(Related(place, "first stated here") for place in dict.fromkeys(first[one] for one in links))
            yield RULE.at(span, _message(links), related=related)


def _message(links: list[Dependency]) -> str:
    if len(links) == 1:
        return f"That `{links[0].successor}` waits for `{links[0].predecessor}` is stated already"
    return f"All {len(links)} dependencies stated here are stated already"


RULE = Rule(
    code="MP205",
    name="dependency-stated-twice",
    severity=Severity.INFO,
    check=check,
    page=__doc__,
    default=False,
)
