"""Walks through a document line by line, as the appendix of the CommonMark specification describes.

The scanner keeps the open containers and the open leaf, and matches each line against them. What a line may start
where nothing goes on is not its business: it gets a table of functions by first character.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping
from enum import Enum

from milepost.plan import block_syntax as syntax
from milepost.plan.block_model import Block, BlockKind
from milepost.source import Span

# Looking up an enumeration's member costs more than a global, and every line asks for several.
_PARAGRAPH = BlockKind.PARAGRAPH
_TABLE = BlockKind.TABLE
_FENCE = BlockKind.FENCE
_CODE = BlockKind.CODE
_HTML = BlockKind.HTML
_ITEM = BlockKind.ITEM
_BULLET_LIST = BlockKind.BULLET_LIST
_ORDERED_LIST = BlockKind.ORDERED_LIST

#: The span of a container whose end is not known yet.
_OPEN = Span(0, 0)


class Started(Enum):
    """What a mark turned out to start: a container leaves the rest of the line to be read, a leaf does not."""

    NOTHING = 0
    LEAF = 1
    CONTAINER = 2


NOTHING = Started.NOTHING
LEAF = Started.LEAF
CONTAINER = Started.CONTAINER


class Open:
    """A container that may go on: the columns an item's content is indented by, 0 for a quote."""

    __slots__ = ("block", "children", "end", "indent", "items", "list", "start")

    items: list[Block]

    def __init__(self, block: Block, start: int, end: int, indent: int = 0, around: Block | None = None) -> None:
        """Open a container; ``around`` is an item's list, ``items`` will be those of its own last list."""
        self.block = block
        self.children: list[Block] = []
        block.children = self.children
        self.start = start
        self.end = end
        self.indent = indent
        self.list = around


