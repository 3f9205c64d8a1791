"""Critical path claim that the estimates and dependencies do not bear out.

## What it does

Computes the longest chains of the plan, without checkpoints and with them, and reports a `**Critical Path:**`
claim whose tasks are no contiguous part of any of them. Nothing is said while an estimate is missing, the
plan states no dependency, or one in a circle, or the claim names optional or unknown tasks.

## Why is this bad

People watch the tasks of the claim, while the plan's end depends on others.

## Example

```markdown
- [ ] **1.1** Create the schema
  - _Estimated: 1 hour_
- [ ] **1.2** Load the data
  - _Estimated: 5 hours_
  - _Depends: 1.1_
- [ ] **1.3** Write the docs
  - _Estimated: 1 hour_
  - _Depends: 1.1_

- **Critical Path:** Tasks 1.1 → 1.3
```

## Fix

Name the tasks of the computed path, which the message states. When the claim is a plain chain of ids, the fix
writes the computed path in its place; it is unsafe, for an estimate or a dependency may be what is wrong.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from milepost.lint import claims
from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.lint.wording import chain
from milepost.plan.model import Claim, ClaimKind, ObservationKind
from milepost.schedule.critical_path import CriticalPath
from milepost.source import Diagnostic, Edit, Fix, Safety, Severity, Span


def check(context: Context) -> Iterator[Diagnostic]:
    """Find critical path claims that are no contiguous part of a computed critical path."""
    for claim in context.plan.claims:
        if claim.kind is ClaimKind.CRITICAL_PATH and claim.tasks and _can_judge(context, claim):
            paths = [path for path in (context.critical_path, context.gated_critical_path) if path]
            for group in claims.groups(claim):
                if paths and not any(_lies_on(path, group) for path in paths):
                    yield _finding(context, claim, group, paths[0])


def _can_judge(context: Context, claim: Claim) -> bool:
    by_id = context.plan.by_id
    required = {task.id for task in context.plan.required}
    return (
        bool(context.plan.dependencies)
        and context.fully_estimated
        and not any(context.observations(ObservationKind.DUPLICATE_ID))
        and all(name in by_id and name in required for name in claim.tasks)
    )


def _lies_on(path: CriticalPath, group: tuple[str, ...]) -> bool:
    """Say whether the tasks follow each other on a longest chain; checkpoints between them do not count."""
    numbers = [path.network.index[name] for name in group]
    on_path = path.longest_successors
    return numbers[0] in on_path and all(after in _next_tasks(path, before) for before, after in pairwise(numbers))


def _next_tasks(path: CriticalPath, here: int) -> set[int]:
    waiting = list(path.longest_successors.get(here, ()))
    found = set()
    for there in waiting:
        if there not in found:
            found.add(there)
            if path.network.activities[there].checkpoint:
                waiting += path.longest_successors[there]
    return found


def _finding(context: Context, claim: Claim, group: tuple[str, ...], path: CriticalPath) -> Diagnostic:
    true_path = [name for name in path.critical_path if name in context.plan.by_id]
    stated = f"`{group[0]}`" if len(group) == 1 else chain(group)
    message = f"{stated} is not on the critical path, which is {chain(true_path)}"
    if len(group) > 1:
        message = f"{stated} is no contiguous part of the critical path, which is {chain(true_path)}"
    return RULE.at(claim.value_span, message, fix=_fix(context, claim, group, true_path))


def _fix(context: Context, claim: Claim, group: tuple[str, ...], true_path: list[str]) -> Fix | None:
    """Replace the claim's chain of ids, if it is written out in one piece."""
    text = context.plan.source.slice(claim.value_span)
    first, last = text.find(group[0]), text.rfind(group[-1])
    if first < 0 or last < first or group != claim.tasks:
        return None
    span = Span(claim.value_span.start + first, claim.value_span.start + last + len(group[-1]))
    return Fix("Name the computed critical path", (Edit(span, " → ".join(true_path)),), Safety.UNSAFE)


RULE = Rule(
    code="MP302",
    name="false-critical-path",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
    fix=Safety.UNSAFE,
)
