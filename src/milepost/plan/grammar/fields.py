"""Italic ``_Key: value_`` fields."""

from __future__ import annotations

import re

from milepost.plan.model import Field
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

KEYS: dict[str, str] = {
    **dict.fromkeys(
        ("requirements", "requirement", "requirement refs", "reqs", "需求", "要件", "要求"), "requirements"
    ),
    **dict.fromkeys(("estimated", "estimate", "estimated time", "estimated effort", "effort"), "estimated"),
    **dict.fromkeys(("depends", "depends on", "dependencies", "dependency", "blocked by", "after"), "depends"),
    **dict.fromkeys(("run", "command"), "run"),
    **dict.fromkeys(("verify", "verification"), "verify"),
    **dict.fromkeys(("files", "file"), "files"),
    **dict.fromkeys(("not before", "not-before", "start after"), "not before"),
    **dict.fromkeys(("tier", "assigned tier"), "tier"),
    **{key: key for key in ("complexity", "ambiguity", "risk", "priority", "due", "deadline", "owner")},
    **{key: key for key in ("optional", "human", "parallel")},
}
"""The keys with a meaning, in lower case, and the name each goes by in the model."""

MARKERS = frozenset({"optional", "human", "parallel"})

_START = lazy_regex(
    r"(?P<mark>_|\*(?!\*))(?P<key>[^\W\d_](?:[^\W\d_]|[ /-]){0,30}?)[ \t]*(?::[ \t]*|：[ \t]*|(?=(?P=mark)))"
)
_PLAIN = lazy_regex(r"_(?P<key>[^\W\d_](?:[^\W\d_]|[ /-]){0,30})(?<! )(?::[ \t]*|：[ \t]*)(?P<value>[^_\r\n]*)_\Z")
"""A field whose value holds no mark, at the end of a text: nearly all of them, read in one step."""

_NEXT = lazy_regex(
    r"(?P<mark>_|\*)[ \t]+(?=(?P=mark)(?P<key>[^\W\d_](?:[^\W\d_]|[ -]){0,30}?)[ \t]*(?:[:：]|(?P=mark)))"
)


def starts_field(text: str, start: int) -> bool:
    """Say whether a field may start here."""
    return text.startswith(("_", "*"), start) and _START.match(text, start) is not None


def read_fields(text: str, span: Span) -> tuple[Field, ...]:
    """Read the fields that fill a span: empty unless it starts with ``_Key:`` and ends with ``_``.

    A value reaches to the span's last underscore, so it may hold underscores itself; only ``_`` before another known
    field ends it earlier (``_Complexity: 6_ _Risk: 5_``).
    """
    if plain := _PLAIN.match(text, *span):
        return (_plain_field(plain),)
    fields: list[Field] = []
    position, end = span.start, span.start + len(text[span.start : span.end].rstrip())
    while position < end:
        start = _START.match(text, position, end)
        if start is None:
            return ()
        close = _close(text, start, end)
        if close is None:
            return ()
        fields.append(_field(text, start, close))
        position = close + 1
        while position < end and text[position] in " \t":
            position += 1
    return tuple(fields)


def _plain_field(found: re.Match[str]) -> Field:
    value = found["value"].rstrip()
    at = found.start("value")
    return Field(found["key"], value, Span(*found.span()), Span(at, at + len(value)))


def _close(text: str, start: re.Match[str], end: int) -> int | None:
    """Offset of the mark that ends the field."""
    mark = start["mark"]
    if start.end() == start.end("key"):
        return start.end() if start["key"].casefold() in MARKERS else None
    if text.find(mark, start.end(), end - 1) >= 0:
        for following in _NEXT.finditer(text, start.end(), end):
            if following["mark"] == mark and following["key"].casefold() in KEYS:
                return following.start()
    last = end - 1
    return last if last >= start.end() and text[last] == mark else None


def _field(text: str, start: re.Match[str], close: int) -> Field:
    at = start.end()
    value = text[at:close].rstrip()
    return Field(start["key"], _one_line(value), Span(start.start(), close + 1), Span(at, at + len(value)))


def _one_line(value: str) -> str:
    return " ".join(value.split()) if "\n" in value or "\r" in value else value
