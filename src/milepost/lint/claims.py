"""Which tasks a claim's sentence speaks of together.

A claim such as ``3.1 and 3.2; later 4.1, 4.2 (after 3.2)`` makes a separate statement about each group of ids.
Whatever stands between two ids decides whether they belong together; ids behind words such as "after" are
conditions and belong to no group.
"""

from __future__ import annotations

import re

from milepost.plan.model import Claim
from milepost.source.lazy_regex import lazy_regex

_JOINT = lazy_regex(r"(?:[\s,&+/|`*_()>⟶➜→⇒~-]|–|->|=>|\b(?:and|with|plus|then|tasks?)\b)*", re.IGNORECASE)
_CLOSED = lazy_regex(r"[)\]}].*[(\[{]", re.DOTALL)
_CONDITION = lazy_regex(
    r"\b(?:after|once|when|until|before|depend\w*|requir\w*|follow\w*|while|unless|except|not|if|than|waits?|needs?)\b",
    re.IGNORECASE,
)
_STATEMENT_END = lazy_regex(r"[;)\]}\n]|\.(?:\s|$)")
_INNER = lazy_regex(r"\|\||[&+/]|\b(?:and|with)\b", re.IGNORECASE)


def groups(claim: Claim) -> list[tuple[str, ...]]:
    """Split a claim's tasks into the groups it speaks of; conditions are left out."""
    found: list[list[str]] = []
    wanted = True
    gaps = _gaps(claim)
    split_at_commas = _lists_pairs(gaps)
    for task_id, gap in zip(claim.tasks, gaps, strict=True):
        if gap is None:
            pass
        elif not found or not _joins(gap, split_at_commas=split_at_commas):
            wanted = not _CONDITION.search(_STATEMENT_END.split(gap)[-1])
            found.append([])
        if wanted and found:
            found[-1].append(task_id)
    return [tuple(group) for group in found if group]


def _gaps(claim: Claim) -> list[str | None]:
    """The text before each id; None for ids that are not written out (the inside of a range)."""
    gaps: list[str | None] = []
    cursor = 0
    for task_id in claim.tasks:
        found = re.compile(rf"(?<![\w.]){re.escape(task_id)}(?![\w]|\.\d)").search(claim.text, cursor)
        gaps.append(claim.text[cursor : found.start()] if found else None)
        cursor = found.end() if found else cursor
    return gaps


def _joins(gap: str, *, split_at_commas: bool) -> bool:
    if _CLOSED.search(gap) or (split_at_commas and "," in gap):
        return False
    return _JOINT.fullmatch(gap) is not None


def _lists_pairs(gaps: list[str | None]) -> bool:
    """Whether commas separate groups, as in ``3.1 and 3.2, 4.1 and 4.2`` or ``3.1-3.3, 4.1-4.2``."""
    inner = sum(1 for gap in gaps[1:] if gap is not None and "," not in gap and _INNER.search(gap))
    return inner > 1 or None in gaps or any(gap is not None and gap.strip() in {"-", "–"} for gap in gaps[1:])
