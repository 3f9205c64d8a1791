"""Findings and fixes on public plans: every error-level one was judged by reading the document, fixes do what they say."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pytest
from tests.corpus.judge import COLUMNS, JUDGED, documents, errors, judged

from milepost.lint.registry import RULES
from milepost.lint.runner import check, fix, fixable
from milepost.plan.coverage import coverage
from milepost.plan.reader import read_plan
from milepost.source import Diagnostic, SourceText

every_document = pytest.mark.parametrize("path", documents(), ids=lambda path: f"{path.parent.name}/{path.stem[-40:]}")


def test_the_judged_list_is_well_formed() -> None:
    with JUDGED.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    codes = {rule.code for rule in RULES}
    for row in rows:
        assert tuple(row) == COLUMNS
        assert re.fullmatch("[0-9a-f]{64}", row["sha256"])
        assert row["rule"] in codes
        assert row["verdict"] in {"real", "false"}
        assert row["reason"]
    assert len(judged()) == len(rows)


@every_document
def test_every_error_was_judged_real(path: Path) -> None:
    verdicts = judged()
    doubtful = [
        f"line {finding.line} {finding.rule}: {verdicts.get(finding, 'not judged')}: {message}"
        for finding, message in errors(path)
        if verdicts.get(finding) != "real"
    ]
    assert doubtful == []


def names(findings: list[Diagnostic] | tuple[Diagnostic, ...]) -> Counter[str]:
    return Counter(found.name for found in findings)


@every_document
@pytest.mark.parametrize("unsafe", [False, True])
def test_fixed_findings_are_gone_and_bring_no_new_ones(path: Path, unsafe: bool) -> None:
    plan = read_plan(SourceText.from_bytes(path.read_bytes()))
    before = check(plan)
    once = fix(plan, unsafe=unsafe)
    assert not names(once.remaining) - names(before)
    assert not [found for found in once.remaining if fixable(found, unsafe=unsafe)]
    assert bool(once.applied) == any(fixable(found, unsafe=unsafe) for found in before)
    again = fix(read_plan(once.source), unsafe=unsafe)
    assert again.source.to_bytes() == once.source.to_bytes()
    assert again.remaining == once.remaining


@every_document
def test_every_line_is_accounted_for(path: Path) -> None:
    plan = read_plan(SourceText.from_bytes(path.read_bytes()))
    found = coverage(plan)
    assert found.lines == found.blank + found.recognised + found.prose + len(found.unread)
