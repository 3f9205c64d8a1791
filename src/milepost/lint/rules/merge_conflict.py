"""Conflict that git left in the plan.

## What it does

Reports each place where git marked what two branches wrote: from a line that starts with seven `<` over one of seven
`=` to one that starts with seven `>`. Marks inside a fence of code are an example.

## Why is this bad

The tasks between the marks are there twice, as two people last saw them. Nobody can say which of them holds, and
nothing that is counted, scheduled or run from such a plan is right. `milepost sync` and `milepost run` refuse it.

## Example

```markdown
<<<<<<< HEAD
- [x] **1.1** Saw the boards
=======
- [ ] **1.1** Saw all boards
>>>>>>> sanding
```

## Fix

Decide, and take the marks away. `milepost sync --repair` does so around boxes and computed lines, where there is a
right answer; `milepost git install` keeps git from leaving such conflicts. Nothing is changed automatically here.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.plan.conflicts import conflicts
from milepost.source import Diagnostic, Severity, Span


def check(context: Context) -> Iterator[Diagnostic]:
    """Find conflicts, and show each by its first line."""
    source = context.plan.source
    for span in conflicts(source):
        line = source.line_span(source.position(span.start).line)
        yield RULE.at(Span(span.start, line.end), "Git left a conflict here: what follows is there twice")


RULE = Rule(
    code="MP109",
    name="merge-conflict",
    severity=Severity.ERROR,
    check=check,
    page=__doc__,
)
