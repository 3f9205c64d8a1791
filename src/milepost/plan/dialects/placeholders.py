"""Bracketed words that wait to be replaced: ``[Feature Name]``, ``[X/Y tasks complete]``."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from milepost.plan.blocks import Block, BlockKind, walk
from milepost.plan.dialects.reading import Reading
from milepost.plan.model import ObservationKind
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_BRACKETS = lazy_regex(r"\[(?<![A-Za-z0-9/\]!\\\[]\[)(?P<words>[^\[\]\r\n]{2,80})\](?![A-Za-z0-9/(\[:])")
_CODE_SPAN = lazy_regex(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")
_DEFINITION = lazy_regex(r"^ {0,3}\[([^\[\]\r\n]+)\]:", re.MULTILINE)
_PATTERN = lazy_regex(
    r"\bX(?:\.X)+\b|\bX ?%|\bX/Y\b|\bX of Y\b|\bN/M\b|\bX{2,}\b|\bN{2,}\b|YYYY|\S / \S|\bHH:MM\b|^\.\.\.$|^…$"
)
_PHRASE = lazy_regex(r"[A-Z][a-z]+(?:[ /,'-]+[A-Za-z]+){1,5}")
_WORDS = {
    *("number", "date", "name", "title", "description", "feature", "project", "hours", "days", "hours/days", "time"),
    *("author", "owner", "status", "estimate", "count", "percentage", "placeholder", "tbd", "todo"),
}
_MENTION = lazy_regex(
    r"\b(?:no|not|without|none|never|any|all|e\.g\.|i\.e\.|such as|like|remove|replace|fill(?:ed)?|markers?"
    r"|placeholders?)\b[^\r\n]*$",
    re.IGNORECASE,
)
"""Words in front of brackets that make them an example of a placeholder."""
_REMARKED = lazy_regex(r"[?.!。？！][\"'”’)*_]*[ \t]*(?:\[[^\[\]\r\n]*\][ \t]*)*$")
"""The end of a sentence: brackets behind it are a remark on it."""
_BOLD = lazy_regex(r"[\s>*+\d.)-]*(?:\*\*|__)$")
_LABELLING = lazy_regex(r"(?:\*\*|__)[ \t]*[:：]?[ \t]*[^\s\[*_:]")
_ALONE = lazy_regex(r"(?:[^\r\n]*\|)?[\s>*_-]*(?:[^:|\r\n]{0,60}:)?[\s*_]*$")
_MARKERS = frozenset({"tbd", "todo", "placeholder"})
_STATES = lazy_regex(
    r"(?:not started|in progress|in review|done|complete[d]?|pending|blocked|on hold|cancell?ed|must|should|could"
    r"|optional|sources?|see)\b.*",
    re.IGNORECASE,
)
_HIDDEN = frozenset({BlockKind.FENCE, BlockKind.CODE, BlockKind.HTML, BlockKind.FRONT_MATTER})


def note_placeholders(reading: Reading) -> None:
    """Note every placeholder of the document; links, checkboxes and code are none."""
    found = [match for match in _BRACKETS.finditer(reading.text) if is_placeholder(match["words"])]
    if not found:
        return
    hidden = [block.span for block in _around(reading.document.root, found) if block.kind in _HIDDEN]
    starts = [span.start for span in hidden]
    defined = {match[1].casefold() for match in _DEFINITION.finditer(reading.text)}
    for match in found:
        place = bisect_right(starts, match.start()) - 1
        in_code = place >= 0 and match.start() < hidden[place].end
        is_shown = in_code or match["words"].casefold() in defined or _in_code_span(reading, match)
        if not is_shown and not _only_talks(reading, match):
            reading.observe(ObservationKind.PLACEHOLDER, Span(match.start(), match.end()))


def _around(root: Block, found: list[re.Match[str]]) -> Iterator[Block]:
    """The blocks of a document, without those inside top-level ones that hold none of the matches."""
    starts = [match.start() for match in found]
    for top in root.children:
        place = bisect_left(starts, top.span.start)
        if place < len(starts) and starts[place] < top.span.end:
            yield from walk(top)


def is_placeholder(words: str) -> bool:
    """Say whether bracketed words ask to be replaced."""
    if _PATTERN.search(words) or words.strip().casefold() in _WORDS:
        return True
    is_phrase = _PHRASE.fullmatch(words) is not None and not words.replace("-", "").isalpha()
    return is_phrase and _STATES.fullmatch(words) is None


def _only_talks(reading: Reading, match: re.Match[str]) -> bool:
    """Say whether brackets are an example, a label, a remark on the sentence before, or dots that leave out a part."""
    line = reading.document.source.line_span(reading.document.source.position(match.start()).line)
    before = reading.text[line.start : match.start()]
    words = match["words"].strip()
    if words in ("...", "…"):
        return _ALONE.match(before) is None
    if _BOLD.fullmatch(before) and _LABELLING.match(reading.text, match.end(), line.end):
        return True  # **[Ann]** does this and that
    return _REMARKED.search(before) is not None or (
        words.casefold() in _MARKERS and _MENTION.search(before) is not None
    )


def _in_code_span(reading: Reading, match: re.Match[str]) -> bool:
    line = reading.document.source.position(match.start()).line
    span = reading.document.source.line_span(line)
    return any(code.start() < match.start() < code.end() for code in _code_spans(reading.text, span))


def _code_spans(text: str, span: Span) -> Iterator[re.Match[str]]:
    if text.find("`", span.start, span.end) < 0:
        return iter(())
    return _CODE_SPAN.finditer(text, span.start, span.end)
