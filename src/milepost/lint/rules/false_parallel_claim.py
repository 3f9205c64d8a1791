"""Claim that tasks can be done in parallel, which their dependencies or their tier forbid.

## What it does

Reports a `**Parallelizable:**` claim about tasks of which one waits for the other, directly, through other
tasks or through a checkpoint, or of which more sit on one configured tier than it runs at once. Tasks named as
conditions ("after 2.3") and tasks in separate groups ("3.1 and 3.2; 4.1 and 4.2") are not compared.

## Why is this bad

Whoever relies on the claim starts a task before its input exists, or expects an end date the tiers cannot
reach.

## Example

```markdown
- [ ] **1.1** Create the schema
- [ ] **1.2** Load the data
  - _Depends: 1.1_

- **Parallelizable:** Tasks 1.1 and 1.2 can be done in parallel
```

## Fix

Correct the claim, or remove the dependency if it is not needed. Nothing is changed automatically.

## Options

Capacities of the tiers come from `[tiers.N]` in `milepost.toml`; without that only paths between tasks count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from milepost.lint import claims
from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.lint.wording import listing
from milepost.plan.model import Claim, ClaimKind, ObservationKind
from milepost.schedule.network import reachable
from milepost.source import Diagnostic, Severity

_MOST_COMPARED = 12
"""Groups larger than this are lists of half the plan; comparing all pairs of them would cost more than it tells."""


def check(context: Context) -> Iterator[Diagnostic]:
    """Find parallel claims that a path or a capacity contradicts."""
    if any(context.observations(ObservationKind.DUPLICATE_ID)):
        return
    for claim in context.plan.claims:
        if claim.kind is ClaimKind.PARALLELIZABLE:
            for group in claims.groups(claim):
                known = tuple(dict.fromkeys(name for name in group if name in context.network.index))
                yield from _judge(context, claim, known[:_MOST_COMPARED])


def _judge(context: Context, claim: Claim, group: tuple[str, ...]) -> Iterator[Diagnostic]:
    ordered = False
    for one, other in combinations(group, 2):
        reason = _why_ordered(context, one, other)
        if reason:
            ordered = True
            yield RULE.at(claim.value_span, reason)
    if not ordered:
        yield from _crowded(context, claim, group)


def _why_ordered(context: Context, one: str, other: str) -> str:
    """Say how one task waits for the other; empty when neither does."""
    for first, then in ((one, other), (other, one)):
        if reachable(context.network, first, then):
            return f"`{then}` waits for `{first}`, so they cannot run in parallel"
    for first, then in ((one, other), (other, one)):
        if reachable(context.gated_network, first, then):
            gate = _gate_between(context, first, then)
            return f"`{then}` waits for `{first}` through {gate}, so they cannot run in parallel"
    return ""


def _gate_between(context: Context, first: str, then: str) -> str:
    network = context.gated_network
    for gate in context.plan.checkpoints:
        if reachable(network, first, gate.id) and reachable(network, gate.id, then):
            return gate.name
    return "a checkpoint"


def _crowded(context: Context, claim: Claim, group: tuple[str, ...]) -> Iterator[Diagnostic]:
    if context.capacities is None:
        return
    tiers = context.plan.tiers
    for tier, number in sorted(Counter(tiers[name] for name in group if name in tiers).items()):
        capacity = context.capacities.get(tier)
        if capacity is not None and number > capacity:
            names = listing([name for name in group if tiers.get(name) == tier])
            at_once = "one task" if capacity == 1 else f"{capacity} tasks"
            yield RULE.at(claim.value_span, f"{names} are on Tier {tier}, which runs only {at_once} at once")


RULE = Rule(
    code="MP303",
    name="false-parallel-claim",
    severity=Severity.WARNING,
    check=check,
    page=__doc__,
)
