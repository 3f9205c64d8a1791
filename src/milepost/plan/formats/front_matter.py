"""Front matter: the part of YAML that task files use, with the place of every value.

Scalars (plain, quoted, folded), and lists of them in brackets or one per line. Anything else is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_BLOCK = lazy_regex(r"---[ \t]*(?:\r\n|\r|\n)(?P<body>.*?)(?<=[\r\n])---[ \t]*(?:\r|(?=\n)|\Z)", re.DOTALL)
_LINE = lazy_regex(r"(?P<indent>[ \t]*)(?P<text>[^\r\n]*)(?:\r\n|\r|\n|\Z)")
_KEY = lazy_regex(r"(?P<key>[A-Za-z_][\w-]*)[ \t]*:(?:[ \t]+|$)")
_DASH = lazy_regex(r"-(?:[ \t]+|$)")
_FOLDED = lazy_regex(r"[|>][+-]?\d?")
_ITEM = lazy_regex(r"\s*(?P<item>'(?:[^']|'')*'|\"(?:[^\"\\]|\\.)*\"|[^,\[\]]*)\s*(?:,|$)", re.DOTALL)
_COMMENT = lazy_regex(r"(?:^|[ \t]+)#.*")
_ESCAPE = lazy_regex(r"\\(.)")


class Scalar(NamedTuple):
    """A value's text and its place, without quotes."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value or values; ``span`` runs from the key to the end of the last of them."""

    key: str
    values: tuple[Scalar, ...]
    span: Span

    @property
    def first(self) -> Scalar:
        """The value, or the first of several; every entry has one, perhaps empty."""
        return self.values[0]


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The entries by key; of equal keys the last counts. ``end`` is where the document's Markdown starts."""

    entries: Mapping[str, Entry]
    end: int

    def __contains__(self, key: object) -> bool:
        return key in self.entries

    def text(self, key: str) -> str:
        """The value of a key, empty when there is none."""
        found = self.entries.get(key)
        return found.first.text if found else ""

    def texts(self, key: str) -> tuple[Scalar, ...]:
        """The values of a key that say something."""
        found = self.entries.get(key)
        return tuple(value for value in found.values if value.text) if found else ()


def read_front_matter(text: str) -> FrontMatter | None:
    """Read the front matter a document opens with; None when it opens with none."""
    found = _BLOCK.match(text)
    if found is None:
        return None
    start, end = found.span("body")
    entries: dict[str, Entry] = {}
    lines = [line for line in _LINE.finditer(text, start, end) if line.start() < end]
    heads = [place for place, line in enumerate(lines) if not line["indent"] and _KEY.match(line["text"])]
    for place, following in zip(heads, [*heads[1:], len(lines)], strict=False):
        entry = _entry(text, lines[place:following])
        entries[entry.key] = entry
    return FrontMatter(entries, found.end())


def _entry(text: str, lines: list[re.Match[str]]) -> Entry:
    head = _KEY.match(lines[0]["text"])
    assert head is not None
    start = lines[0].start("text")
    first = Span(start + head.end(), lines[0].end("text"))
    more = [Span(line.start("text"), line.end("text")) for line in lines[1:] if line["text"].strip()]
    values = tuple(_values(text, first, more)) or (_scalar(text, Span(start + head.end("key") + 1, first.start)),)
    return Entry(head["key"], values, Span(start, max(values[-1].span.end, start + head.end())))


def _values(text: str, first: Span, more: list[Span]) -> Iterator[Scalar]:
    raw = text[first.start : first.end].strip()
    bare = _COMMENT.sub("", raw)
    if raw.startswith("["):
        yield from _listed(text, Span(first.start, more[-1].end if more and not bare.endswith("]") else first.end))
    elif not bare and more and all(_DASH.match(text, span.start, span.end) for span in more[:1]):
        yield from _dashed(text, more)
    elif _FOLDED.fullmatch(bare):
        words = " ".join(text[span.start : span.end].strip() for span in more)
        yield Scalar(words, Span(more[0].start, more[-1].end) if more else Span(first.end, first.end))
    elif more and bare and not _is_closed(raw):
        yield _scalar(text, Span(first.start, more[-1].end))
    elif bare:
        yield _scalar(text, first)


def _dashed(text: str, lines: list[Span]) -> Iterator[Scalar]:
    """The items of a list, each from its dash to the next."""
    starts = [place for place, span in enumerate(lines) if _DASH.match(text, span.start, span.end)]
    for place, following in zip(starts, [*starts[1:], len(lines)], strict=True):
        dash = _DASH.match(text, lines[place].start, lines[place].end)
        assert dash is not None
        rest = text[dash.end() : lines[place].end].strip()
        if _FOLDED.fullmatch(rest) and following > place + 1:
            span = Span(lines[place + 1].start, lines[following - 1].end)
        else:
            span = Span(dash.end(), lines[following - 1].end)
        yield _scalar(text, span)


def _listed(text: str, span: Span) -> Iterator[Scalar]:
    start = text.index("[", span.start) + 1
    end = text.rfind("]", start, span.end)
    end = span.end if end < 0 else end
    for item in _ITEM.finditer(text, start, end):
        if item["item"].strip():
            yield _scalar(text, Span(*item.span("item")))
        if item.end() >= end:
            return


def _is_closed(raw: str) -> bool:
    """Whether a value in quotes ends on its line."""
    return raw[:1] in {"'", '"'} and len(raw) > 1 and raw.endswith(raw[0])


def _scalar(text: str, span: Span) -> Scalar:
    """A scalar without its quotes, comment and the blanks around it; several lines are folded to one."""
    raw = text[span.start : span.end]
    start = span.start + len(raw) - len(raw.lstrip())
    body = raw.strip()
    quote = body[:1]
    if quote in {"'", '"'} and (close := body.rfind(quote)) > 0:
        inner = body[1:close]
        folded = " ".join(inner.split()) if "\n" in inner or "\r" in inner else inner
        meaning = folded.replace("''", "'") if quote == "'" else _ESCAPE.sub(r"\1", folded)
        return Scalar(meaning, Span(start + 1, start + close))
    plain = _COMMENT.sub("", body) if "\n" not in body else body
    end = start + len(plain)
    return Scalar(" ".join(plain.split()), Span(min(start, end), end) if plain else Span(span.start, span.start))
