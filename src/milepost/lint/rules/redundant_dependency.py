"""Dependency that other dependencies already imply.

## What it does

Reports a stated finish-to-start dependency without lag between two tasks that a longer chain of such
dependencies joins as well.

## Why is this bad

It changes nothing, but has to be kept up to date, and makes the graph harder to read.

## Example

````markdown
```
1.1 → 1.2 → 1.3
1.1 → 1.3
```
````

## Fix

Remove the dependency. Nothing is changed automatically.

## Options

Runs only when selected.
"""

from __future__ import annotations

from collections.abc import Iterator

from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.plan.model import Dependency, DependencyKind
from milepost.source import Diagnostic, Severity


def check(context: Context) -> Iterator[Diagnostic]:
    """Find plain dependencies that a chain of others implies."""
    if context.cycles:
        return
    followers: dict[str, list[str]] = {}
    plain = [link for link in context.plan.dependencies if _is_plain(link)]
    for link in plain:
        followers.setdefault(link.predecessor, []).append(link.successor)
    for link in plain:
        if len(followers[link.predecessor]) > 1 and _is_implied(link, followers):
            yield RULE.at(
                link.sources[0].span,
                f"`{link.successor}` waits for `{link.predecessor}` through other tasks anyway",
            )


def _is_plain(link: Dependency) -> bool:
    return link.kind is DependencyKind.FINISH_TO_START and link.lag == 0 and bool(link.sources)


def _is_implied(link: Dependency, followers: dict[str, list[str]]) -> bool:
    waiting = [name for name in followers[link.predecessor] if name != link.successor]
    seen = set(waiting)
    for here in waiting:
        fresh = [name for name in followers.get(here, ()) if name not in seen]
        seen.update(fresh)
        waiting += fresh
    return link.successor in seen


RULE = Rule(
    code="MP203",
    name="redundant-dependency",
    severity=Severity.INFO,
    check=check,
    page=__doc__,
    default=False,
)
