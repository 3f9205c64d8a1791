"""``milepost explain`` and ``milepost rules``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from milepost.cli.main import run
from milepost.lint import registry
from milepost.lint.rule import Rule

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("rule", registry.RULES, ids=lambda rule: rule.name)
def test_explain_prints_a_rules_page(capsys: pytest.CaptureFixture[str], rule: Rule) -> None:
    assert run(["explain", rule.code.lower()]) == 0
    by_code = capsys.readouterr().out
    assert by_code.startswith(f"{rule.code} {rule.name} ({rule.severity.value}, {rule.family})\n")
    assert rule.page.strip() in by_code
    assert run(["explain", rule.name]) == 0
    assert capsys.readouterr().out == by_code


def test_explain_knows_when_there_is_no_such_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "missing-estimat"]) == 2
    assert "did you mean `missing-estimate`?" in capsys.readouterr().err


def test_rules_lists_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [tuple(line.split()[:2]) for line in lines] == [(rule.code, rule.name) for rule in registry.RULES]
    assert run(["rules", "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert [(one["code"], one["name"], one["default"]) for one in data] == [
        (rule.code, rule.name, rule.default) for rule in registry.RULES
    ]


def test_the_reference_page_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "--format", "markdown"]) == 0
    current = (REPOSITORY / "docs/rules.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out == current, "run: milepost rules --format markdown > docs/rules.md"
