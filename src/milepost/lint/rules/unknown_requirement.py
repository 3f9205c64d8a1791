"""Reference to a requirement that is stated nowhere.

## What it does

Reports each reference of a task to a requirement that `requirements.md` or `spec.md` beside the plan does not state,
although it states others of the same sort: `REQ-7.1` beside `REQ-1.1`, or `2.9` where requirement 2 has three
criteria. An id of a sort that is stated nowhere is left alone, for it may be stated in another document.

## Why is this bad

The reference is a slip of the pen, or the requirement was renumbered or dropped: either way nobody can look up what
the task is for, and the matrix of `milepost trace` counts the task for nothing.

## Example

Beside requirements 1 and 2:

```markdown
- [ ] **1.1** Create the schema
  - _Requirements: 3.1_
```

## Fix

Name the requirement that is meant. Nothing is changed automatically.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.source import Diagnostic, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find references that lead nowhere."""
    if context.requirements:
        for found in context.matrix.unknown:
            message = f"Requirement `{found.reference.text}`, which task `{found.task.id}` names, is stated nowhere"
            yield RULE.at(found.reference.span, message)


RULE = Rule(
    code="MP802",
    name="unknown-requirement",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
