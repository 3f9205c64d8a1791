"""Task that serves no requirement in a plan whose tasks name theirs.

## What it does

Reports each required task without parts and without `_Requirements:_`, if at least one task of the plan has some.

## Why is this bad

Nobody can say what the work is for, or what has to be tested again when a requirement changes.

## Example

```markdown
- [ ] **1.1** Create the schema
  - _Requirements: REQ-1.1_
- [ ] **1.2** Load the data
```

## Fix

Name the requirement, or a standard such as `_Requirements: Code standards_`. Nothing is changed automatically.

## Options

Runs only when selected.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.source import Diagnostic, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find tasks that serve nothing."""
    if any(task.requirements for task in context.plan.tasks):
        for task in context.plan.required:
            if not task.requirements:
                yield RULE.at(task.id_span or task.head_span, f"Task `{task.id}` names no requirement")


RULE = Rule(
    code="MP801",
    name="task-without-requirement",
    severity=Severity.INFO,
    check=check,
    page=__doc__,
    default=False,
)
