"""A document as every dialect sees it: its blocks arranged in sections under their headings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from milepost.plan.blocks import Block, BlockKind
from milepost.plan.dialects.fences import parse_mended
from milepost.plan.dialects.heads import Head, read_head
from milepost.plan.dialects.memory import Memory
from milepost.source import SourceText, Span
from milepost.source.lazy_regex import lazy_regex

LISTS = (BlockKind.BULLET_LIST, BlockKind.ORDERED_LIST)

_EMPHASIS = lazy_regex(r"\*\*|__|^[*_](?=\S)|(?<=\S)[*_]$|`")


@dataclass(slots=True, eq=False)
class Section:
    """A heading and the blocks up to the next heading; ``end`` is where its last block, or its subsections', ends."""

    heading: Block | None
    level: int
    title: str
    title_span: Span
    parent: Section | None
    blocks: list[Block] = field(default_factory=list)
    end: int = 0

    @property
    def start(self) -> int:
        """Where the heading starts."""
        return self.heading.span.start if self.heading else 0

    @property
    def items(self) -> Iterator[tuple[Block, Block]]:
        """The items of the section's lists, not those nested in others, each after its list."""
        for block in self.blocks:
            if block.kind in LISTS:
                for item in block.children:
                    yield block, item

    def ancestors(self) -> Iterator[Section]:
        """The section itself and the ones around it, inside out."""
        section: Section | None = self
        while section is not None:
            yield section
            section = section.parent


@dataclass
class Document:
    """A source text, its blocks and its sections."""

    source: SourceText
    root: Block
    memory: Memory | None = None
    """What was read in the document before it was changed, if somebody keeps that."""
    _heads: dict[tuple[int, int], Head | None] = field(default_factory=dict)

    @classmethod
    def of(cls, source: SourceText) -> Document:
        """Read a document's blocks."""
        return cls(source, parse_mended(source.text))

    @property
    def text(self) -> str:
        """The document's text."""
        return self.source.text

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """All sections in document order; the first one, without heading, holds what stands before all headings."""
        return tuple(_sections(self.root, self.text))

    def head(self, start: int, end: int) -> Head | None:
        """What a line says from an offset on, as the first line of a task: asked to tell dialects and to read them."""
        key = start, end
        if key not in self._heads:
            self._heads[key] = read_head(self.source.text, start, end)
        return self._heads[key]

    def lines(self, block: Block) -> Iterator[str]:
        """The lines of a leaf block."""
        for line in block.lines:
            yield self.text[line.start : line.end]


def plain(text: str) -> str:
    """Take emphasis and code marks away."""
    return _EMPHASIS.sub("", text).strip() if text else text


def heading_span(block: Block) -> Span:
    """The span of a heading's text without its marks."""
    if not block.lines:
        return Span(block.span.end, block.span.end)
    return Span(block.lines[0].start, block.lines[-1].end)


def _sections(root: Block, text: str) -> Iterator[Section]:
    current = Section(None, 0, "", Span(0, 0), None)
    opened = [current]
    for block in root.children:
        if block.kind is BlockKind.HEADING:
            yield current
            while opened and opened[-1].level >= block.level:
                opened.pop()
            span = heading_span(block)
            parent = opened[-1] if opened else None
            current = Section(block, block.level, plain(text[span.start : span.end]), span, parent, end=block.span.end)
            opened.append(current)
        else:
            current.blocks.append(block)
        for section in opened:
            section.end = block.span.end
    yield current
