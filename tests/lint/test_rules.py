"""Each rule's literate test: plans in Markdown with the findings expected in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from milepost.lint import registry
from milepost.lint.context import Context
from milepost.lint.rule import FAMILIES, SECTIONS, Rule
from milepost.lint.runner import check, fix
from milepost.plan.reader import read_plan
from milepost.source import Diagnostic, Safety, SourceText
from milepost.spec.model import RequirementsDocument
from milepost.spec.requirements import read_requirements

FOLDER = Path(__file__).parent / "rules"
_SECTION = re.compile(
    r"^## (Bad|Good|Fixed)(?:: ([^\n]+))?\n(.*?)(?=^## (?:Bad|Good|Fixed)|\Z)", re.MULTILINE | re.DOTALL
)
_PLAN = re.compile(r"^````markdown\n(.*?)^````$", re.MULTILINE | re.DOTALL)
_REQUIREMENTS = re.compile(r"^````requirements\n(.*?)^````$", re.MULTILINE | re.DOTALL)
_FINDINGS = re.compile(r"^```findings\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Case:
    rule: str
    kind: str
    title: str
    plan: str
    findings: str
    fixed: str | None = None
    requirements: tuple[RequirementsDocument, ...] = ()

    def __str__(self) -> str:
        return f"{self.rule} {self.kind} {self.title}".strip()


def read_cases(path: Path) -> Iterator[Case]:
    sections = []
    for kind, title, body in _SECTION.findall(path.read_text(encoding="utf-8")):
        written, expected = _PLAN.search(body), _FINDINGS.search(body)
        assert written, f"{path.name}: section {kind} {title} holds no ````markdown block"
        # A closing fence ends the line before it; the plan ends as most files do, with one line end.
        beside = _REQUIREMENTS.search(body)
        stated = (read_requirements(SourceText(beside[1], path="requirements.md")),) if beside else ()
        sections.append((kind, title, written.group(1), expected.group(1) if expected else "", stated))
    fixed = {title: plan for kind, title, plan, *_ in sections if kind == "Fixed"}
    for kind, title, plan, findings, stated in sections:
        if kind != "Fixed":
            yield Case(path.stem, kind, title, plan, findings, fixed.get(title) if kind == "Bad" else None, stated)


CASES = [case for path in sorted(FOLDER.glob("*.md")) for case in read_cases(path)]
RULES = {rule.name: rule for rule in registry.RULES}


CAPACITIES = {1: 1, 2: 2, 3: 4}
"""The tiers that the cases count with."""


def report(source: SourceText, findings: list[Diagnostic]) -> str:
    lines = []
    for found in findings:
        line, column = source.position(found.span.start)
        lines.append(f"{line}:{column} {found.code} {found.message}\n")
    return "".join(lines)


def selection(name: str) -> tuple[str, ...]:
    """The rule alone; what silences nothing is only known beside the rules it names."""
    return ("ALL",) if name == "unused-ignore" else (name,)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_rule_finds_what_its_page_says(case: Case) -> None:
    source = SourceText(case.plan)
    checked = check(
        read_plan(source), select=selection(case.rule), capacities=CAPACITIES, requirements=case.requirements
    )
    found = [one for one in checked if one.name == case.rule]
    assert report(source, found) == case.findings
    if case.kind == "Good":
        assert not case.findings


@pytest.mark.parametrize("case", [case for case in CASES if case.fixed is not None], ids=str)
def test_a_fix_repairs_what_it_found_and_nothing_else(case: Case) -> None:
    unsafe = RULES[case.rule].fix is Safety.UNSAFE
    before = check(read_plan(SourceText(case.plan)), capacities=CAPACITIES)
    result = fix(
        read_plan(SourceText(case.plan)),
        select=selection(case.rule),
        ignore=_others(case.rule),
        capacities=CAPACITIES,
        unsafe=unsafe,
    )
    assert result.source.text == case.fixed
    after = check(result.plan, capacities=CAPACITIES)
    assert {one.name for one in after} <= {one.name for one in before} - {case.rule}


def _others(name: str) -> tuple[str, ...]:
    """Fixable rules to leave out when everything is selected."""
    if name != "unused-ignore":
        return ()
    return tuple(rule.name for rule in registry.RULES if rule.fix and rule.name != name)


@pytest.mark.parametrize("rule", registry.RULES, ids=lambda rule: rule.name)
def test_every_rule_has_a_page_and_cases(rule: Rule) -> None:
    kinds = {case.kind for case in CASES if case.rule == rule.name}
    assert kinds == {"Bad", "Good"}, f"tests/lint/rules/{rule.name}.md needs a Bad and a Good section"
    assert tuple(rule.sections) == SECTIONS
    assert all(rule.sections.values())
    assert rule.summary
    assert rule.check.__module__ == f"milepost.lint.rules.{rule.name.replace('-', '_')}"
    repaired = any(case.fixed for case in CASES if case.rule == rule.name)
    assert repaired == (rule.fix in (Safety.SAFE, Safety.UNSAFE)), "a Fixed section belongs to a rule that fixes"


def test_every_case_belongs_to_a_rule() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == set(RULES)


def test_codes_and_names_are_unique_and_in_order() -> None:
    codes = [rule.code for rule in registry.RULES]
    assert codes == sorted(set(codes))
    assert len(RULES) == len(codes)
    assert all(re.fullmatch(r"MP\d\d\d", code) and code[:3] in FAMILIES for code in codes)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in RULES)


def test_findings_carry_their_rules_code_and_declared_fix() -> None:
    for case in CASES:
        plan = read_plan(SourceText(case.plan))
        rule = RULES[case.rule]
        for found in rule.check(Context(plan, capacities=CAPACITIES, requirements=case.requirements)):
            assert (found.code, found.name, found.severity) == (rule.code, rule.name, rule.severity)
            assert found.fix is None or rule.fix is not None
