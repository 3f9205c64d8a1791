"""What the first character of a line (behind its containers' marks) may start.

Each function looks at the scanner's cursor; ``depth`` counts the open containers that go on in this line. It either
starts its block, which closes whatever does not go on, or changes nothing and says so.
"""

from __future__ import annotations

import re

from milepost.plan import block_syntax as syntax
from milepost.plan.block_model import Block, BlockKind
from milepost.plan.block_scanner import CONTAINER, LEAF, NOTHING, Open, Scanner, Started, Starts
from milepost.source import Span


def _quote(scanner: Scanner, depth: int) -> Started:
    block = scanner.add(BlockKind.QUOTE, depth)
    scanner.quotes.append(len(scanner.stack))
    scanner.stack.append(Open(block, scanner.first, scanner.end))
    scanner.skip_quote_mark()
    return CONTAINER


def _heading(scanner: Scanner, depth: int) -> Started:
    opening = syntax.HEADING.match(scanner.text, scanner.first, scanner.end)
    if opening is None:
        return NOTHING
    block = scanner.add(BlockKind.HEADING, depth)
    block.level = opening.end(1) - opening.start()
    block.lines = [syntax.heading_content(scanner.text, opening.end(), scanner.end)]
    return LEAF


def _open_fence(scanner: Scanner, depth: int) -> Started:
    opening = syntax.FENCE.match(scanner.text, scanner.first, scanner.end)
    if opening is None:
        return NOTHING
    scanner.fence = opening.group()
    scanner.fence_indent = scanner.first_column - scanner.column
    block = scanner.open_leaf(BlockKind.FENCE, depth)
    block.info = scanner.text[opening.end() : scanner.end].strip(" \t")
    return LEAF


def _html(scanner: Scanner, depth: int) -> Started:
    text, first, end = scanner.text, scanner.first, scanner.end
    for start, finish in syntax.HTML_STARTS:
        if start.match(text, first, end):
            return _open_html(scanner, depth, finish)
    if scanner.leaf is None and syntax.HTML_TAG_LINE.match(text, first, end):
        return _open_html(scanner, depth, None)
    return NOTHING


def _open_html(scanner: Scanner, depth: int, finish: re.Pattern[str] | None) -> Started:
    block = scanner.open_leaf(BlockKind.HTML, depth)
    scanner.lines.append(block.span)
    scanner.html_end = finish
    if finish is not None and finish.search(scanner.text, scanner.first, scanner.end):
        scanner.leaf = None
    return LEAF


def _break(scanner: Scanner, depth: int) -> Started:
    """Try a thematic break; a run of marks that is none is looked at once a line, however many lists it opens."""
    if scanner.first < scanner.no_break_before:
        return NOTHING
    run = syntax.BREAKS[scanner.text[scanner.first]].match(scanner.text, scanner.first, scanner.end)
    if run is None or run.end() < scanner.end or not syntax.is_break(scanner.text, scanner.first, scanner.end):
        scanner.no_break_before = run.end() if run else scanner.first
        return NOTHING
    scanner.add(BlockKind.BREAK, depth)
    return LEAF


def _underline(scanner: Scanner, depth: int) -> Started:
    """Turn the open paragraph into a heading, if this line underlines it."""
    leaf = scanner.paragraph(depth)
    if leaf is None or not syntax.UNDERLINE.match(scanner.text, scanner.first, scanner.end):
        return NOTHING
    leaf.kind = BlockKind.HEADING
    leaf.level = 1 if scanner.text[scanner.first] == "=" else 2
    leaf.span = Span(leaf.span.start, scanner.end)
    scanner.leaf = None
    return LEAF


def _delimiter_row(scanner: Scanner, depth: int) -> Started:
    """Turn the open paragraph's last line into a table's header, if this line is its delimiter row."""
    leaf = scanner.paragraph(depth)
    if leaf is None or not scanner.may_be_header:
        return NOTHING
    header = scanner.lines[-1]
    columns = syntax.delimiter_columns(scanner.text, scanner.first, scanner.end)
    if not columns or scanner.text.find("|", *header) < 0 or columns != len(syntax.cells(scanner.text, *header)):
        return NOTHING
    _split_off_last_line(scanner, leaf)
    table = scanner.add(BlockKind.TABLE, depth)
    table.span = Span(header.start, scanner.end)
    table.children = scanner.rows = []
    scanner.leaf = table
    scanner.add_row(header)
    return LEAF


def _split_off_last_line(scanner: Scanner, paragraph: Block) -> None:
    scanner.lines.pop()
    if not scanner.lines:
        scanner.stack[-1].children.pop()
        return
    last = scanner.lines[-1].end
    paragraph.span = Span(paragraph.span.start, syntax.first_of(scanner.text, last, scanner.end))


def _dash(scanner: Scanner, depth: int) -> Started:
    if scanner.paragraph(depth) is not None:
        started = _delimiter_row(scanner, depth)
        if started is NOTHING:
            started = _underline(scanner, depth)
        if started is not NOTHING:
            return started
    return _break_or_item(scanner, depth)


def _break_or_item(scanner: Scanner, depth: int) -> Started:
    if scanner.text[scanner.end - 1] in "-* \t":  # Else it is no break; looking first saves most lines the search.
        started = _break(scanner, depth)
        if started is not NOTHING:
            return started
    return _item(scanner, depth)


def _item(scanner: Scanner, depth: int) -> Started:
    marker = syntax.MARKER.match(scanner.text, scanner.first, scanner.end)
    if marker is None:
        return NOTHING
    after, content = marker.span(2)
    number = marker.group(1)
    if scanner.paragraph(depth) is not None and (content == scanner.end or (number and int(number) != 1)):
        return NOTHING  # Only an item with text, and numbered 1 if at all, interrupts a paragraph.
    scanner.close(depth)
    first = scanner.first
    column = scanner.first_column + after - first
    indent = column - scanner.column
    scanner.move(after, column, content)
    blanks = scanner.first_column - column
    taken = blanks if content < scanner.end and blanks <= syntax.CODE_INDENT else 1
    scanner.column += taken
    scanner.open_item(first, after, indent + taken, number)
    return CONTAINER


STARTS: Starts = {
    ">": _quote,
    "#": _heading,
    "`": _open_fence,
    "~": _open_fence,
    "<": _html,
    "=": _underline,
    "|": _delimiter_row,
    ":": _delimiter_row,
    "-": _dash,
    "_": _break,
    "*": _break_or_item,
    "+": _item,
    **dict.fromkeys("0123456789", _item),
}
