"""Date of a task that is no date, or a day that no calendar has.

## What it does

Reports a `_Not before:_`, `_Due:_` or `_Deadline:_` that is neither a day (2026-03-14) nor a day with a time
(2026-03-14 09:00), and days such as 2026-02-30.

## Why is this bad

The line looks as if it held something back, but counts for nothing: a run starts the task at once, and no schedule
warns that it comes too late.

## Example

```markdown
- [ ] **1.1** Order the wood
  - _Not before: 1 March 2026_
- [ ] **1.2** Saw the boards
  - _Deadline: 2026-02-30_
```

## Fix

The date is suggested where only one can be meant; it is never filled in automatically.

## Options

None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.plan.model import ObservationKind
from milepost.source import Diagnostic, Edit, Fix, Safety, Severity
from milepost.source.lazy_regex import lazy_regex

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR_FIRST = lazy_regex(r"(\d{4})[-/. ]?(\d{1,2})[-/. ]?(\d{1,2})\b(.*)")
_YEAR_LAST = lazy_regex(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\b(.*)")
_DAY_MONTH = lazy_regex(r"(\d{1,2})(?:st|nd|rd|th)?\.?[ -]+([a-z]{3,9})\.?,?[ -]+(\d{4})\b(.*)", re.IGNORECASE)
_MONTH_DAY = lazy_regex(r"([a-z]{3,9})\.?[ -]+(\d{1,2})(?:st|nd|rd|th)?,?[ -]+(\d{4})\b(.*)", re.IGNORECASE)
_TIME = lazy_regex(r"[ T,]*(?:at )?(\d{1,2}):(\d{2})(?::\d{2})?\s*", re.IGNORECASE)


def check(context: Context) -> Iterator[Diagnostic]:
    """Find dates of tasks that are none."""
    for found in context.observations(ObservationKind.UNREADABLE_DATE):
        meant = _meant(found.text)
        fix = Fix(f"Did you mean `{meant}`?", (Edit(found.span, meant),), Safety.DISPLAY) if meant else None
        yield RULE.at(found.span, f"`{found.text}` does not count: {found.detail}", fix=fix)


def _meant(text: str) -> str:
    """The only date that can be meant, in ISO form; empty if there is none, or more than one."""
    for pattern, order in ((_YEAR_FIRST, "ymd"), (_DAY_MONTH, "dmy"), (_MONTH_DAY, "mdy"), (_YEAR_LAST, "")):
        found = pattern.fullmatch(text.strip())
        if found:
            parts = found.groups()
            return _iso(parts[:3], order or _order(parts), parts[3])
    return ""


def _order(parts: tuple[str, ...]) -> str:
    """Whether a day or a month comes first, if one of them says so; empty if neither does."""
    first, second = int(parts[0]), int(parts[1])
    return "dmy" if first > 12 else "mdy" if second > 12 else "dmy" if first == second else ""


def _iso(parts: tuple[str, ...], order: str, rest: str) -> str:
    if not order:
        return ""
    from calendar import monthrange

    named = dict(zip(order, parts, strict=True))
    year, day, word = int(named["y"]), int(named["d"]), named["m"].casefold()
    month = int(word) if word.isdecimal() else next((n for n, m in enumerate(_MONTHS, 1) if word.startswith(m)), 0)
    time = _TIME.fullmatch(rest) if rest.strip() else None
    if not (1970 <= year <= 9000 and 1 <= month <= 12 and 1 <= day <= 31) or (rest.strip() and not time):
        return ""
    clock = f" {int(time[1]):02}:{time[2]}" if time and int(time[1]) < 24 and int(time[2]) < 60 else ""
    return f"{year}-{month:02}-{min(day, monthrange(year, month)[1]):02}{clock}"


RULE = Rule(
    code="MP309",
    name="unreadable-task-date",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
    fix=Safety.DISPLAY,
)
