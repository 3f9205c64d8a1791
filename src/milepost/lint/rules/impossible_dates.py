"""Task that may not start before it is due.

## What it does

Reports a task whose `_Not before:_` is later than its `_Due:_` or `_Deadline:_`, as dates (2026-03-14) or with a time.
A task that states one of them has the other of the nearest task it is a part of. A day that something is due is over at
its end.

## Why is this bad

No schedule can keep both.

## Example

```markdown
- [ ] **1.1** Create the schema
  - _Not before: 2026-12-01_
  - _Deadline: 2026-11-15_
```

## Fix

Correct one of the dates. Nothing is changed automatically.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.plan.model import Plan, Task
from milepost.source import Diagnostic, Severity

_DAY = len("2026-03-14")
_Stated = tuple[str, Task]


def check(context: Context) -> Iterator[Diagnostic]:
    """Find tasks that are due before they may start."""
    plan = context.plan
    for task in plan.tasks:
        if not (task.not_before or task.due or task.deadline):
            continue
        start = _stated(plan, task, "not_before")
        for kind in ("due", "deadline"):
            limit = _stated(plan, task, kind)
            # What two tasks above this one say is reported there.
            if start and limit and (task is start[1] or task is limit[1]) and _begin(start[0]) >= _end(limit[0]):
                own = limit if limit[1] is task else start
                field = next((one for one in task.fields if one.value == own[0]), None)
                span = field.value_span if field else task.head_span
                yield RULE.at(
                    span, f"Task `{task.id}` may not start before {start[0]}, after its {kind} date {limit[0]}"
                )


def _stated(plan: Plan, task: Task, name: str) -> _Stated | None:
    """A date of a task, or of the nearest one above it that states it, and whose it is."""
    here: Task | None = task
    seen: set[str] = set()
    while here and here.id not in seen:
        seen.add(here.id)
        if getattr(here, name):
            return getattr(here, name), here
        here = plan.by_id.get(here.parent) if here.parent else None
    return None


def _begin(text: str) -> str:
    """The first moment of a date, so that moments compare as texts."""
    return text.replace(" ", "T") if len(text) > _DAY else f"{text}T00:00"


def _end(text: str) -> str:
    """The last moment of a date."""
    return text.replace(" ", "T") if len(text) > _DAY else f"{text}T24:00"


RULE = Rule(
    code="MP308",
    name="impossible-dates",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
