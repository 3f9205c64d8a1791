"""Reference to a task the plan does not have.

## What it does

Reports an id in an arrow graph, a `_Depends:_` line, the assignment table, a checkpoint or a claim that no
task of the plan carries. Tasks of another plan (`../login/tasks.md#2.1`, `login/2.1`) are reported too; where one plan
in the folders beside has a task of the id, it is named.

## Why is this bad

A dependency on a task that does not exist is lost, and a run would start work too early or assign it to
nobody.

## Example

````markdown
- [ ] **1.1** Create the schema
- [ ] **1.2** Load the data

```
1.1 → 1.2 → 1.3
```
````

## Fix

Correct the id. The nearest existing one is suggested, but never filled in automatically. What another plan has to bring
about is a criterion of a checkpoint here: a sentence that somebody signs off, or a command that shows it.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.plan.model import Observation, ObservationKind
from milepost.source import Diagnostic, Edit, Fix, Safety, Severity

_ALONE = "a plan waits for and assigns its own tasks only"


def check(context: Context) -> Iterator[Diagnostic]:
    """Find references to tasks that do not exist."""
    for found in context.observations(ObservationKind.UNKNOWN_TASK):
        if "/" in found.text or ".md" in found.text:
            yield RULE.at(
                found.span, f"`{found.text}`, which {found.detail} names, is a task of another plan; {_ALONE}"
            )
            continue
        nearest = _nearest(found.text, list(context.plan.by_id))
        place = f", which {found.detail} names" if found.detail else ""
        message = f"`{found.text}`{place}, is not in the plan" if place else f"The plan has no task `{found.text}`"
        beside = context.elsewhere(found.text)
        message += f" ({beside} has such a task, but {_ALONE})" if beside else ""
        yield RULE.at(found.span, message, fix=_suggestion(context, found, nearest))


def _nearest(wanted: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(wanted, known, n=1, cutoff=0.6)), "")


def _suggestion(context: Context, found: Observation, nearest: str) -> Fix | None:
    if not nearest:
        return None
    exact = context.plan.source.slice(found.span) == found.text
    edits = (Edit(found.span, nearest),) if exact else ()
    return Fix(f"Did you mean `{nearest}`?", edits, Safety.DISPLAY)


RULE = Rule(
    code="MP201",
    name="unknown-task",
    severity=Severity.ERROR,
    check=check,
    page=__doc__,
    fix=Safety.DISPLAY,
)
