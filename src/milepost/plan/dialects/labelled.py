"""What the labelled lines of a task mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from milepost.plan.dialects.reading import Reading
from milepost.plan.dialects.values import Values
from milepost.plan.grammar.labels import meaning
from milepost.plan.grammar.references import read_references
from milepost.plan.grammar.states import find_state
from milepost.plan.model import Effort, Field, ReferenceKind, WrittenState
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_AMOUNT = lazy_regex(
    r"\W{0,4}(?P<amount>[~≈<]?[ \t]*\d[\d.,]*[ \t]*"
    r"(?:(?:-|–|—|to)[ \t]*\d[\d.,]*[ \t]*)?[^\W\d_]+(?:[ \t]+\d+[ \t]*[^\W\d_]+)?)"
)
_NO_IDS = frozenset({ReferenceKind.STANDARD, ReferenceKind.PLACEHOLDER})
_PRIORITY = lazy_regex(r"[\w/+ -]*\w")
_EMPHASIS = lazy_regex(r"[\[\]*_`]")


def understand_labels(reading: Reading, fields: Iterable[Field]) -> Values:
    """Turn labelled lines into attributes of a task.

    They are written for people: what cannot be read is left out, as it is no mistake to say ``Estimate: Small``.
    """
    values: Values = {}
    for field in fields:
        name = meaning(field.key)
        if name == "status":
            written = read_written(reading.text, field.value_span)
            if written:
                values.setdefault("written", written)
        elif name == "estimated":
            effort = read_effort(reading, field.value_span)
            if effort:
                values.setdefault("effort", effort)
        elif name == "requirements":
            known = (ref for ref in read_references(reading.text, field.value_span))
            ids = tuple(replace(ref, text=ref.text.strip("[]")) for ref in known if ref.kind not in _NO_IDS)
            values["requirements"] = (*values.get("requirements", ()), *ids)
        elif name == "files":
            paths = (part.strip().strip("`").strip() for part in field.value.split(","))
            values["files"] = (*values.get("files", ()), *(path for path in paths if path))
        elif name in ("priority", "owner") and field.value:
            found = _PRIORITY.search(_EMPHASIS.sub("", field.value))
            if found:
                values.setdefault(name, found.group().strip())
    return values


def read_written(text: str, span: Span) -> WrittenState | None:
    """The state that a value starts with, as words that can be replaced."""
    found = find_state(text, span.start, span.end)
    return WrittenState(found[0], text[found[1] : found[2]], Span(found[1], found[2])) if found else None


def read_effort(reading: Reading, span: Span) -> Effort | None:
    """The duration a value is or starts with: ``45 minutes (extended for two files)``."""
    whole = reading.text[span.start : span.end]
    duration = reading.duration(whole)
    if duration:
        return Effort(*duration, whole, span)
    found = _AMOUNT.match(reading.text, span.start, span.end)
    duration = reading.duration(found["amount"].lstrip("<").strip()) if found else None
    if found is None or duration is None:
        return None
    return Effort(*duration, found["amount"], Span(*found.span("amount")))
