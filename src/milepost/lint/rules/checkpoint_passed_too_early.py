"""Checkpoint whose criteria are all ticked while tasks before it are open.

## What it does

Reports a checkpoint with every criterion ticked that comes after a required task whose box is not ticked.

## Why is this bad

Either the gate was opened before the work was done, or somebody forgot to tick a task.

## Example

```markdown
### **Phase 1: Setup**

- [ ] **1.1** Create the schema

### **Checkpoint 1: After Phase 1**
- [x] Schema reviewed
```

## Fix

Tick the task or un-tick the criteria. Nothing is changed automatically: only people know which one is true.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.lint.wording import listing
from milepost.plan.model import AnchorKind, Checkpoint, ObservationKind, Plan, Task, TaskState
from milepost.source import Diagnostic, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find gates that were opened too early."""
    if any(context.observations(ObservationKind.DUPLICATE_ID)):
        return
    for checkpoint in context.plan.checkpoints:
        if _is_passed(checkpoint):
            waiting = [task.id for task in _before(context.plan, checkpoint) if _is_open(task)]
            if waiting:
                verb = "is" if len(waiting) == 1 else "are"
                yield RULE.at(
                    checkpoint.heading_span, f"{checkpoint.name} is passed, but {listing(waiting)} {verb} not done"
                )


def _is_passed(checkpoint: Checkpoint) -> bool:
    boxes = [criterion.checkbox for criterion in checkpoint.criteria]
    return bool(boxes) and all(box and box.state is TaskState.DONE for box in boxes)


def _before(plan: Plan, checkpoint: Checkpoint) -> Sequence[Task]:
    """The required leaf tasks a checkpoint waits for by its own words."""
    anchor = checkpoint.anchor
    if anchor.kind is AnchorKind.COMPLETION:
        return plan.required
    if anchor.kind is AnchorKind.TASK:
        return [task for task in plan.required if task.id in anchor.ids]
    last = max((place for place, phase in enumerate(plan.phases) if phase.id in anchor.ids), default=-1)
    phases = {phase.id for phase in plan.phases[: last + 1]} if anchor.kind is AnchorKind.PHASE else set()
    return [task for task in plan.required if task.phase in phases]


def _is_open(task: Task) -> bool:
    return task.checkbox is not None and task.state not in (TaskState.DONE, TaskState.DEFERRED, TaskState.UNKNOWN)


RULE = Rule(
    code="MP503",
    name="checkpoint-passed-too-early",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
