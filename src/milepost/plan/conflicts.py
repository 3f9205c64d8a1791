"""Conflicts that git left in a document: what both sides wrote, between marks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from milepost.plan.blocks import BlockKind, walk
from milepost.plan.dialects.fences import parse_mended
from milepost.source import SourceText, Span
from milepost.source.lazy_regex import lazy_regex

_MARK = "<<<<<<<"
_END = r"(?:\r\n|\r|\n|\Z)"
_HUNK = lazy_regex(
    rf"^<{{7}}(?!<)[^\r\n]*{_END}(?P<ours>.*?)(?:^\|{{7}}(?!\|)[^\r\n]*{_END}.*?)?"
    rf"^={{7}}{_END}(?P<theirs>.*?)^>{{7}}(?!>)[^\r\n]*{_END}",
    re.MULTILINE | re.DOTALL,
)


def hunks(source: SourceText) -> Iterator[re.Match[str]]:
    """Each conflict with its groups ``ours`` and ``theirs``, in order; one that a fence of code shows is none."""
    if _MARK not in source.text:
        return
    found = list(_HUNK.finditer(source.text))
    blocks = walk(parse_mended(source.text)) if found else ()
    fences = [block.span for block in blocks if block.kind is BlockKind.FENCE]
    for hunk in found:
        if not any(fence.start < hunk.start() < fence.end for fence in fences):
            yield hunk


def conflicts(source: SourceText) -> tuple[Span, ...]:
    """Where git left conflict marks, each from the first mark to the last."""
    return tuple(Span(*hunk.span()) for hunk in hunks(source))
