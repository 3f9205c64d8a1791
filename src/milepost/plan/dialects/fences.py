"""Fences that swallow the plan: one closed twice opens another, which hides every heading up to the next fence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from milepost.plan.blocks import Block, BlockKind, parse_blocks, walk
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_MOST = 50
"""So many fences are mended at most: a text made of nothing else must not take the square of its length."""

_MANY = 3
"""So many headings, a task's among them, are no sample of text even where no other fence opens behind them."""

_TASK = lazy_regex(
    r" {0,3}#{1,6}[ \t]+\W*(?:(?:sub-?)?task|phase|story|milestone|tarea|fase)[ \t_-]+#?[A-Z]{0,3}-?\d", re.IGNORECASE
)
_HEADING = lazy_regex(r" {0,3}#{1,6}[ \t]+\S")
_OPENING = lazy_regex(r" {0,3}(?:`{3,}|~{3,})[ \t]*[A-Za-z]")
_MARKDOWN = frozenset({"markdown", "md"})


def parse_mended(text: str, parse: Callable[[str], Block] = parse_blocks) -> Block:
    """Read a document's blocks, without the fences that would hide tasks; spans are those in the text as it is.

    Such a fence has no info string and holds the headings of tasks or phases, and behind them the opening of
    another fence; or it is never closed and holds a heading. Where a sample of Markdown before it holds a fence of
    its own, that inner fence ended the sample too early, and is taken for text.
    """
    root = parse(text)
    for _ in range(_MOST):
        lines = _to_blank(text, root)
        if not lines:
            break
        for line in lines:
            text = f"{text[: line.start]}{' ' * (line.end - line.start)}{text[line.end :]}"
        root = parse(text)
    return root


def _to_blank(text: str, root: Block) -> list[Span]:
    """The fence lines that go wrong first."""
    if "```" not in text and "~~~" not in text:
        return []
    before: Block | None = None
    for block in _with_fences(text, root):
        if block.kind is BlockKind.FENCE:
            if _swallows(text, block):
                inner = _inner_opening(text, before) if before else None
                return [inner, _last_line(text, before)] if inner and before else [_first_line(text, block)]
            before = block
    return []


def _with_fences(text: str, root: Block) -> Iterator[Block]:
    """The blocks of a document, without those inside top-level ones that hold no fence."""
    for top in root.children:
        if text.find("```", *top.span) >= 0 or text.find("~~~", *top.span) >= 0:
            yield from walk(top)


def _swallows(text: str, fence: Block) -> bool:
    if fence.info.strip() or not fence.lines:
        return False
    headings = [place for place, line in enumerate(fence.lines) if _HEADING.match(text, line.start, line.end)]
    if not headings:
        return False
    if not _is_closed(text, fence):
        return True
    tasks = [place for place in headings if _TASK.match(text, fence.lines[place].start, fence.lines[place].end)]
    if not tasks:
        return False
    later = fence.lines[tasks[0] + 1 :]
    return len(headings) >= _MANY or any(_OPENING.match(text, line.start, line.end) for line in later)


def _is_closed(text: str, fence: Block) -> bool:
    return text[fence.lines[-1].end : fence.span.end].strip() != ""


def _inner_opening(text: str, fence: Block) -> Span | None:
    """Where a sample of Markdown opens a fence of its own."""
    if fence.info.strip().casefold() not in _MARKDOWN:
        return None
    return next((line for line in fence.lines if _OPENING.match(text, line.start, line.end)), None)


def _first_line(text: str, fence: Block) -> Span:
    end = min((place for place in (text.find(mark, fence.span.start) for mark in "\r\n") if place >= 0), default=-1)
    return Span(fence.span.start, end if end >= 0 else len(text))


def _last_line(text: str, fence: Block) -> Span:
    start = max(text.rfind(mark, 0, fence.span.end) for mark in "\r\n") + 1
    return Span(max(start, fence.span.start), fence.span.end)
