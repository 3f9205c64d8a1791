"""Escalation rule that fires before a task overruns.

## What it does

Reports an escalation factor below 1, as in "takes > 0.5x estimated time".

## Why is this bad

Every task that takes as long as planned would be taken from its worker and handed to a dearer tier.

## Example

```markdown
- **Escalation:** If any task takes > 0.5x estimated time, escalate to higher tier
```

## Fix

Write a factor above 1, such as `2x`. Nothing is changed automatically.

## Options

None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.source import Diagnostic, Severity
from milepost.source.lazy_regex import lazy_regex

_ON_TOP = lazy_regex(r"\s*(?:longer|more|over|above|beyond|late|of\s+(?:tasks?|them))\b", re.IGNORECASE)


def check(context: Context) -> Iterator[Diagnostic]:
    """Find a factor below one; "50 % longer" is one and a half."""
    rule = context.plan.escalation
    if rule and rule.factor < 1 and not _ON_TOP.match(context.plan.source.text, rule.span.end):
        yield RULE.at(rule.span, f"Tasks would escalate after {rule.factor:.0%} of their estimate")


RULE = Rule(
    code="MP305",
    name="escalation-factor-too-low",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
