"""Findings as SARIF 2.1.0, the form in which code-scanning services take them."""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import quote

from milepost import __version__
from milepost.cli.formats.results import Results
from milepost.cli.text import printable
from milepost.lint.registry import RULES
from milepost.lint.rule import Rule
from milepost.source import Diagnostic, Fix, Severity, SourceText, Span

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_INDEX = {rule.code: place for place, rule in enumerate(RULES)}


def render(results: Results) -> str:
    """Write one run: the rules, a result for each finding, a notification for each plan that could not be read."""
    run = {
        "tool": {"driver": {"name": "milepost", "version": __version__, "rules": [_rule(rule) for rule in RULES]}},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not results.errors,
                "toolExecutionNotifications": [
                    {
                        "level": "error",
                        "descriptor": {"id": error.code},
                        "message": {"text": _text(f"{error.place}: {error}" if error.place else str(error))},
                    }
                    for error in results.errors
                ],
            }
        ],
        "results": [_result(source, found) for source, found in results.findings()],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    page = rule.page.strip()
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.sections["What it does"]},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": _LEVELS[rule.severity], "enabled": rule.default},
        "properties": {"tags": [rule.family]},
    }


def _result(source: SourceText, found: Diagnostic) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": found.code,
        "ruleIndex": _INDEX[found.code],
        "level": _LEVELS[found.severity],
        "message": {"text": _text(found.message)},
        "locations": [{"physicalLocation": _place(source, found.span)}],
    }
    if found.related:
        result["relatedLocations"] = [
            {"id": number, "message": {"text": _text(other.message)}, "physicalLocation": _place(source, other.span)}
            for number, other in enumerate(found.related)
        ]
    if found.fix and found.fix.edits:
        result["fixes"] = [_fix(source, found.fix)]
    return result


def _fix(source: SourceText, fix: Fix) -> dict[str, Any]:
    replacements = [
        {"deletedRegion": _region(source, edit.span), "insertedContent": {"text": _text(edit.replacement)}}
        for edit in fix.edits
    ]
    return {
        "description": {"text": _text(fix.title)},
        "artifactChanges": [{"artifactLocation": {"uri": _uri(source.path)}, "replacements": replacements}],
        "properties": {"safety": fix.safety.value},
    }


def _place(source: SourceText, span: Span) -> dict[str, Any]:
    return {"artifactLocation": {"uri": _uri(source.path)}, "region": _region(source, span)}


def _region(source: SourceText, span: Span) -> dict[str, int]:
    """Lines and columns count from 1, columns in characters; the end column is behind the last character."""
    line, column = source.position(span.start)
    end_line, end_column = source.position(span.end)
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _uri(path: str) -> str:
    """A relative reference for files below the current folder, else an absolute one."""
    relative = os.path.relpath(path)
    raw = os.fsencode((os.path.abspath(path) if relative.startswith("..") else relative).replace(os.sep, "/"))
    return f"file://{quote(raw)}" if relative.startswith("..") else quote(raw)


def _text(text: str) -> str:
    """Text that any JSON reader accepts and no viewer obeys."""
    return printable(text) if not text.isspace() else text
