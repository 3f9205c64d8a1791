"""Task on another tier than its own scores suggest.

## What it does

Reports a task that states `_Complexity:_`, `_Ambiguity:_` and `_Risk:_` and is assigned to another tier than their mean
suggests: up to 3 Tier 3, up to 7 Tier 2, above Tier 1.

## Why is this bad

Either the scores are out of date, or the work is given to somebody too dear or too weak.

## Example

```markdown
- [ ] **1.1** Create the schema
  - _Complexity: 2_
  - _Ambiguity: 1_
  - _Risk: 3_
  - _Tier: 1_
```

## Fix

Assign the task as its scores suggest, or correct the scores. Nothing is changed automatically.

## Options

Runs only when selected.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.plan.model import Task
from milepost.source import Diagnostic, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find assignments that the scores contradict."""
    for task in context.plan.required:
        suggested, given = _suggested(task), context.plan.tiers.get(task.id)
        if suggested and given and suggested != given:
            message = f"Task `{task.id}` is on Tier {given}, but its scores suggest Tier {suggested}"
            yield RULE.at(task.id_span or task.head_span, message)


def _suggested(task: Task) -> int:
    """The tier that the mean of the three scores suggests; 0 unless all are stated."""
    if not (task.complexity and task.ambiguity and task.risk):
        return 0
    score = (task.complexity + task.ambiguity + task.risk) / 3
    if score <= 3:
        return 3
    return 2 if score <= 7 else 1


RULE = Rule(
    code="MP404",
    name="tier-differs-from-score",
    severity=Severity.INFO,
    check=check,
    page=__doc__,
    default=False,
)
