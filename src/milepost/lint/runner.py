"""Runs rules over a plan and carries out their fixes."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from milepost.lint import registry
from milepost.lint.context import Context
from milepost.lint.rule import Rule
from milepost.lint.rules import unused_ignore
from milepost.lint.suppression import Suppressions
from milepost.plan.model import Plan
from milepost.plan.reader import read_plan
from milepost.source import Diagnostic, Edit, Safety, SourceText, apply

if TYPE_CHECKING:
    from milepost.spec.model import RequirementsDocument

MAX_PASSES = 20
"""How often fixes are applied and the plan read again before fixing gives up; one or two passes are the rule."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """What fixing did: the new text, the plan read from it, the findings fixed and those that remain."""

    source: SourceText
    plan: Plan
    applied: tuple[Diagnostic, ...]
    remaining: tuple[Diagnostic, ...]


def check(
    plan: Plan,
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    extend: Sequence[str] = (),
    capacities: Mapping[int, int] | None = None,
    requirements: Sequence[RequirementsDocument] = (),
    elsewhere: Callable[[str], str] = lambda task: "",
) -> list[Diagnostic]:
    """Find what is wrong with a plan, in the order of the document.

    ``select``, ``ignore`` and ``extend`` hold rule codes, beginnings of codes (``MP3``), names, or ``ALL``.
    ``capacities`` says how many tasks each configured tier runs at once; None when nobody configured tiers.
    ``requirements`` are the documents beside the plan that state requirements; ``elsewhere`` names another plan that
    has a task of an id, or nothing.

    Raises:
        UnknownName: a selector names no rule.
    """
    return _check(plan, registry.choose(select, ignore, extend), capacities, requirements, elsewhere)


def fix(
    plan: Plan,
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    extend: Sequence[str] = (),
    capacities: Mapping[int, int] | None = None,
    requirements: Sequence[RequirementsDocument] = (),
    elsewhere: Callable[[str], str] = lambda task: "",
    unsafe: bool = False,
) -> Fixed:
    """Apply fixes that do not get in each other's way, read the plan again, and repeat until nothing changes.

    Raises:
        UnknownName: a selector names no rule.
    """
    rules = registry.choose(select, ignore, extend)
    applied: list[Diagnostic] = []
    findings = _check(plan, rules, capacities, requirements, elsewhere)
    for _ in range(MAX_PASSES):
        chosen = _compatible(findings, unsafe=unsafe)
        source = apply(plan.source, [edit for finding in chosen if finding.fix for edit in finding.fix.edits])
        if source.text == plan.source.text:
            break
        applied += chosen
        plan = read_plan(source)
        findings = _check(plan, rules, capacities, requirements, elsewhere)
    return Fixed(plan.source, plan, tuple(applied), tuple(findings))


def fixable(finding: Diagnostic, *, unsafe: bool = False) -> bool:
    """Say whether ``--fix`` (or ``--unsafe-fixes``) would apply the finding's fix."""
    allowed = (Safety.SAFE, Safety.UNSAFE) if unsafe else (Safety.SAFE,)
    return finding.fix is not None and bool(finding.fix.edits) and finding.fix.safety in allowed


def _check(
    plan: Plan,
    rules: Sequence[Rule],
    capacities: Mapping[int, int] | None,
    requirements: Sequence[RequirementsDocument],
    elsewhere: Callable[[str], str],
) -> list[Diagnostic]:
    context = Context(plan, capacities=capacities, requirements=requirements, elsewhere=elsewhere)
    found = {finding for rule in rules for finding in rule.check(context)}
    suppressions = Suppressions(plan.source)
    kept = suppressions.filter(found)
    if unused_ignore.RULE in rules:
        kept += unused_ignore.unused(plan, suppressions, checked=rules, known=registry.RULES)
    return sorted(kept, key=_order)


def _order(finding: Diagnostic) -> tuple[int, int, str, str]:
    return (finding.span.start, finding.span.end, finding.code, finding.message)


def _compatible(findings: Iterable[Diagnostic], *, unsafe: bool) -> list[Diagnostic]:
    """The first fixable findings whose edits do not touch; identical edits are shared."""
    taken: list[Edit] = []
    chosen = []
    for finding in findings:
        if finding.fix is not None and fixable(finding, unsafe=unsafe):
            edits = set(finding.fix.edits)
            if all(_fits(edit, taken) for edit in edits):
                for edit in edits:
                    insort(taken, edit)
                chosen.append(finding)
    return chosen


def _fits(edit: Edit, taken: list[Edit]) -> bool:
    """Say whether an edit leaves at least one character between itself and its neighbours, or is one of them."""
    index = bisect_left(taken, edit)
    if index < len(taken) and taken[index] == edit:
        return True
    before = index == 0 or taken[index - 1].span.end < edit.span.start
    return before and (index == len(taken) or edit.span.end < taken[index].span.start)
