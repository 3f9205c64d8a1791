"""Labelled lines: ``**Given** …``, ``- **Priority:** Must``, ``**User Story:** As a …``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from milepost.plan.blocks import Block, BlockKind
from milepost.plan.dialects.document import LISTS, plain
from milepost.plan.grammar.labels import CRITERIA
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex
from milepost.spec.model import LabelledText

_LABEL = lazy_regex(
    r"(?:(?P<mark>\*\*|__)(?P<label>[^*_\n:：]{1,40}?)[ \t]*(?:[:：][ \t]*(?P=mark)|(?P=mark)[ \t]*[:：]?)"
    r"|(?P<word>Priority|Status|Rationale|Source|Owner|Type|Effort)[ \t]*[:：]"
    r"|(?P<step>GIVEN|WHEN|THEN|AND|Given|When|Then)\b)[ \t]*(?P<value>[^\n]*)"
)
_CRITERIA = lazy_regex(
    r"acceptance|scenarios?\b|criteri[ao]s?\b.*acepta|aceptación|aceitação|akzeptanz|abnahme"
    rf"|crit[eè]res?\b|驗收|验收|приём|приемк|критери|{'|'.join(CRITERIA)}",
    re.IGNORECASE,
)
_SCENARIO = lazy_regex(
    r"(?:scenario|szenario|escenario|cenário|场景|場景)(?:[ \t]+\d+)?[ \t]*[:：][ \t]*(?P<name>\S.*)", re.I
)


def announces_criteria(title: str) -> bool:
    """Say whether a heading or a label announces acceptance criteria."""
    return _CRITERIA.search(title) is not None


def scenario_name(title: str) -> str | None:
    """The name in a heading ``Scenario: Name``."""
    found = _SCENARIO.match(title)
    return found["name"].strip() if found else None


def read_label(text: str, span: Span) -> LabelledText | None:
    """Read a labelled line."""
    found = _LABEL.match(text, span.start, span.end)
    if found is None:
        return None
    value = found["value"].rstrip()
    start = found.start("value")
    label = found["label"] or found["word"] or found["step"]
    return LabelledText(label.strip(), plain(value), span, Span(start, start + len(value)))


def paragraph_of(item: Block) -> Block | None:
    """The paragraph a list item starts with."""
    first = item.children[0] if item.children else None
    return first if first is not None and first.kind is BlockKind.PARAGRAPH else None


def text_of(text: str, paragraph: Block, start: int | None = None) -> str:
    """A paragraph's text on one line, from an offset in its first line."""
    lines = [text[line.start : line.end] for line in paragraph.lines]
    if start is not None:
        lines[0] = text[start : paragraph.lines[0].end]
    return " ".join(line for line in lines if line)


def item_label(text: str, item: Block) -> LabelledText | None:
    """Read a list item as a labelled line; its value goes on over all lines of its first paragraph."""
    paragraph = paragraph_of(item)
    found = read_label(text, paragraph.lines[0]) if paragraph else None
    if paragraph is None or found is None or len(paragraph.lines) == 1:
        return found
    value = plain(text_of(text, paragraph, found.value_span.start))
    span = Span(found.span.start, paragraph.lines[-1].end)
    return LabelledText(found.label, value, span, Span(found.value_span.start, span.end))


def nested_labels(text: str, item: Block) -> Iterator[LabelledText]:
    """The labelled lines nested in a list item: behind its first line, and in the items of its lists."""
    paragraph = paragraph_of(item)
    for line in paragraph.lines[1:] if paragraph else ():
        if found := read_label(text, line):
            yield found
    for block in item.children[1:]:
        if block.kind in LISTS:
            for nested in block.children:
                if found := item_label(text, nested):
                    yield found
        elif block.kind is BlockKind.PARAGRAPH:
            for line in block.lines:
                if found := read_label(text, line):
                    yield found
