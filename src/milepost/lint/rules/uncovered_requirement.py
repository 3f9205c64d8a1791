"""Requirement that no task of the plan serves.

## What it does

Reports each requirement of `requirements.md` or `spec.md` beside the plan that no task names, neither as a whole nor
by one of its criteria, if tasks name others of its sort: a plan whose tasks name user stories is not asked for
functional requirements. Success criteria that measure the outcome are not reported.

## Why is this bad

What no task serves is not built, and nobody notices before the end.

## Example

Beside requirements `REQ-1.1` and `REQ-1.2`:

```markdown
- [ ] **1.1** Create the schema
  - _Requirements: REQ-1.1_
```

## Fix

Name the requirement in the task that serves it, plan a task for it, or drop it. Nothing is changed automatically.

## Options

`milepost trace` shows the whole matrix; it fails only for requirements whose priority is must or high.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.source import Diagnostic, Severity, Span


def check(context: Context) -> Iterator[Diagnostic]:
    """Find requirements without a task."""
    if not context.requirements:
        return
    # Few plans have requirements beside them: the others need not wait for their reader.
    from milepost.spec.model import RequirementKind
    from milepost.spec.resolution import sort_of_requirement
    from milepost.spec.traceability import Coverage, traced_sorts

    traced = traced_sorts(context.matrix)
    place = context.plan.title_span or Span(0, 0)
    for row in context.matrix.rows:
        wanted = row.requirement
        if row.coverage is not Coverage.UNCOVERED or wanted.kind is RequirementKind.OUTCOME:
            continue
        if sort_of_requirement(wanted.id) in traced:
            line = row.document.source.position(wanted.span.start).line
            priority = f" ({wanted.priority})" if wanted.priority else ""
            file = row.document.source.path.replace("\\", "/").rpartition("/")[2]
            where = f"{file}, line {line}" if file else f"line {line}"
            yield RULE.at(place, f"No task serves requirement `{wanted.id}`{priority}, stated in {where}")


RULE = Rule(
    code="MP803",
    name="uncovered-requirement",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