class Scanner:
    """The state between two lines, and a cursor in the current one.

    The cursor: ``origin`` is the offset behind the last container mark and ``origin_column`` its column; ``first``
    and ``first_column`` are those of the first character that is no blank; ``column`` is the column up to which the
    containers have taken indentation, somewhere between the two (perhaps inside a tab). ``end`` is the line's end.
    """

    __slots__ = (
        "column", "end", "fence", "fence_indent", "first", "first_column", "html_end", "leaf", "lines", "may_be_header",
        "no_break_before", "origin", "origin_column", "pending_blanks", "pending_mark", "quotes", "root", "rows",
        "stack", "text",
    )  # fmt: skip

    def __init__(self, text: str) -> None:
        """Get ready to read a text."""
        self.text = text
        self.root = Block(BlockKind.DOCUMENT, Span(0, len(text)))
        self.stack = [Open(self.root, 0, 0)]
        self.quotes: list[int] = []
        self.leaf: Block | None = None
        self.lines: list[Span] = []
        self.rows: list[Block] = []
        self.may_be_header = False
        self.pending_mark: Span | None = None
        self.pending_blanks: list[Span] = []
        self.fence = ""
        self.fence_indent = 0
        self.html_end: re.Pattern[str] | None = None
        self.no_break_before = 0
        self.end = self.origin = self.origin_column = self.first = self.first_column = self.column = 0

    def scan(self, offset: int, starts: Starts, stop: int | None = None) -> None:
        """Read all lines from an offset on, up to ``stop`` if given; blocks open at the end are left so."""
        text = self.text
        stop = len(text) if stop is None else stop
        while offset < stop:
            item = syntax.PLAIN_ITEM.match(text, offset, stop)
            if item and self._plain_item(item):
                offset = item.end()
                continue
            line = syntax.LINE.match(text, offset, stop)
            assert line
            start, self.first = line.span(1)
            offset = line.end()
            self.origin = start
            self.end = line.end(2)
            self.origin_column = self.column = 0
            self.first_column = syntax.column_after(text, start, self.first, 0) if start < self.first else 0
            depth = self._match_containers() if len(self.stack) > 1 else 1
            if self.first == self.end:
                self._blank_line(depth)
            else:
                self._text_line(depth, starts)
                self.stack[-1].end = self.end

    def _plain_item(self, line: re.Match[str]) -> bool:
        """Take a bullet with plain text, which most lines of a plan are, in one step; False if it may be more."""
        leaf = self.leaf
        if self.quotes or (leaf is not None and leaf.kind is not _PARAGRAPH):
            return False
        first = line.start(1)
        indent = first - line.start()
        stack = self.stack
        depth = 1
        while depth < len(stack) and indent >= stack[depth].indent:
            indent -= stack[depth].indent
            depth += 1
        if indent >= syntax.CODE_INDENT:
            return False
        self.first, end = line.span(2)
        self.end = end
        self.close(depth)
        self.open_item(first, first + 1, indent + 2)
        while self.text[end - 1] in " \t":
            end -= 1
        self._paragraph(depth + 1, end)
        return True

    def _match_containers(self) -> int:
        """Move the cursor behind the marks of the open containers that go on in this line; count those."""
        stack = self.stack
        for depth in range(1, len(stack)):
            container = stack[depth]
            if container.indent:
                if self.first_column - self.column >= container.indent:
                    self.column += container.indent
                elif self.first < self.end:
                    return depth
                else:
                    self.column = self.first_column
                    return self._depth_of_quote(depth)
            elif self._at_quote_mark():
                container.end = self.end
                self.skip_quote_mark()
            else:
                return depth
        return len(stack)

    def _at_quote_mark(self) -> bool:
        first = self.first
        return first < self.end and self.text[first] == ">" and self.first_column - self.column < syntax.CODE_INDENT

    def _depth_of_quote(self, depth: int) -> int:
        """Give the depth of the next quote: a blank line continues every item but no quote."""
        index = bisect_left(self.quotes, depth)
        return self.quotes[index] if index < len(self.quotes) else len(self.stack)

    def _blank_line(self, depth: int) -> None:
        leaf = self.leaf
        if depth < len(self.stack):
            self.close(depth)
        elif leaf is None:
            if self.stack[-1].indent and not self.stack[-1].children:
                self.close(depth - 1)  # An item begins with at most one blank line.
        elif leaf.kind is _FENCE:
            self.lines.append(self._rest(self.fence_indent))
        elif leaf.kind is _CODE:
            self.pending_blanks.append(self._rest(syntax.CODE_INDENT))
        elif leaf.kind is _HTML and self.html_end:
            self.lines.append(self._rest(0))
        else:
            self.leaf = None

    def _text_line(self, depth: int, starts: Starts) -> None:
        leaf = self.leaf
        if leaf is not None and leaf.kind is not _PARAGRAPH:
            if depth < len(self.stack):
                self.close(depth)
            elif leaf.kind is not _TABLE:
                if self._continues(leaf):
                    return
                self.leaf = None
        while self.first_column - self.column < syntax.CODE_INDENT:
            start = starts.get(self.text[self.first])
            started = start(self, depth) if start else NOTHING
            if started is NOTHING:
                self._text(depth)
                return
            if started is LEAF or self.first == self.end:
                return
            depth = len(self.stack)
        self._indented_line(depth)

    def _indented_line(self, depth: int) -> None:
        if self.leaf is not None and self.leaf.kind is _PARAGRAPH:
            self._text(depth)
            self.may_be_header = False
        else:
            block = self.open_leaf(_CODE, depth)
            block.span = self._rest(syntax.CODE_INDENT)
            self.lines.append(block.span)
            self.pending_blanks.clear()

    def _continues(self, leaf: Block) -> bool:
        """Take the line into an open fence, HTML or code block if it belongs there."""
        indent = self.first_column - self.column
        if leaf.kind is _CODE:
            if indent < syntax.CODE_INDENT:
                return False
            self.lines += self.pending_blanks
            self.lines.append(self._rest(syntax.CODE_INDENT))
            self.pending_blanks.clear()
        elif leaf.kind is _HTML:
            self.lines.append(self._rest(0))
            if self.html_end and self.html_end.search(self.text, self.first, self.end):
                self.leaf = None
        elif indent < syntax.CODE_INDENT and self._closes_fence():
            self.leaf = None
        else:
            self.lines.append(self._rest(self.fence_indent))
        leaf.span = Span(leaf.span.start, self.end)
        return True

    def _closes_fence(self) -> bool:
        closing = syntax.CLOSING_FENCE.match(self.text, self.first, self.end)
        return closing is not None and closing.group(1).startswith(self.fence)

    def _rest(self, indent: int) -> Span:
        """Span of the line behind an indentation of at most so many columns."""
        wanted = self.column + indent
        return Span(syntax.offset_at(self.text, self.origin, self.first, self.origin_column, wanted), self.end)

    def _text(self, depth: int) -> None:
        """Take a line that starts nothing: it continues a paragraph or a table, or starts a paragraph."""
        end = self.end
        while self.text[end - 1] in " \t":
            end -= 1
        leaf = self.leaf
        if leaf is None:
            self._paragraph(depth, end)
            return
        if leaf.kind is _TABLE:
            self.add_row(Span(self.first, end))
        else:
            self.lines.append(Span(self.first, end))
            self.may_be_header = depth == len(self.stack)
            if self.pending_mark:
                self.stack[-1].block.checkbox = self.pending_mark
                self.pending_mark = None
        leaf.span = Span(leaf.span.start, self.end)

    def _paragraph(self, depth: int, end: int) -> None:
        if len(self.stack) > depth:
            self.close(depth)
        first = self.first
        span = Span(first, self.end)
        self.lines = [span if end == self.end else Span(first, end)]
        self.leaf = Block(_PARAGRAPH, span, self.lines)
        container = self.stack[-1]
        container.children.append(self.leaf)
        self.may_be_header = True
        self.pending_mark = None
        if container.indent and self.text[first] == "[" and len(container.children) == 1:
            self._task_mark(container.block)

    def _task_mark(self, item: Block) -> None:
        """Read the task mark that may open an item's first paragraph; it counts once text follows it."""
        found = syntax.TASK_MARK.match(self.text, self.first, self.end)
        if found is None:
            return
        mark = Span(*found.span(1))
        if found.group(2):
            item.checkbox = mark
        else:
            self.pending_mark = mark

    # What the functions that start blocks build on

    def paragraph(self, depth: int) -> Block | None:
        """Give the open paragraph if the current line is inside all its containers."""
        leaf = self.leaf
        return leaf if leaf is not None and leaf.kind is _PARAGRAPH and depth == len(self.stack) else None

    def add(self, kind: BlockKind, depth: int) -> Block:
        """Start a block at the cursor in the innermost container that goes on."""
        self.leaf = None
        if len(self.stack) > depth:
            self.close(depth)
        block = Block(kind, Span(self.first, self.end))
        self.stack[-1].children.append(block)
        return block

    def open_leaf(self, kind: BlockKind, depth: int) -> Block:
        """Start a block that further lines may continue."""
        self.leaf = leaf = self.add(kind, depth)
        self.lines = leaf.lines = []
        return leaf

    def open_item(self, first: int, after: int, indent: int, number: str | None = None) -> None:
        """Open the item whose mark stands at ``text[first:after]``, in the list before it or else in a new one."""
        parent = self.stack[-1]
        mark = self.text[after - 1]
        around = parent.children[-1] if parent.children else None
        if around is None or around.info != mark or not (around.kind is _BULLET_LIST or around.kind is _ORDERED_LIST):
            parent.items = []
            kind = _ORDERED_LIST if number else _BULLET_LIST
            around = Block(kind, Span(first, self.end), children=parent.items, info=mark)
            parent.children.append(around)
        item = Block(_ITEM, _OPEN, (), (), int(number) if number else 0, self.text[first:after])
        parent.items.append(item)
        self.stack.append(Open(item, first, self.end, indent, around))

    def add_row(self, content: Span) -> None:
        """Add a row to the open table."""
        cells = [Block(BlockKind.CELL, cell, [cell]) for cell in syntax.cells(self.text, *content)]
        self.rows.append(Block(BlockKind.ROW, content, children=cells))

    def close(self, depth: int) -> None:
        """Close the open leaf and all containers beyond a depth."""
        self.leaf = None
        stack = self.stack
        while len(stack) > depth:
            closed = stack.pop()
            end = closed.end
            closed.block.span = Span(closed.start, end)
            if closed.list is None:
                self.quotes.pop()
            else:
                closed.list.span = Span(closed.list.span.start, end)
            if stack[-1].end < end:
                stack[-1].end = end

    def move(self, offset: int, column: int, first: int) -> None:
        """Set the cursor behind a container's mark; ``first`` is the next character that is no blank."""
        self.origin = offset
        self.origin_column = self.column = column
        self.first = first
        self.first_column = syntax.column_after(self.text, offset, first, column)

    def skip_quote_mark(self) -> None:
        """Move the cursor behind a ``>`` and the blank after it."""
        offset = self.first + 1
        self.move(offset, self.first_column + 1, syntax.first_of(self.text, offset, self.end))
        if self.first > offset:
            self.column += 1


#: By first character: tries to start a block in a line in which so many open containers go on.
Starts = Mapping[str, Callable[[Scanner, int], Started]]
