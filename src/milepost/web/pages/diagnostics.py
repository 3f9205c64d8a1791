"""What the checks of a plan found, each with the lines it is about and the fix as a difference to confirm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from milepost.app.checks import Selection, check_document
from milepost.app.documents import unified_diff
from milepost.source import Diagnostic, SourceText
from milepost.source.diagnostic import Safety
from milepost.source.edit import apply
from milepost.web.plan_view import PlanView

SHOWN = 300


@dataclass(frozen=True)
class Finding:
    """A finding as it is shown: ``before``, ``marked`` and ``after`` are the parts of its line."""

    code: str
    name: str
    severity: str
    message: str
    path: str
    line: int
    column: int
    before: str
    marked: str
    after: str
    fix: str
    safe: bool
    diff: list[tuple[str, str]]
    related: list[tuple[int, str]]


def gather(view: PlanView) -> Mapping[str, Any]:
    """What the page shows: errors first, then in the order of the document."""
    source = view.project.source
    found = view.computed("findings", lambda: check_document(source, Selection()).findings)
    order = {"error": 0, "warning": 1, "info": 2}
    ranked = sorted(found, key=lambda one: (order[one.severity.value], one.span.start))
    fixable = sum(one.fix is not None and one.fix.safety is Safety.SAFE for one in found)
    return {
        "findings": [_finding(source, one) for one in ranked[:SHOWN]],
        "total": len(found),
        "counts": {level: sum(one.severity.value == level for one in found) for level in order},
        "fixable": fixable,
        "etag": view.document_etag,
    }


def _finding(source: SourceText, found: Diagnostic) -> Finding:
    document, one = found.located(source)
    position = document.position(one.span.start)
    start = document.text.rfind("\n", 0, one.span.start) + 1
    end = document.text.find("\n", one.span.start)
    end = len(document.text) if end < 0 else end
    stop = min(max(one.span.end, one.span.start), end)
    fix = one.fix if one.fix and one.fix.safety is not Safety.DISPLAY else None
    return Finding(
        code=one.code,
        name=one.name,
        severity=one.severity.value,
        message=one.message,
        path=document.path,
        line=position.line,
        column=position.column,
        before=document.text[start : one.span.start],
        marked=document.text[one.span.start : stop],
        after=document.text[stop:end].rstrip("\r"),
        fix=fix.title if fix else "",
        safe=fix is not None and fix.safety is Safety.SAFE,
        diff=_diff(document, one) if fix else [],
        related=[(document.position(other.span.start).line, other.message) for other in one.related],
    )


def _diff(document: SourceText, one: Diagnostic) -> list[tuple[str, str]]:
    """The lines of what a fix would change, each with its kind: kept, less, more."""
    if one.fix is None:
        return []
    text = unified_diff(document, apply(document, one.fix.edits))
    kinds = {"+": "more", "-": "less", "@": "place"}
    return [(kinds.get(line[:1], "kept"), line) for line in text.splitlines()[2:]]
