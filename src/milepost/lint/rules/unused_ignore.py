"""Suppression comment that silences nothing.

## What it does

Reports each name in a `<!-- milepost: ignore[…] -->` comment that silenced no finding, provided the rule it
names was checked in this run.

## Why is this bad

A comment that outlived its reason hides the next real finding on that line.

## Example

```markdown
<!-- milepost: ignore[missing-estimate] nobody knows yet -->
- [ ] **1.1** Build it
  - _Estimated: 2 hours_
```

## Fix

The name is taken out of the comment; a comment that names nothing else is removed. Safe, and left to the author
where the comment keeps two lists apart that would be read differently as one.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.lint.suppression import Suppression, Suppressions, covers
from milepost.plan.model import Plan
from milepost.plan.reader import read_plan
from milepost.source import Diagnostic, Edit, Fix, Safety, Severity, Span, apply


def check(context: Context) -> Iterator[Diagnostic]:
    """Find nothing: what is unused is known only when all other rules have run (see :func:`unused`)."""
    return iter(())


RULE = Rule(
    code="MP199",
    name="unused-ignore",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
    fix=Safety.SAFE,
)


def unused(
    plan: Plan, suppressions: Suppressions, *, checked: Collection[Rule], known: Collection[Rule]
) -> list[Diagnostic]:
    """Find suppressions that silenced nothing, or name nothing; ``checked`` are the rules that ran."""
    return [
        RULE.at(found.span, _message(found, known), fix=_harmless(plan, _removal(suppressions, found)))
        for found in suppressions.all
        if found not in suppressions.used and (_names(found, checked) or not _names(found, known))
    ]


def _harmless(plan: Plan, fix: Fix) -> Fix:
    """The fix, only as a suggestion when the tasks would be read differently after it."""
    after = read_plan(apply(plan.source, fix.edits), plan.dialect)
    same = [(task.id, task.parent) for task in plan.tasks] == [(task.id, task.parent) for task in after.tasks]
    return fix if same else replace(fix, safety=Safety.DISPLAY)


def _names(found: Suppression, rules: Collection[Rule]) -> bool:
    return any(covers(found.selector, rule.code, rule.name) for rule in rules)


def _message(found: Suppression, known: Collection[Rule]) -> str:
    if not found.selector:
        return "The comment names no rule"
    return f"`{found.selector}` silences nothing here" if _names(found, known) else f"`{found.selector}` is no rule"


def _removal(suppressions: Suppressions, found: Suppression) -> Fix:
    """Take the name out, or the whole comment when none of its names silences anything."""
    together = [other for other in suppressions.all if other.comment == found.comment]
    if not any(other in suppressions.used for other in together):
        return Fix("Remove the comment", (Edit(suppressions.room(found.comment), ""),))
    index = together.index(found)
    if index == 0:
        span = Span(found.span.start, together[1].span.start)
    else:
        span = Span(together[index - 1].span.end, found.span.end)
    return Fix(f"Take `{found.selector}` out of the comment", (Edit(span, ""),))
