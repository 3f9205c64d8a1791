"""What a line of Markdown may start: the patterns of CommonMark's block marks and of GFM tables.

Nothing here keeps state. Patterns are meant for ``match(text, first, end)``, where ``first`` is a line's first
character that is no space or tab and ``end`` is its line end, so ``\\Z`` means the end of the line.
"""

from __future__ import annotations

import re

from milepost.source import Span

#: A whole line: group 1 is its indentation, group 2 the rest; the line end lies outside both.
LINE = re.compile(r"([ \t]*)([^\r\n]*)(?:\r\n?|\n|\Z)")

#: A whole line that is a bullet and text which starts nothing: group 1 is the bullet, group 2 the text.
PLAIN_ITEM = re.compile(
    r" *([-*+]) ((?:[^ \t\r\n0-9>#`~<=|:_*+-]|_[^_ \t\r\n]|\*\*?[^* \t\r\n]|`[^`\r\n])[^\r\n]*)(?:\r\n?|\n|\Z)"
)

#: Indentation from which on a line is code.
CODE_INDENT = 4

_BLANKS = re.compile(r"[ \t]*")

#: The marks of an ATX heading.
HEADING = re.compile(r"(#{1,6})(?:[ \t]+|\Z)")

UNDERLINE = re.compile(r"(?:=+|-+)[ \t]*\Z")

#: A fence's opening marks; the info string of a backtick fence holds no backtick.
FENCE = re.compile(r"`{3,}+(?=[^`]*\Z)|~{3,}+")

CLOSING_FENCE = re.compile(r"(`{3,}+|~{3,}+)[ \t]*\Z")

#: A list item's marker: group 1 is an ordered item's number, group 2 the blanks behind the marker.
MARKER = re.compile(r"(?:([0-9]{1,9})[.)]|[-+*])(?:(?=[ \t])|\Z)([ \t]*)")

#: A task mark: the character between the brackets. Group 2 is empty when no text follows on the line.
TASK_MARK = re.compile(r"\[([^\[\]])\]\*?(?:\s+(\S)|\s*\Z)")

#: The longest run a thematic break of each mark may reach.
BREAKS = {"-": re.compile(r"[- \t]+"), "*": re.compile(r"[* \t]+"), "_": re.compile(r"[_ \t]+")}

#: A GFM table's delimiter row. A line that starts with ``- `` is a list item instead.
DELIMITER_ROW = re.compile(r"(?!-[ \t])\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*+\|?[ \t]*\Z")

_DASHES = re.compile(r"-+")

#: The line that opens front matter, group 1 at its end. A thematic break before a blank line is none.
FRONT_MATTER = re.compile(r"---[ \t]*()(?:\r\n?+|\n)(?![ \t]*[\r\n])")

#: The line that closes it, with the line end before; group 1 ends with the line.
FRONT_MATTER_END = re.compile(r"(?:\r\n?|\n)---([ \t]*)(?:\r\n?|\n|\Z)")

_TAG = r"[A-Za-z][A-Za-z0-9-]*+"
_VALUE = r"""(?:[^"'=<>`\x00-\x20]++|'[^']*+'|"[^"]*+")"""
_ATTRIBUTE = rf"[ \t]++[A-Za-z_:][A-Za-z0-9_.:-]*+(?:[ \t]*+=[ \t]*+{_VALUE})?+"
_BLOCK_TAGS = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|"
    "dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|"
    "main|menu|menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|"
    "thead|title|tr|track|ul"
)

#: HTML blocks of types 1 to 6: what starts one, and what must occur in its last line (``None``: a blank line ends it).
HTML_STARTS: tuple[tuple[re.Pattern[str], re.Pattern[str] | None], ...] = (
    (
        re.compile(r"<(?:script|pre|style|textarea)(?=[ \t>]|\Z)", re.IGNORECASE | re.ASCII),
        re.compile(r"</(?:script|pre|style|textarea)>", re.IGNORECASE | re.ASCII),
    ),
    (re.compile(r"<!--"), re.compile(r"-->")),
    (re.compile(r"<\?"), re.compile(r"\?>")),
    (re.compile(r"<![A-Za-z]"), re.compile(r">")),
    (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>")),
    (re.compile(rf"</?(?:{_BLOCK_TAGS})(?=[ \t]|/?>|\Z)", re.IGNORECASE | re.ASCII), None),
)

#: HTML blocks of type 7, which interrupt no paragraph and end at a blank line.
HTML_TAG_LINE = re.compile(rf"(?:<{_TAG}(?:{_ATTRIBUTE})*+[ \t]*+/?>|</{_TAG}[ \t]*+>)[ \t]*+\Z")


def column_after(text: str, start: int, end: int, column: int) -> int:
    """Give the column behind ``text[start:end]``, blanks that begin at a column; tabs stop at every fourth."""
    if text.find("\t", start, end) < 0:
        return column + end - start
    for index in range(start, end):
        column += 4 - column % 4 if text[index] == "\t" else 1
    return column


def offset_at(text: str, start: int, end: int, column: int, wanted: int) -> int:
    """Find the blank in ``text[start:end]``, which begins at a column, that holds the wanted column; else ``end``."""
    if text.find("\t", start, end) < 0:
        return min(start + max(wanted - column, 0), end)
    for index in range(start, end):
        column += 4 - column % 4 if text[index] == "\t" else 1
        if column > wanted:
            return index
    return end


def first_of(text: str, start: int, end: int) -> int:
    """Give the offset of the first character that is no blank, else the end."""
    blanks = _BLANKS.match(text, start, end)
    return blanks.end() if blanks else end


def trimmed(text: str, start: int, end: int) -> Span:
    """Give the span without the blanks at both ends; nothing but blanks leaves an empty span at the start."""
    while end > start and text[end - 1] in " \t":
        end -= 1
    return Span(first_of(text, start, end), end)


def heading_content(text: str, start: int, end: int) -> Span:
    """Give an ATX heading's content: without blanks around it and without closing ``#`` marks."""
    start, end = trimmed(text, start, end)
    opened = end
    while opened > start and text[opened - 1] == "#":
        opened -= 1
    if opened == start or text[opened - 1] in " \t":
        return trimmed(text, start, opened)
    return Span(start, end)


def is_break(text: str, start: int, end: int) -> bool:
    """Say whether a run of marks and blanks is a thematic break: at least three marks."""
    return text.count(text[start], start, end) >= 3


def delimiter_columns(text: str, start: int, end: int) -> int:
    """Count a line's columns if it is a table's delimiter row, else give 0. A lone dash is none."""
    if end - start < 2 or not DELIMITER_ROW.match(text, start, end):
        return 0
    return len(_DASHES.findall(text, start, end))


def cells(text: str, start: int, end: int) -> list[Span]:
    """Split a table row into the trimmed spans of its cells.

    A ``|`` with a backslash right before it does not split, every other one does, even inside a code span.
    """
    start, end = trimmed(text, start, end)
    found: list[Span] = []
    begin = start
    bar = text.find("|", start, end)
    while bar >= 0:
        if bar == start:
            begin = bar + 1
        elif text[bar - 1] != "\\":
            found.append(trimmed(text, begin, bar))
            begin = bar + 1
        bar = text.find("|", bar + 1, end)
    if begin < end:
        found.append(trimmed(text, begin, end))
    return found
