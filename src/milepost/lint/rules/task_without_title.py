"""Task that is nothing but an id.

## What it does

Reports a required task that has an id of its own and no title.

## Why is this bad

Nobody who gets the task knows what to do, and every list shows an empty line.

## Example

```markdown
- [ ] **1.1** Create the schema
- [ ] **1.2**
```

## Fix

Say what is to be done. Nothing is changed automatically.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.source import Diagnostic, Severity
from milepost.source.lazy_regex import lazy_regex

_COMMENT = lazy_regex(r"<!--.*?-->")


def check(context: Context) -> Iterator[Diagnostic]:
    """Find tasks without a title."""
    for task in context.plan.required:
        if task.id_span and not _COMMENT.sub("", task.title).strip():
            yield RULE.at(task.id_span, f"Task `{task.id}` has no title")


RULE = Rule(
    code="MP107",
    name="task-without-title",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
