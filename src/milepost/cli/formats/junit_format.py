"""Findings in the form of JUnit's test reports, which most build servers show."""

from __future__ import annotations

from milepost.app.checks import Checked
from milepost.cli.formats.results import Results
from milepost.cli.text import printable
from milepost.errors import InputError
from milepost.source import Diagnostic, Severity, SourceText


def render(results: Results) -> str:
    """Write a suite for each plan: a case for each finding, or one passed case."""
    suites = [_suite(plan) for plan in results.plans] + [_unreadable(error) for error in results.errors]
    total = sum(max(len(plan.findings), 1) for plan in results.plans) + len(results.errors)
    failures = sum(_failures(plan) for plan in results.plans)
    head = f'<testsuites name="milepost" tests="{total}" failures="{failures}" errors="{len(results.errors)}">'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *suites, "</testsuites>", ""])


def _failures(plan: Checked) -> int:
    return sum(found.severity is not Severity.INFO for found in plan.findings)


def _suite(plan: Checked) -> str:
    source = plan.plan.source
    name = _escaped(source.path)
    cases = [_case(*found.located(source)) for found in plan.findings]
    cases = cases or [f'    <testcase name="all rules" classname="{name}"/>']
    head = f'  <testsuite name="{name}" tests="{len(cases)}" failures="{_failures(plan)}" errors="0">'
    return "\n".join([head, *cases, "  </testsuite>"])


def _case(source: SourceText, found: Diagnostic) -> str:
    line, column = source.position(found.span.start)
    path = _escaped(source.path)
    name = f"{found.code} {found.name} {line}:{column}"
    head = f'    <testcase name="{name}" classname="{path}" file="{path}" line="{line}">'
    place = f"{path}:{line}:{column}: {_escaped(found.message)}"
    if found.severity is Severity.INFO:
        return f"{head}\n      <system-out>{place}</system-out>\n    </testcase>"
    failure = f'<failure type="{found.severity.value}" message="{_escaped(found.message)}">{place}</failure>'
    return f"{head}\n      {failure}\n    </testcase>"


def _unreadable(error: InputError) -> str:
    name = _escaped(error.place or "milepost")
    body = _escaped(f"{error}\n{error.remedy}".strip())
    return (
        f'  <testsuite name="{name}" tests="1" failures="0" errors="1">\n'
        f'    <testcase name="{error.code}" classname="{name}">\n'
        f'      <error type="{error.code}" message="{_escaped(str(error))}">{body}</error>\n'
        "    </testcase>\n  </testsuite>"
    )


def _escaped(text: str) -> str:
    """Escape for XML, also what no XML may hold (control characters, broken bytes)."""
    text = printable(text).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
