"""Checkpoint that waits for a task which waits for the checkpoint.

## What it does

Reports a checkpoint after a phase or a task whose own predecessors depend, directly or through other tasks, on work the
checkpoint holds back.

## Why is this bad

The checkpoint can never be reached: the run stops there for good.

## Example

````markdown
### **Phase 1: Setup**

- [ ] **1.1** Create the schema
  - _Depends: 2.1_

### **Phase 2: Core**

- [ ] **2.1** Choose the database

### **Checkpoint 1: After Phase 1**
- [ ] Schema reviewed
````

## Fix

Move the checkpoint, or the task it waits for into an earlier phase. Nothing is changed automatically.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.lint.wording import chain
from milepost.plan.model import ObservationKind
from milepost.schedule.network import find_cycle
from milepost.source import Diagnostic, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find a circle that only checkpoints close."""
    plan = context.plan
    if not plan.checkpoints or any(context.observations(ObservationKind.DUPLICATE_ID)) or find_cycle(context.network):
        return
    cycle = find_cycle(context.gated_network)
    gates = {checkpoint.id: checkpoint for checkpoint in plan.checkpoints}
    first = next((place for place, name in enumerate(cycle) if name in gates), None)
    if first is not None:
        turned = [*cycle[first:], *cycle[:first], cycle[first]]
        names = [gates[name].name if name in gates else name for name in turned]
        yield RULE.at(gates[turned[0]].heading_span, f"The checkpoint can never be reached: {chain(names)}")


RULE = Rule(
    code="MP504",
    name="checkpoint-deadlock",
    severity=Severity.ERROR,
    check=check,
    page=__doc__,
)
