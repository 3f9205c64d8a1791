"""Lines that are too wide for a terminal, broken between words instead of anywhere."""

from __future__ import annotations

from milepost.plan.grammar.columns import display_width
from milepost.source.lazy_regex import lazy_regex

NARROWEST = 20
"""With fewer columns than that nothing is broken: no more than a word would stand on a line."""
_COLOUR = lazy_regex(r"\x1b\[[\d;]*m")
_PIECE = lazy_regex(r"(?:[^\s`]|`[^`]*`)+|`|\s+")
_COLUMN = lazy_regex(r"\S {2,}(?=\S)")
_LEAD = lazy_regex(r" *(?:[-*◆▶✓!>] )? *")
_FENCE = lazy_regex(r"\s*(`{3,}|~{3,})")
_ITEM = lazy_regex(r"\s*(?:[-*+]|\d+[.)]) ")
_DRAWN = lazy_regex(r"\s*\d*\s*[|│├└┌╭╰─═█▇░▒]")


def fit(text: str, columns: int, *, deeper: int = 2) -> str:
    """Break the lines that are wider, each between words; what is in backticks, or drawn, stays in one piece.

    A line goes on below its last column (what follows two blanks) if half of the width is left for that, else below
    its beginning and ``deeper``.
    """
    if columns < NARROWEST:
        return text
    return "\n".join(line if _width(line) <= columns else _broken(line, columns, deeper) for line in text.split("\n"))


def _width(text: str) -> int:
    return display_width(_COLOUR.sub("", text))


def _broken(line: str, columns: int, deeper: int) -> str:
    bare = _COLOUR.sub("", line)
    if _DRAWN.match(bare):
        return line
    below = " " * _indent(bare, columns, deeper)
    lines, current, blank = [], "", ""
    for piece in _PIECE.findall(line):
        if piece.isspace():
            blank = piece
        elif current.strip() and _width(current + blank + piece) > columns:
            lines.append(current)
            current, blank = below + piece, ""
        else:
            current, blank = current + blank + piece, ""
    return "\n".join([*lines, current])


def _indent(bare: str, columns: int, deeper: int) -> int:
    last = [display_width(bare[: found.end()]) for found in _COLUMN.finditer(bare)]
    fitting = [place for place in last if place <= columns // 2]
    if fitting:
        return fitting[-1]
    lead = _LEAD.match(bare)
    return min(len(lead.group()) if lead else 0, columns // 4) + deeper


def unwrapped(markdown: str) -> str:
    """A text with each paragraph and each list item on one line; fences, tables and headings stay as they are."""
    lines: list[str] = []
    fence, goes_on = "", False
    for line in markdown.split("\n"):
        mark = _FENCE.match(line)
        if mark and (not fence or line.strip() == fence):
            fence = "" if fence else mark.group(1)
        prose = not (fence or mark or line.lstrip().startswith(("#", "|")) or not line.strip())
        if prose and goes_on and not _ITEM.match(line):
            lines[-1] = f"{lines[-1]} {line.strip()}"
        else:
            lines.append(line)
        goes_on = prose
    return "\n".join(lines)
