"""Durations as people write them, in integer working seconds.

One working day has 8 hours and one working week 5 days. Months are not read: nobody agrees on their length.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from milepost.source.lazy_regex import lazy_regex

SECOND = 1
MINUTE = 60
HOUR = 3600
DAY = 8 * HOUR
WEEK = 5 * DAY

_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "秒"), SECOND),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes", "分钟", "分鐘", "分"), MINUTE),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "小时", "小時", "時間"), HOUR),
    **dict.fromkeys(("d", "day", "days", "天", "日"), DAY),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks", "周", "週"), WEEK),
}
_SUB_UNITS = {HOUR: MINUTE, MINUTE: SECOND}
_POINT_WORDS = frozenset({"sp", "pt", "pts", "point", "points", "storypoint", "storypoints"})
_NUMBER_WORDS = {"a": "1", "an": "1", "one": "1", "half": "0.5", "halfa": "0.5", "halfan": "0.5"}

_ABOUT = lazy_regex(r"\A(?:[~≈∼]|(?:about|approximately|approx|around|circa|ca)\b\.?)\s*", re.IGNORECASE)
_AMOUNT = lazy_regex(
    r"(?P<number>\d{1,12}(?:[.,]\d{1,6})?|\b(?:half\s+an?|half|an?|one)\b)\s*(?P<unit>(?:story\s*)?[^\W\d_]+)?",
    re.IGNORECASE,
)
_JOINER = lazy_regex(r"\s*(?:,|\band\b|\+)?\s*", re.IGNORECASE)
_RANGE = lazy_regex(r"\s*(?:[-–—‒−~～]|\bto\b|\.\.)\s*", re.IGNORECASE)
_BRACKET = lazy_regex(r"\s*[(（]([^()（）]*)[)）]\s*")


class Duration(NamedTuple):
    """Working seconds: ``low <= likely <= high``; all three equal for a single value."""

    low: int
    likely: int
    high: int


def parse_duration(text: str, sizes: Mapping[str, int] | None = None) -> Duration | None:
    """Read a duration, a range (``2-3 hours``) or a three-point value (``2h (1h-4h)``).

    ``sizes`` gives the seconds of named sizes (``S``, ``M``, ``XL`` …) and of one story point (``point``); without it
    they are not read. None when the text is no duration.
    """
    body = _ABOUT.sub("", text.strip()[:200], count=1).strip().rstrip(".").strip()
    bracket = _BRACKET.search(body)
    if bracket is None:
        return _spread(body, sizes)
    likely = _spread(body[: bracket.start()], sizes)
    if likely is None or body[bracket.end() :]:
        return None
    bounds = _spread(bracket.group(1), sizes)
    if bounds is None or bounds.low == bounds.high:
        return likely
    if not bounds.low <= likely.likely <= bounds.high:
        return None
    return Duration(bounds.low, likely.likely, bounds.high)


def format_duration(seconds: int) -> str:
    """Write working seconds in the largest of seconds, minutes and hours that fits: ``22.5 hours``.

    What two decimals cannot state exactly is written as a sum (``1 hour 20 minutes``), so that reading the text again
    gives the same number.
    """
    if seconds < 0:
        return f"-{format_duration(-seconds)}"
    unit = HOUR if seconds >= HOUR else MINUTE if seconds >= MINUTE else SECOND
    if seconds * 100 % unit == 0:
        return _count(f"{seconds / unit:.2f}".rstrip("0").rstrip("."), unit)
    parts = []
    for size in (HOUR, MINUTE, SECOND):
        amount, seconds = divmod(seconds, size)
        if amount:
            parts.append(_count(str(amount), size))
    return " ".join(parts)


def _count(amount: str, unit: int) -> str:
    word = {HOUR: "hour", MINUTE: "minute", SECOND: "second"}[unit]
    return f"{amount} {word}" if amount == "1" else f"{amount} {word}s"


def _spread(text: str, sizes: Mapping[str, int] | None) -> Duration | None:
    text = text.strip()
    single = _sum(text, None, sizes)
    if single is not None:
        return Duration(single, single, single)
    for cut in _RANGE.finditer(text):
        high_text = text[cut.end() :]
        high = _sum(high_text, None, sizes)
        low = None if high is None else _sum(text[: cut.start()], _last_unit(high_text), sizes)
        if low is not None and high is not None and low <= high:
            return Duration(low, (low + high) // 2, high)
    return None


def _sum(text: str, default_unit: str | None, sizes: Mapping[str, int] | None) -> int | None:
    """Add up ``1h 30m`` and the like; a last bare number after a unit counts the next smaller unit (``1h30``)."""
    named = _size(text, sizes)
    if named is not None:
        return named
    total, position, smaller = 0, 0, WEEK + 1
    previous: int | None = None
    while True:
        found = _AMOUNT.match(text, position)
        if not found:
            return None
        word = found["unit"] or (default_unit if previous is None else None)
        unit = _unit(word, sizes) if word else _SUB_UNITS.get(previous or 0)
        if unit is None or unit >= smaller:
            return None
        total += _scaled(found["number"], unit)
        position, previous, smaller = found.end(), unit, unit
        if position == len(text):
            return total
        joiner = _JOINER.match(text, position)
        position = joiner.end() if joiner else position


def _size(text: str, sizes: Mapping[str, int] | None) -> int | None:
    if not sizes:
        return None
    wanted = text.strip().casefold()
    return next((seconds for name, seconds in sizes.items() if name.casefold() == wanted), None)


def _unit(word: str, sizes: Mapping[str, int] | None) -> int | None:
    if word == "M":
        return None
    folded = "".join(word.casefold().split())
    if folded in _POINT_WORDS:
        return _size("point", sizes)
    return _UNITS.get(folded)


def _last_unit(text: str) -> str | None:
    amounts = list(_AMOUNT.finditer(text))
    return amounts[0]["unit"] if amounts else None


def _scaled(number: str, unit: int) -> int:
    plain = _NUMBER_WORDS.get("".join(number.casefold().split()), number).replace(",", ".")
    whole, _, decimals = plain.partition(".")
    scale: int = 10 ** len(decimals)
    return (int(whole + decimals) * unit * 2 + scale) // (2 * scale)
