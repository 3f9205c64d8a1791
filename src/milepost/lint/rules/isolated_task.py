"""Task that no dependency mentions in a plan that states dependencies.

## What it does

Reports a required task without parts that neither waits for another task nor is waited for, in plans that state
dependencies.

## Why is this bad

Often the task was added later and the graph forgotten. It may start at any time.

## Example

````markdown
- [ ] **1.1** Create the schema
- [ ] **1.2** Load the data
- [ ] **1.3** Write the docs

```
1.1 → 1.2
```
````

## Fix

Add the task to the graph, or leave it if it really depends on nothing. Nothing is changed automatically.

## Options

Runs only when selected.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.source import Diagnostic, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find tasks outside the graph."""
    joined = {name for link in context.stated for name in (link.predecessor, link.successor)}
    if joined:
        for task in context.plan.required:
            if task.id not in joined:
                yield RULE.at(task.id_span or task.head_span, f"No dependency mentions task `{task.id}`")


RULE = Rule(
    code="MP204",
    name="isolated-task",
    severity=Severity.INFO,
    check=check,
    page=__doc__,
    default=False,
)
