"""Tables of a settings file, checked key by key, so that each complaint can name its line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from milepost.errors import SettingsInvalid

BUDGET_KEYS: dict[str, tuple[type, ...]] = dict.fromkeys(("money", "hours", "tokens", "soft"), (int, float))
TIER_BUDGET_KEYS: dict[str, tuple[type, ...]] = {**BUDGET_KEYS, "escalate": (bool,)}
_POSITIVE = {"capacity", "speed", "attempts", "escalation_factor", "lease_minutes", "log_limit_mb", "attempt_budget"}
_POSITIVE |= {"max_size_mb", *BUDGET_KEYS}
_NOT_NEGATIVE = {"backoff_seconds", "grace_seconds"}
SHORTEST_LEASE = 1
"""Minutes: whoever holds a task cannot be asked for a heartbeat more often."""


class TableReader:
    """Checks the tables of one file. ``prefix`` stands before the names of all sections."""

    def __init__(self, data: Any, text: str, path: str, *, prefix: str = "") -> None:
        """Read ``data``, which the text of the file at ``path`` holds."""
        self.data = data
        self.lines = re.split(r"\r\n|\n|\r", text)
        self.path = path
        self.prefix = prefix

    def strings(self, where: str, key: str, value: Any) -> tuple[str, ...]:
        """A list of texts.

        Raises:
            SettingsInvalid: it is none.
        """
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise self.invalid(
                f"`{key}` of [{self.prefix}{where}] is no list of strings", where, key, 'give a list such as ["MP301"]'
            )
        return tuple(value)

    def section(self, where: str, table: Any, keys: Mapping[str, tuple[type, ...]]) -> dict[str, Any]:
        """A section that holds nothing but these keys, each with a value of one of its types.

        Raises:
            SettingsInvalid: it holds something else.
        """
        shown = f"[{self.prefix}{where}]"
        if not isinstance(table, dict):
            raise self.invalid(f"`{where}` must be a section", "", where, f"write {shown}")
        values: dict[str, Any] = table
        for key, value in values.items():
            if key not in keys:
                raise self.invalid(f"{shown} has no setting `{key}`", where, key, "it has " + ", ".join(keys))
            if not isinstance(value, keys[key]) or (isinstance(value, bool) and bool not in keys[key]):
                raise self.invalid(f"`{key}` of {shown} is of the wrong type", where, key, f"give {_kind(keys[key])}")
            if not isinstance(value, int | float):
                continue
            if key in _POSITIVE and not 0 < value < float("inf"):
                raise self.invalid(f"`{key}` of {shown} must be above 0", where, key, "give a positive number")
            if key == "lease_minutes" and value < SHORTEST_LEASE:
                remedy = f"give {SHORTEST_LEASE} or more, several times what lies between two heartbeats"
                raise self.invalid(
                    f"a lease of {value:g} minutes ends before a heartbeat can arrive", where, key, remedy
                )
            if key in _NOT_NEGATIVE and not 0 <= value < float("inf"):
                raise self.invalid(f"`{key}` of {shown} must not be below 0", where, key, "give 0 or more")
        return dict(values)

    def duration(self, where: str, key: str, text: str) -> int:
        """A length of time, in seconds.

        Raises:
            SettingsInvalid: it is none.
        """
        from milepost.plan.grammar.durations import parse_duration

        parsed = parse_duration(text)
        if parsed is None or parsed.likely <= 0:
            raise self.invalid(f"`{text}` is no duration", where, key, "write it like 30s, 30m, 2h or 1d")
        return parsed.likely

    def invalid(self, message: str, where: str, key: str, remedy: str) -> SettingsInvalid:
        """A complaint about a key of a section (or, without key, about the section)."""
        return SettingsInvalid(message, place=self.place(where, key), remedy=remedy)

    def place(self, where: str, key: str) -> str:
        """The file and the line of a key in a section, or of the section, or whichever line names the key."""
        line = _line_of(self.lines, self.prefix + where, key)
        return f"{self.path}:{line}" if line else self.path


def _kind(types: tuple[type, ...]) -> str:
    """What a value has to be, in words."""
    if float in types:
        return "a number"
    words = {str: "a text in quotes", int: "a whole number", bool: "true or false", dict: "a table", list: "a list"}
    return words.get(types[0], types[0].__name__)


def _line_of(lines: Sequence[str], section: str, key: str) -> int:
    """The number of the line that states a key of a section; 0 when nothing like it is found."""
    header = re.compile(rf"\s*\[\s*{re.escape(section)}\s*\]")
    stated = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*=""")
    begin = next((number for number, text in enumerate(lines, 1) if header.match(text)), 0)
    if begin and not key:
        return begin
    if begin:
        for number, text in enumerate(lines[begin:], begin + 1):
            if text.lstrip().startswith("["):
                break
            if stated.match(text):
                return number
    words = [word for word in (key, section) if word]
    return next((number for word in words for number, text in enumerate(lines, 1) if word in text), begin)
