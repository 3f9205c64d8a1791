"""Two tasks of one title in one phase.

## What it does

Reports a required task whose title another required task of the same phase and parent has, word for word.

## Why is this bad

Often a task was copied and the copy forgotten; in lists nobody can tell the two apart.

## Example

```markdown
- [ ] **1.1** Create the schema
- [ ] **1.2** Create the schema
```

## Fix

Rename or remove one of them. Nothing is changed automatically.

## Options

Runs only when selected.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.plan.model import Task
from milepost.source import Diagnostic, Related, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find titles that are taken."""
    first: dict[tuple[str | None, str | None, str], Task] = {}
    for task in context.plan.required:
        other = first.setdefault((task.phase, task.parent, task.title.casefold()), task)
        if other is not task and task.title.strip():
            related = (Related(other.head_span, "first used here"),)
            yield RULE.at(task.title_span, f"Task `{other.id}` has the same title", related=related)


RULE = Rule(
    code="MP705",
    name="duplicate-title",
    severity=Severity.INFO,
    check=check,
    page=__doc__,
    default=False,
)
