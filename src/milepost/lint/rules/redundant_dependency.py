"""Dependency that other dependencies already imply.

## What it does

Reports a stated finish-to-start dependency without lag between two tasks that a longer chain of such
dependencies joins as well. A statement about many tasks at once, such as `Phase 1 → Phase 2`, is reported once, and
only when all that it says follows from others.

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

from milepost.lint.context import STATED, Context
from milepost.lint.rule import Rule
from milepost.plan.model import Dependency, DependencyKind
from milepost.source import Diagnostic, Severity, Span


def check(context: Context) -> Iterator[Diagnostic]:
    """Find statements of plain dependencies that chains of others imply."""
    if context.cycles:
        return
    followers: dict[str, list[str]] = {}
    said: dict[Span, list[Dependency]] = {}
    for link in context.plan.dependencies:
        stated = [source.span for source in link.sources if source.origin in STATED]
        if stated:
            said.setdefault(stated[0], []).append(link)
        if _is_plain(link):
            followers.setdefault(link.predecessor, []).append(link.successor)
    for span, links in said.items():
        if all(_is_plain(link) and _is_implied(link, followers) for link in links):
            yield RULE.at(span, _message(links))


def _message(links: list[Dependency]) -> str:
    if len(links) == 1:
        return f"`{links[0].successor}` waits for `{links[0].predecessor}` through other tasks anyway"
    return f"All {len(links)} dependencies stated here follow from others anyway"


def _is_plain(link: Dependency) -> bool:
    return link.kind is DependencyKind.FINISH_TO_START and link.lag == 0 and bool(link.sources)


def _is_implied(link: Dependency, followers: dict[str, list[str]]) -> bool:
    waiting = [name for name in dict.fromkeys(followers[link.predecessor]) if name != link.successor]
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
