"""The ordered table of all rules. Codes are never used twice, not even those of rules that are gone."""

from __future__ import annotations

from collections.abc import Sequence

from milepost.errors import UnknownName
from milepost.lint.rule import Rule
from milepost.lint.rules import (
    ambiguous_arrow,
    checkpoint_deadlock,
    checkpoint_passed_too_early,
    checkpoint_without_criteria,
    dependency_cycle,
    dependency_stated_twice,
    done_before_predecessor,
    duplicate_checkpoint,
    duplicate_criterion,
    duplicate_id,
    duplicate_title,
    empty_phase,
    escalation_factor_too_low,
    false_critical_path,
    false_parallel_claim,
    impossible_dates,
    isolated_task,
    long_estimate,
    merge_conflict,
    missing_estimate,
    missing_title,
    parent_contradicts_parts,
    phase_number_gap,
    placeholder_left,
    redundant_dependency,
    status_contradicts_checkbox,
    task_assigned_twice,
    task_without_id,
    task_without_requirement,
    task_without_title,
    tier_differs_from_score,
    total_mismatch,
    unanchored_checkpoint,
    unassigned_task,
    uncovered_requirement,
    unknown_requirement,
    unknown_task,
    unknown_tier,
    unread_task,
    unreadable_checkbox,
    unreadable_date,
    unreadable_duration,
    unreadable_task_date,
    unreadable_value,
    unused_ignore,
    waits_for_deferred_task,
    wide_estimate,
    zero_estimate,
)
from milepost.lint.suppression import covers

RULES: tuple[Rule, ...] = (
    unreadable_duration.RULE,
    ambiguous_arrow.RULE,
    duplicate_id.RULE,
    unreadable_checkbox.RULE,
    unreadable_value.RULE,
    unread_task.RULE,
    task_without_title.RULE,
    task_without_id.RULE,
    merge_conflict.RULE,
    unused_ignore.RULE,
    unknown_task.RULE,
    dependency_cycle.RULE,
    redundant_dependency.RULE,
    isolated_task.RULE,
    dependency_stated_twice.RULE,
    waits_for_deferred_task.RULE,
    missing_estimate.RULE,
    false_critical_path.RULE,
    false_parallel_claim.RULE,
    long_estimate.RULE,
    escalation_factor_too_low.RULE,
    zero_estimate.RULE,
    wide_estimate.RULE,
    impossible_dates.RULE,
    unreadable_task_date.RULE,
    unassigned_task.RULE,
    task_assigned_twice.RULE,
    unknown_tier.RULE,
    tier_differs_from_score.RULE,
    checkpoint_without_criteria.RULE,
    unanchored_checkpoint.RULE,
    checkpoint_passed_too_early.RULE,
    checkpoint_deadlock.RULE,
    duplicate_checkpoint.RULE,
    duplicate_criterion.RULE,
    total_mismatch.RULE,
    status_contradicts_checkbox.RULE,
    done_before_predecessor.RULE,
    parent_contradicts_parts.RULE,
    unreadable_date.RULE,
    placeholder_left.RULE,
    empty_phase.RULE,
    phase_number_gap.RULE,
    missing_title.RULE,
    duplicate_title.RULE,
    task_without_requirement.RULE,
    unknown_requirement.RULE,
    uncovered_requirement.RULE,
)


def find(name: str) -> Rule:
    """Give the rule of a code or a name, in any case.

    Raises:
        UnknownName: there is none.
    """
    wanted = name.casefold()
    for rule in RULES:
        if wanted in (rule.code.casefold(), rule.name):
            return rule
    raise _unknown(name)


def choose(select: Sequence[str] = (), ignore: Sequence[str] = (), extend: Sequence[str] = ()) -> tuple[Rule, ...]:
    """Give the rules to run: the selected ones (else the default ones) and ``extend``, without the ignored ones.

    Raises:
        UnknownName: a selector names no rule.
    """
    require_known((*select, *ignore, *extend))
    return tuple(
        rule
        for rule in RULES
        if ((_covered(rule, select) if select else rule.default) or _covered(rule, extend))
        and not _covered(rule, ignore)
    )


def require_known(selectors: Sequence[str]) -> None:
    """Make sure that each selector means at least one rule.

    Raises:
        UnknownName: one does not.
    """
    for selector in selectors:
        if not any(covers(selector, rule.code, rule.name) for rule in RULES):
            raise _unknown(selector)


def _covered(rule: Rule, selectors: Sequence[str]) -> bool:
    return any(covers(selector, rule.code, rule.name) for selector in selectors)


def _unknown(name: str) -> UnknownName:
    from difflib import get_close_matches

    near = get_close_matches(name, [rule.name for rule in RULES] + [rule.code for rule in RULES], n=1)
    hint = f"did you mean `{near[0]}`? " if near else ""
    return UnknownName(f"there is no rule `{name}`", remedy=f"{hint}`milepost rules` lists them")
