"""Stated total or progress that differs from the plan's own tasks.

## What it does

Compares `**Total Tasks:**` with the number of required tasks without parts, `**Estimated Time:**` with the
sum of their efforts and `**Progress:** X/Y` with how many of them are ticked. Optional and struck tasks,
steps, criteria and anything inside a code fence count nothing. Where tasks have parts, a count of the tasks
that contain them is accepted too. A stated range must meet the summed range, a value in days or weeks may be
rounded to its unit, one marked `~` may be 10 % off. Of several such lines only one above all phases speaks of
the whole plan. Nothing is counted in a checklist without ids, for nobody knows what its author calls a task.
Nothing is said about a sum while an estimate is missing, unless the known ones alone exceed it.

## Why is this bad

Readers believe the header. A stale total makes a plan look smaller or further along than it is.

## Example

```markdown
**Total Tasks:** 3

- [ ] **1.1** Create the schema
- [ ] **1.2** Load the data
```

## Fix

The stated number is replaced by the computed one. Safe.

## Options

None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.lint.wording import count
from milepost.plan.grammar.durations import DAY, HOUR, Duration, format_duration, parse_duration
from milepost.plan.model import Claim, ClaimKind, Plan, TaskState
from milepost.source import Diagnostic, Edit, Fix, Safety, Severity, Span
from milepost.source.lazy_regex import lazy_regex

_NUMBER = lazy_regex(r"\s*(\d{1,9})\s*(?:tasks?)?\s*(?:\(.*\))?\s*", re.IGNORECASE)
_RATIO = lazy_regex(r"\D{0,20}?(\d{1,9})\s*(?:/|of)\s*(\d{1,9})\b", re.IGNORECASE)
_SUM = lazy_regex(r"\s*(?P<about>[~≈]|about |approx\. )?\s*(?P<value>[^()\r\n]+?)\s*(?:\((?P<remark>[^()]*)\))?\s*")
_COARSE = lazy_regex(r"\d\s*(?:d|days?|w|wks?|weeks?)\b", re.IGNORECASE)


def check(context: Context) -> Iterator[Diagnostic]:
    """Find totals that do not match."""
    if context.plan.required:
        for kind, judge in _JUDGES.items():
            if kind is ClaimKind.ESTIMATED_TIME or context.tasks_are_named:
                for claim in context.claims(kind):
                    yield from judge(context, claim)


def _total(context: Context, claim: Claim) -> Iterator[Diagnostic]:
    found = _NUMBER.fullmatch(claim.text)
    counts = _counts(context.plan)
    if found and int(found.group(1)) not in counts:
        yield RULE.at(
            claim.value_span,
            f"The total says {count(int(found.group(1)), 'task')}, but the plan has {_described(context.plan)}",
            fix=_replacement(claim, found.span(1), str(counts[0])),
        )


def _progress(context: Context, claim: Claim) -> Iterator[Diagnostic]:
    found = _RATIO.match(claim.text)
    if not found:
        return
    plan = context.plan
    stated = (int(found.group(1)), int(found.group(2)))
    done = sum(task.state is TaskState.DONE for task in plan.required)
    if stated != (done, len(plan.required)) and (not plan.parents or stated != _progress_of_parents(plan)):
        yield RULE.at(
            claim.value_span,
            f"The progress says {stated[0]} of {stated[1]}, but {done} of {_described(plan)} are ticked",
            fix=_replacement(claim, (found.start(1), found.end(2)), f"{done}/{len(plan.required)}"),
        )


def _time(context: Context, claim: Claim) -> Iterator[Diagnostic]:
    found = _SUM.fullmatch(claim.text)
    stated = parse_duration(found["value"]) if found else None
    actual = _summed(context.plan)
    if not found or not stated or not actual.likely:
        return
    allowance = _allowance(found["value"], stated, about=bool(found["about"]))
    if stated.high + allowance < actual.low or (context.fully_estimated and stated.low - allowance > actual.high):
        text = format_duration(actual.likely)
        least = "" if context.fully_estimated else "at least "
        yield RULE.at(
            claim.value_span,
            f"The estimated time says {found['value']}, but the tasks add up to {least}{text}",
            fix=_replacement(claim, found.span("value"), text) if context.fully_estimated else None,
        )


def _counts(plan: Plan) -> list[int]:
    """The counts a total may state, the right one first."""
    tasks = [task for task in plan.tasks if not task.optional and not task.struck]
    return [len(plan.required), *([len(tasks), sum(not task.parent for task in tasks)] if plan.parents else [])]


def _progress_of_parents(plan: Plan) -> tuple[int, int]:
    tops = [task for task in plan.tasks if not task.parent and not task.optional and not task.struck]
    return sum(task.state is TaskState.DONE for task in tops), len(tops)


def _summed(plan: Plan) -> Duration:
    efforts = [task.effort for task in plan.required if task.effort]
    return Duration(sum(effort.low for effort in efforts), plan.effort, sum(effort.high for effort in efforts))


def _allowance(text: str, stated: Duration, *, about: bool) -> int:
    """How far a stated time may be off in seconds, for it was rounded."""
    if about:
        return stated.likely // 10
    if not _COARSE.search(text):
        return 0
    return DAY // 2 if "d" in text.casefold() else 20 * HOUR


def _described(plan: Plan) -> str:
    optional = len(plan.leaves) - len(plan.required)
    required = count(len(plan.required), "required task")
    return f"{required} ({optional} optional)" if optional else required


def _replacement(claim: Claim, part: tuple[int, int], text: str) -> Fix | None:
    """Write another text over a part of the claim's value."""
    if claim.value_span.end - claim.value_span.start != len(claim.text):
        return None
    span = Span(claim.value_span.start + part[0], claim.value_span.start + part[1])
    return Fix(f"Write {text}", (Edit(span, text),))


_JUDGES = {ClaimKind.TOTAL_TASKS: _total, ClaimKind.ESTIMATED_TIME: _time, ClaimKind.PROGRESS: _progress}

RULE = Rule(
    code="MP601",
    name="total-mismatch",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
    fix=Safety.SAFE,
)
