"""Task that is done although a task it waits for is not.

## What it does

Reports a ticked task that the plan says starts after another one finishes, while the other one's box is not
ticked. Nothing is said while dependencies run in a circle.

## Why is this bad

Either a box was forgotten, or the dependency does not hold, and then it makes the schedule longer than it is.

## Example

```markdown
- [ ] **1.1** Create the schema
- [x] **1.2** Load the data
  - _Depends: 1.1_
```

## Fix

Tick the other task, or remove the dependency. Nothing is changed automatically: only people know which one is true.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.lint.wording import listing
from milepost.plan.model import DependencyKind, ObservationKind, TaskState
from milepost.source import Diagnostic, Related, Severity

_OPEN = (TaskState.NOT_STARTED, TaskState.IN_PROGRESS, TaskState.BLOCKED)


def check(context: Context) -> Iterator[Diagnostic]:
    """Find ticked tasks with open predecessors."""
    if context.cycles or any(context.observations(ObservationKind.DUPLICATE_ID)):
        return
    if TaskState.DONE not in context.states:
        return
    tasks = {task.id: task for task in context.plan.required if task.checkbox}
    waiting: dict[str, list[str]] = {}
    for link in context.stated:
        before, after = tasks.get(link.predecessor), tasks.get(link.successor)
        is_plain = link.kind is DependencyKind.FINISH_TO_START and link.lag >= 0
        if is_plain and before and after and before.state in _OPEN and after.state is TaskState.DONE:
            waiting.setdefault(after.id, []).append(before.id)
    for name, open_tasks in waiting.items():
        verb = "is" if len(open_tasks) == 1 else "are"
        yield RULE.at(
            tasks[name].id_span or tasks[name].head_span,
            f"Task `{name}` is done, but {listing(open_tasks)}, which it waits for, {verb} not",
            related=tuple(Related(tasks[one].head_span, f"`{one}` is not done") for one in open_tasks),
        )


RULE = Rule(
    code="MP603",
    name="done-before-predecessor",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
