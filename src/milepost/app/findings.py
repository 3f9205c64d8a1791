"""Findings as plain data, for every surface."""

from __future__ import annotations

from typing import Any

from milepost.lint.runner import fixable
from milepost.source import Diagnostic, Fix, SourceText, Span


def as_data(source: SourceText, found: Diagnostic) -> dict[str, Any]:
    """Give a finding as plain data; lines and columns count from 1, the end is behind the last character."""
    return {
        "code": found.code,
        "name": found.name,
        "severity": found.severity.value,
        "message": _clean(found.message),
        "path": _clean(source.path),
        **_range(source, found.span),
        "fix": _fix_data(source, found.fix) if found.fix else None,
        "fixable": fixable(found),
        "related": [{"message": _clean(other.message), **_range(source, other.span)} for other in found.related],
    }


def _fix_data(source: SourceText, fix: Fix) -> dict[str, Any]:
    return {
        "title": _clean(fix.title),
        "safety": fix.safety.value,
        "edits": [{**_range(source, edit.span), "replacement": _clean(edit.replacement)} for edit in fix.edits],
    }


def _range(source: SourceText, span: Span) -> dict[str, int]:
    line, column = source.position(span.start)
    end_line, end_column = source.position(span.end)
    return {"line": line, "column": column, "end_line": end_line, "end_column": end_column}


def _clean(text: str) -> str:
    """Replace what no JSON reader has to accept: bytes that were no UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")
