"""Commands inside a plan's text."""

from __future__ import annotations

import re
from typing import NamedTuple

from milepost.plan.model import CommandText
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_TRAILING = lazy_regex(r"(?<!`)(?P<ticks>`+)(?!`)(?P<code>.*?[^`])(?P=ticks)(?!`)[ \t]*\.?[ \t]*\Z", re.DOTALL)
_WRAPPED = lazy_regex(r"\s*(?P<ticks>`+)(?!`)(?P<code>.*?[^`])(?P=ticks)\s*", re.DOTALL)
_CODE = lazy_regex(r"(?<!`)(?P<ticks>`+)(?!`).*?[^`](?P=ticks)(?!`)", re.DOTALL)


class TrailingCommand(NamedTuple):
    """What stands before a trailing code span, and the command in it."""

    text: str
    command: CommandText | None


def split_trailing_command(text: str, span: Span) -> TrailingCommand:
    """Split ``All tests pass `pytest -q` `` into its words and its command, if a code span ends it."""
    piece = text[span.start : span.end]
    spans = list(_CODE.finditer(piece)) if piece.rstrip().endswith(("`", "`.")) else []
    found = _TRAILING.match(piece, spans[-1].start()) if spans else None
    command = _command(found, span.start) if found else None
    if found is None or command is None:
        return TrailingCommand(piece.strip(), None)
    words = piece[: found.start()].rstrip().rstrip(":—–-→").rstrip()
    return TrailingCommand(words or command.text, command)


def read_command(text: str, span: Span) -> CommandText | None:
    """Read the command a field states; backticks around it are no part of it. None when there is none."""
    piece = text[span.start : span.end]
    wrapped = _WRAPPED.fullmatch(piece)
    if wrapped:
        return _command(wrapped, span.start)
    body = piece.strip()
    at = span.start + (piece.index(body) if body else 0)
    return CommandText(body, Span(at, at + len(body))) if body else None


def _command(found: re.Match[str], offset: int) -> CommandText | None:
    code = found["code"]
    body = code.strip()
    if not body:
        return None
    at = offset + found.start("code") + code.index(body)
    return CommandText(body, Span(at, at + len(body)))
