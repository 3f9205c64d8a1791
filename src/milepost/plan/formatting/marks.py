"""Checkboxes, bullets and ids as the reference format writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from milepost.plan.block_model import Block, BlockKind, walk
from milepost.plan.dialects import reference
from milepost.plan.dialects.boxes import MARK_OF, MARKS
from milepost.plan.model import Plan, Task
from milepost.source import Edit, Span

_STAR = re.compile(r"\\?\*(?!\*)")
_BARE_ID = re.compile(r"[ \t]*(?P<id>[^\s*_]+?)[.:)]?[ \t]+(?:[-–—:][ \t]+)?")
_BOLD_ID = re.compile(r"[ \t]*(?P<mark>\*\*|__)(?P<id>\S+?)[.:]?(?P=mark)[.:]?[ \t]+(?:[-–—:][ \t]+)?")


def boxes(plan: Plan, root: Block) -> Iterator[Edit]:
    """``[X]`` becomes ``[x]``; in the reference format all marks of a state become one."""
    for block in walk(root):
        if block.checkbox:
            mark = plan.source.slice(block.checkbox)
            wanted = "x" if mark == "X" else mark
            if plan.dialect == reference.NAME and mark in MARKS:
                wanted = MARK_OF[MARKS[mark]]
            if wanted != mark:
                yield Edit(block.checkbox, wanted)


def bullets(root: Block) -> Iterator[Edit]:
    """``*`` and ``+`` before items become ``-``, but where two lists would become one."""
    for parent in walk(root):
        joined = _beside_another_list(parent)
        for block in parent.children:
            if block.kind is BlockKind.BULLET_LIST and block.info != "-" and id(block) not in joined:
                yield from (Edit(Span(item.span.start, item.span.start + 1), "-") for item in block.children)


def _beside_another_list(parent: Block) -> set[int]:
    lists = BlockKind.BULLET_LIST
    pairs = [(a, b) for a, b in pairwise(parent.children) if a.kind is lists and b.kind is lists]
    return {id(block) for pair in pairs for block in pair}


def ids(plan: Plan) -> Iterator[Edit]:
    """``1.1 Title`` and ``**1.1:** Title`` become ``**1.1** Title``; other spellings stay."""
    for task in plan.tasks:
        if task.checkbox is not None and task.id_span is not None and not task.struck:
            yield from _id(plan, task, task.checkbox.span.end + 1)


def _id(plan: Plan, task: Task, start: int) -> Iterator[Edit]:
    star = _STAR.match(plan.source.text, start)
    span = Span(star.end() if star else start, task.title_span.start)
    written = plan.source.slice(span)
    found = _BOLD_ID.fullmatch(written) or _BARE_ID.fullmatch(written)
    if found and task.title and found["id"] == task.id and written != f" **{task.id}** ":
        yield Edit(span, f" **{task.id}** ")
