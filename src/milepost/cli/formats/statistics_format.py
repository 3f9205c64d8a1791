"""How often each rule found something."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from milepost.cli.formats.results import Results
from milepost.lint.registry import RULES
from milepost.lint.runner import fixable


class Row(NamedTuple):
    """One rule's findings."""

    code: str
    name: str
    findings: int
    fixable: int


def rows(results: Results) -> list[Row]:
    """Count by rule, the most frequent first."""
    found = [one for _, one in results.findings()]
    numbers = Counter(one.code for one in found)
    repairable = Counter(one.code for one in found if fixable(one))
    counted = [Row(rule.code, rule.name, numbers[rule.code], repairable[rule.code]) for rule in RULES]
    return sorted((row for row in counted if row.findings), key=lambda row: (-row.findings, row.code))


def render(results: Results) -> str:
    """Write a table; ``[*]`` marks rules all of whose findings ``--fix`` repairs, ``[-]`` some of them."""
    table = rows(results)
    width = max((len(str(row.findings)) for row in table), default=0)
    return "".join(f"{row.findings:>{width}}  {row.code}  {_mark(row)}  {row.name}\n" for row in table)


def _mark(row: Row) -> str:
    if not row.fixable:
        return "[ ]"
    return "[*]" if row.fixable == row.findings else "[-]"
