"""The first line of a task: its id, its title, and fields that follow the title on the same line."""

from __future__ import annotations

from typing import NamedTuple

from milepost.plan.grammar.fields import KEYS, read_fields
from milepost.plan.grammar.ids import ID
from milepost.plan.model import Field
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_EASTERN = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
"""Letters of languages that put no blank behind a number."""

_HEAD = lazy_regex(
    r"(?:[✅☑✔❌🔄⏳🚧⬜🔴🟡🟢]\ufe0f?[ \t]*)?(?P<strike>~~)?(?P<open>\*\*|__)?"
    r"(?P<word>(?:[Ss]ub-?)?(?:[Tt]ask|TASK|[Tt]area|[Tt]arefa|[Tt]âche|[Aa]ufgabe)[ \t]+"
    r"|(?:任务|任務|タスク|작업)[ \t]*)?(?P<bracket>\[)?"
    rf"(?P<id>{ID})(?![^\W{_EASTERN}])(?(bracket)\])(?P<mark>[.:)：、．](?!\d))?(?P<star>\\?\*(?=[ \t]))?"
    r"(?P<close>\*\*|__)?(?P<mark2>[.:：])?(?P<gap>[ \t]+|\Z|$"
    rf"|(?P<tight>(?<=[.:)：、．])(?=[^\W\d_a-z])|(?<=\d)(?=[{_EASTERN}])))"
)
_WEAK = lazy_regex(r"\d+|[A-Za-z]+\d")
_DASH = lazy_regex(r"[-–—:][ \t]+")
_FIELD = lazy_regex(r"(?<=[ \t])_(?P<key>[A-Za-z][A-Za-z -]{0,30}?)(?:[:：]|_)")


class Head(NamedTuple):
    """What the first line of a task says."""

    id: str
    id_span: Span | None
    title: str
    title_span: Span
    struck: bool
    fields: tuple[Field, ...]
    starred: bool = False
    bold: bool = False
    """Whether the id stands in bold by itself, as the reference format has it."""


def read_head(text: str, start: int, end: int) -> Head | None:
    """Read ``**1.1** Title``, ``1.1 Title``, ``**1.1: Title**``, ``T001 Title`` …; None when no id starts the line.

    A bare whole number, or letters with one digit, are an id only when bold by themselves, behind the word "Task" or
    before ``.``, ``:`` or ``)``: ``3 retries`` and ``V3 format`` are no tasks. A ``*`` behind the id marks the task.
    """
    found = _HEAD.match(text, start, end)
    if found is None or not (found["gap"] or found["tight"] is not None or found.end() == end):
        return None
    bold = found["open"] and found["open"] == found["close"]
    is_marked = bold or found["word"] or found["mark"] or found["mark2"] or found["bracket"]
    if not is_marked and _WEAK.fullmatch(found["id"]):
        return None
    if found["open"] and not bold and found["open"] not in text[found.end() : end]:
        return None
    dash = _DASH.match(text, found.end(), end)
    title = read_title(text, dash.end() if dash else found.end(), end)
    id_span = Span(found.start("id"), found.end("id"))
    struck, starred = found["strike"] is not None, found["star"] is not None
    is_bold = text.startswith(("**", "__"), id_span.end)
    return Head(found["id"], id_span, title.title, title.title_span, struck, title.fields, starred, is_bold)


def read_title(text: str, start: int, end: int) -> Head:
    """Read a line without an id: its title and the fields behind it."""
    fields: tuple[Field, ...] = ()
    if text.find("_", start, end) >= 0:
        for found in _FIELD.finditer(text, start, end):
            if found["key"].casefold() in KEYS:
                fields = read_fields(text, Span(found.start(), end))
                if fields:
                    end = found.start()
                    break
    raw = text[start:end]
    body = raw.rstrip()
    struck = body.startswith("~~") and body.endswith("~~")
    title = body.replace("~~", "") if "~~" in body else body
    if title.count("**") or title.count("__"):
        title = title.replace("**", "").replace("__", "")
    return Head("", None, title.strip(), Span(start, start + len(body)), struck, fields)
