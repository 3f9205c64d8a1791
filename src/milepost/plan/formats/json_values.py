"""JSON with the place of every value, so that one can be changed and every other byte stays."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_DEEPEST = 64
_TOKEN = lazy_regex(
    r'[ \t\r\n]*(?:(?P<mark>[{}\[\],:])|"(?P<string>[^"\\]*(?:\\.[^"\\]*)*)"|(?P<word>[^\s{}\[\],:"]+))', re.DOTALL
)

_BLANKS = lazy_regex(r"\s*")


class JsonKind(StrEnum):
    """What a JSON value is; ``WORD`` is a number, ``true``, ``false`` or ``null``."""

    OBJECT = "object"
    ARRAY = "array"
    STRING = "string"
    WORD = "word"


@dataclass(slots=True, eq=False)
class JsonValue:
    """A value. ``span`` is all of it, ``inner`` a string's characters without the quotes; ``text`` says what it means.

    An object's ``members`` are in the order of the text; of equal keys the last counts, as JSON's readers do.
    """

    kind: JsonKind
    span: Span
    inner: Span
    text: str = ""
    items: list[JsonValue] = field(default_factory=list)
    members: list[tuple[JsonValue, JsonValue]] = field(default_factory=list)

    def get(self, key: str) -> JsonValue | None:
        """The member of an object."""
        return next((value for name, value in reversed(self.members) if name.text == key), None)

    def get_text(self, key: str) -> str:
        """The text of a member that is a string, a number or a truth value; empty when there is none."""
        found = self.get(key)
        return found.text if found and found.is_scalar and found.text != "null" else ""

    @property
    def is_scalar(self) -> bool:
        """Whether it is a string, a number, a truth value or nothing."""
        return self.kind in {JsonKind.STRING, JsonKind.WORD}

    @property
    def scalars(self) -> Iterator[JsonValue]:
        """The scalar items of an array."""
        return (item for item in self.items if item.is_scalar and item.text != "null")


@dataclass(frozen=True, slots=True)
class JsonText:
    """A text read as JSON as far as it is: ``broken`` is where it stopped being, None when it is JSON throughout."""

    root: JsonValue | None
    broken: Span | None = None


def read_json(text: str) -> JsonText:
    """Read a JSON text; one that breaks off gives all that stands before the break."""
    found: list[JsonValue] = []
    reader = _Reader(text)
    try:
        reader.value(0, found.append)
        reader.end()
    except _BrokenError:
        return JsonText(found[0] if found else None, reader.place)
    return JsonText(found[0])


class _BrokenError(Exception):
    """The text is no JSON from here on."""


class _Reader:
    """Hands every value on before it reads what is inside, so that nothing read is lost when the text breaks off."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = 0
        self._token = _TOKEN.match(text)

    @property
    def place(self) -> Span:
        """Where reading stopped: the first characters that could not be taken."""
        if self._token:
            return Span(self._token.start(self._token.lastgroup or 0), self._token.end())
        blanks = _BLANKS.match(self._text, self._end)
        start = blanks.end() if blanks else self._end
        return Span(start, min(start + 1, len(self._text)))

    def end(self) -> None:
        if self._token or self._text[self._end :].strip():
            raise _BrokenError

    def value(self, depth: int, keep: Callable[[JsonValue], None]) -> None:
        if depth > _DEEPEST:
            raise _BrokenError
        if self._at("{"):
            self._object(depth, keep)
        elif self._at("["):
            self._array(depth, keep)
        else:
            keep(self._scalar())

    def _object(self, depth: int, keep: Callable[[JsonValue], None]) -> None:
        found = self._open(JsonKind.OBJECT, keep)
        while not self._at("}"):
            key = self._scalar()
            self._take(":")
            self.value(depth + 1, partial(_add_member, found, key))
            if not self._at("}"):
                self._take(",")
        self._close(found)

    def _array(self, depth: int, keep: Callable[[JsonValue], None]) -> None:
        found = self._open(JsonKind.ARRAY, keep)
        while not self._at("]"):
            self.value(depth + 1, found.items.append)
            if not self._at("]"):
                self._take(",")
        self._close(found)

    def _open(self, kind: JsonKind, keep: Callable[[JsonValue], None]) -> JsonValue:
        start, end = self._here.start("mark"), len(self._text)
        found = JsonValue(kind, Span(start, end), Span(start + 1, end))
        keep(found)
        self._advance()
        return found

    def _close(self, found: JsonValue) -> None:
        end = self._here.end()
        found.span, found.inner = Span(found.span.start, end), Span(found.inner.start, end - 1)
        self._advance()

    def _scalar(self) -> JsonValue:
        token = self._here
        if token["mark"]:
            raise _BrokenError
        self._advance()
        if token["string"] is None:
            span = Span(*token.span("word"))
            return JsonValue(JsonKind.WORD, span, span, token["word"])
        inner = Span(*token.span("string"))
        return JsonValue(JsonKind.STRING, Span(inner.start - 1, inner.end + 1), inner, _decoded(token["string"]))

    @property
    def _here(self) -> re.Match[str]:
        if self._token is None:
            raise _BrokenError
        return self._token

    def _at(self, mark: str) -> bool:
        return self._token is not None and self._token["mark"] == mark

    def _take(self, mark: str) -> None:
        if not self._at(mark):
            raise _BrokenError
        self._advance()

    def _advance(self) -> None:
        self._end = self._here.end()
        self._token = _TOKEN.match(self._text, self._end)


def _add_member(container: JsonValue, key: JsonValue, value: JsonValue) -> None:
    container.members.append((key, value))


def _decoded(raw: str) -> str:
    """The meaning of a string's escapes; one that is wrong stays as it is written."""
    if "\\" not in raw:
        return raw
    import json

    try:
        found = json.loads(f'"{raw}"', strict=False)
    except ValueError:
        return raw
    return found if isinstance(found, str) else raw
