"""Task whose box says something else than the boxes of its parts.

## What it does

Reports a ticked task with a required part that is not ticked, and an open task whose parts are all ticked.

## Why is this bad

Progress counts the parts, readers look at the whole.

## Example

```markdown
- [x] **1** Set up
  - [x] **1.1** Create the schema
  - [ ] **1.2** Load the data
```

## Fix

A task whose parts are all done is ticked; unsafe, for the whole may be more than its parts. The other way round nothing
is changed automatically.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.lint.wording import listing
from milepost.plan.model import ObservationKind, Task, TaskState
from milepost.source import Diagnostic, Edit, Fix, Safety, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find wholes that differ from their parts."""
    if any(context.observations(ObservationKind.DUPLICATE_ID)):
        return
    parts: dict[str, list[Task]] = {}
    for task in context.plan.tasks:
        if task.parent and task.checkbox and not task.optional and not task.struck:
            parts.setdefault(task.parent, []).append(task)
    for task in context.plan.tasks:
        if task.checkbox and task.id in parts and not task.struck:
            yield from _judge(task, parts[task.id])


def _judge(task: Task, parts: list[Task]) -> Iterator[Diagnostic]:
    waiting = [part.id for part in parts if part.state not in (TaskState.DONE, TaskState.DEFERRED)]
    if task.checkbox and task.state is TaskState.DONE and waiting:
        verb = "is" if len(waiting) == 1 else "are"
        yield RULE.at(task.id_span or task.head_span, f"Task `{task.id}` is done, but {listing(waiting)} {verb} not")
    all_done = all(part.state is TaskState.DONE for part in parts)
    if task.checkbox and task.state in _OPEN and all_done:
        fix = Fix("Tick it", (Edit(task.checkbox.span, "x"),), Safety.UNSAFE)
        yield RULE.at(
            task.id_span or task.head_span, f"Every part of task `{task.id}` is done, but not the task", fix=fix
        )


_OPEN = (TaskState.NOT_STARTED, TaskState.IN_PROGRESS, TaskState.UNKNOWN)


RULE = Rule(
    code="MP604",
    name="parent-contradicts-parts",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
    fix=Safety.UNSAFE,
)
