"""Columns as a terminal shows them: wide characters take two cells, combining marks none."""

from __future__ import annotations

from unicodedata import combining, east_asian_width

TAB = 4


def display_columns(text: str) -> list[int]:
    """The column at which each character starts, and one more number: the width of the whole text."""
    if text.isascii() and "\t" not in text:
        return list(range(len(text) + 1))
    columns = [0]
    for char in text:
        columns.append(columns[-1] + _width(char, columns[-1]))
    return columns


def display_width(text: str) -> int:
    """How many cells a text takes."""
    return display_columns(text)[-1]


def _width(char: str, column: int) -> int:
    if char == "\t":
        return TAB - column % TAB
    if combining(char) or char in "\u200b\u200d\ufe0f\ufe0e":
        return 0
    return 2 if east_asian_width(char) in "WF" else 1
