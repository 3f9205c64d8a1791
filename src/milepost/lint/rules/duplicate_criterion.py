"""Criterion that its checkpoint already has.

## What it does

Reports a criterion whose text an earlier criterion of the same checkpoint has, word for word.

## Why is this bad

It has to be signed off twice, and most often one of the two was meant to say something else.

## Example

```markdown
### **Checkpoint 1: After Phase 1**
- [ ] All tests pass
- [ ] All tests pass
```

## Fix

Remove or correct one of them. Nothing is changed automatically.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.plan.model import Criterion
from milepost.source import Diagnostic, Related, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find criteria that repeat another one."""
    for checkpoint in context.plan.checkpoints:
        first: dict[tuple[str, str], Criterion] = {}
        for criterion in checkpoint.criteria:
            command = criterion.command.text if criterion.command else ""
            other = first.setdefault((criterion.text.casefold(), command), criterion)
            if other is not criterion and criterion.text:
                yield RULE.at(
                    criterion.span,
                    f"{checkpoint.name} has this criterion already",
                    related=(Related(other.span, "first stated here"),),
                )


RULE = Rule(
    code="MP506",
    name="duplicate-criterion",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
