"""The head of a document: its title, its purpose, its front matter."""

from __future__ import annotations

import re
from typing import NamedTuple

from milepost.plan.blocks import BlockKind
from milepost.plan.dialects.document import Document, plain
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex
from milepost.source.titles import names_a_kind

_SUFFIX = lazy_regex(
    r"[ \t]*(?:[-–—:：][ \t]*|(?<=[ \t]))"
    r"(?:implementation[ \t]+(?:plan|tasks)|tasks?(?:[ \t]+(?:list|plan|breakdown))?|plan)[ \t]*$",
    re.IGNORECASE,
)
_PREFIX = lazy_regex(
    r"(?:implementation[ \t]+(?:plan|tasks)|tasks?(?:[ \t]+(?:list|plan))?|plan)[ \t]*(?:[:：]|[-–—][ \t])[ \t]*",
    re.IGNORECASE,
)
_PURPOSE = lazy_regex(
    r"(?:\*\*|__)(?:purpose|goal|objective)[ \t]*(?:[:：](?:\*\*|__)|(?:\*\*|__)[ \t]*[:：])[ \t]*", re.IGNORECASE
)
_LABEL = lazy_regex(r"(?:\*\*|__)[^*_]+(?:[:：](?:\*\*|__)|(?:\*\*|__)[:：])")
_META = lazy_regex(r"(?P<key>[A-Za-z_][\w-]*):[ \t]*(?P<value>[^\s#][^#]*)")


_LONGEST_SUFFIX = 80


class Title(NamedTuple):
    """A plan's name and where it stands."""

    text: str
    span: Span | None


def read_title(document: Document) -> Title:
    """The name in the first heading, without words such as "Implementation Plan"."""
    section = next((section for section in document.sections if section.heading), None)
    if section is None:
        return Title("", None)
    start, end = section.title_span
    raw = document.text[start:end]
    prefix = _PREFIX.match(raw)
    suffix = None if prefix else _SUFFIX.search(raw, max(len(raw) - _LONGEST_SUFFIX, 0))
    if prefix and prefix.end() < len(raw):
        start += prefix.end()
    elif suffix and suffix.start() > 0 and not names_a_kind(raw):
        end = start + suffix.start()
    name = document.text[start:end]
    return Title(plain(" ".join(name.split())), Span(start, end))


def read_purpose(document: Document) -> str:
    """The text behind ``**Purpose:**`` in a quote or paragraph near the top."""
    for section in document.sections[:3]:
        for block in section.blocks:
            inner = block.children if block.kind is BlockKind.QUOTE else [block]
            for paragraph in inner:
                if paragraph.kind is BlockKind.PARAGRAPH:
                    text = _labelled(list(document.lines(paragraph)))
                    if text:
                        return text
    return ""


def _labelled(lines: list[str]) -> str:
    for place, line in enumerate(lines):
        found = _PURPOSE.match(line)
        if found:
            words = [line[found.end() :]]
            for more in lines[place + 1 :]:
                if _LABEL.match(more):
                    break
                words.append(more)
            return " ".join(" ".join(words).split())
    return ""


def read_metadata(document: Document) -> dict[str, str]:
    """The plain ``key: value`` lines of the front matter."""
    block = document.root.children[0] if document.root.children else None
    if block is None or block.kind is not BlockKind.FRONT_MATTER:
        return {}
    pairs = (_META.fullmatch(line.strip()) for line in document.lines(block))
    return {pair["key"]: pair["value"].strip().strip("\"'") for pair in pairs if pair}
