"""Blank lines and trailing blanks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from milepost.plan.block_model import Block, BlockKind, walk
from milepost.plan.dialects import reference
from milepost.plan.dialects.document import LISTS
from milepost.plan.model import Plan
from milepost.source import Edit, SourceText, Span

_VERBATIM = frozenset({BlockKind.FENCE, BlockKind.CODE, BlockKind.HTML, BlockKind.FRONT_MATTER})
_GLUED = frozenset({BlockKind.HTML, BlockKind.FRONT_MATTER})
_BREAK = "  "


def spacing(plan: Plan, root: Block) -> Iterator[Edit]:
    """Edits that leave one blank line between blocks, none at both ends of the document, and no trailing blanks."""
    source = plan.source
    lines = _Lines(source, root)
    missing = set(_missing(source, root))
    if plan.dialect == reference.NAME:
        missing |= set(_between_tasks(plan, root))
    blanks: list[int] = []
    for number in range(1, len(source.line_starts) + 1):
        if number in lines.verbatim:
            yield from lines.blank_run(blanks, last=False)
            blanks = []
            continue
        span = source.line_span(number)
        if not source.slice(span).strip(" \t"):
            blanks.append(number)
            continue
        if number in missing and not blanks:
            start = source.line_starts[number - 1]
            yield Edit(Span(start, start), source.newline)
        yield from lines.blank_run(blanks, last=False)
        blanks = []
        if number not in lines.rows:
            yield from lines.trailing(number, span)
    yield from lines.blank_run(blanks, last=True)
    if not blanks and source.text:
        yield Edit(Span(len(source.text), len(source.text)), source.newline)


class _Lines:
    """What is known about the lines of a document, by number from 1."""

    def __init__(self, source: SourceText, root: Block) -> None:
        self.source = source
        self.verbatim: set[int] = set()
        self.rows: set[int] = set()
        self.breakable: set[int] = set()
        for block in walk(root):
            if block.kind in _VERBATIM:
                end = max([block.span.end, *(line.end for line in block.lines[-1:])])
                self.verbatim.update(_numbers(source, Span(block.span.start, end)))
            elif block.kind is BlockKind.TABLE:
                self.rows.update(_numbers(source, block.span))
            elif block.kind is BlockKind.PARAGRAPH:
                self.breakable.update(source.position(line.start).line for line in block.lines[:-1])

    def trailing(self, number: int, span: Span) -> Iterator[Edit]:
        """Take trailing blanks away, or make those of a hard line break two."""
        text = self.source.slice(span)
        kept = text.rstrip(" \t")
        wanted = _BREAK if number in self.breakable and text.endswith(_BREAK) else ""
        if text != kept + wanted:
            yield Edit(Span(span.start + len(kept), span.end), wanted)

    def blank_run(self, numbers: list[int], *, last: bool) -> Iterator[Edit]:
        """Make a run of blank lines one empty line, or none at the start or the end of the document."""
        if not numbers:
            return
        starts = self.source.line_starts
        begin = starts[numbers[0] - 1]
        end = len(self.source.text) if last else starts[numbers[-1]]
        wanted = "" if last or numbers[0] == 1 else self.source.newline
        if wanted and self.source.line_span(numbers[0]).start == self.source.line_span(numbers[0]).end:
            begin = starts[numbers[0]]
            wanted = ""
        if begin < end:
            yield Edit(Span(begin, end), wanted)


def _numbers(source: SourceText, span: Span) -> range:
    return range(source.position(span.start).line, source.position(span.end).line + 1)


def _missing(source: SourceText, root: Block) -> Iterator[int]:
    """Numbers of lines at which a block starts right under another; a heading may stand right over its list."""
    for above, below in pairwise(root.children):
        is_headed_list = above.kind is BlockKind.HEADING and below.kind in LISTS
        if not is_headed_list and not {above.kind, below.kind} & _GLUED:
            line = source.position(below.span.start).line
            if source.position(above.span.end).line + 1 == line:
                yield line


def _between_tasks(plan: Plan, root: Block) -> Iterator[int]:
    """Numbers of lines at which a task starts right under another, one of them with several lines."""
    tasks = {task.span.start for task in plan.tasks}
    source = plan.source
    for block in root.children:
        for above, below in pairwise(block.children if block.kind is BlockKind.BULLET_LIST else ()):
            if {above.span.start, below.span.start} <= tasks and (above.children[1:] or below.children[1:]):
                line = source.position(below.span.start).line
                if source.position(above.span.end).line + 1 == line:
                    yield line
