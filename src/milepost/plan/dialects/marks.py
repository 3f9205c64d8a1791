"""Marks between a task's id and its title: ``[P]``, ``[US1]``, ``[US1+US2]``, ``[Story]``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from milepost.plan.dialects.numbered import says_optional
from milepost.plan.grammar.references import story_id
from milepost.plan.model import Reference, ReferenceKind, Task
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_MARK = lazy_regex(
    r"[ \t]*(?:\*\*|`)?\[(?P<words>[^\[\]\r\n]{1,40})\](?:\*\*|`)?(?![(:]|\[(?!US|P\b|Story))[ \t]*(?:[:–—-][ \t]+)?"
)
_STORY = lazy_regex(r"(?:US|Story|User Story)[ \t-]?(?P<number>\d+(?:\.\d+)?[a-z]?)\b", re.IGNORECASE)
_BARE_STORY = lazy_regex(
    r"[ \t]*\((?P<words>US-?\d+[a-z]?(?:[ \t]*[,+&/][ \t]*US-?\d+[a-z]?)*)\)[ \t]*$", re.IGNORECASE
)


def take_marks(task: Task, text: str) -> Task:
    """Read the marks a task's title starts with, and take them off it."""
    start, end = task.title_span
    stories: list[Reference] = []
    parallel, optional = task.parallel, task.optional or says_optional(task.title)
    while found := _MARK.match(text, start, end):
        words = found["words"].strip()
        named = list(_stories(words, found.start("words")))
        if words.casefold() in ("p", "p?", "parallel"):
            parallel = True
        elif named:
            stories += named
        elif not _is_label(words):
            break
        start = found.end()
    return _with_title(task, text, start, parallel=parallel, optional=optional, stories=stories)


def _with_title(task: Task, text: str, start: int, *, parallel: bool, optional: bool, stories: list[Reference]) -> Task:
    span = Span(start, max(start, task.title_span.end))
    behind = _BARE_STORY.search(text, *span)
    if behind and not stories:
        stories = list(_stories(behind["words"], behind.start("words")))
    title = text[span.start : span.end].strip() if span.start != task.title_span.start else task.title
    return replace(
        task,
        title=title.replace("**", "").replace("~~", "").strip(),
        title_span=span,
        parallel=parallel,
        optional=optional,
        requirements=(*task.requirements, *stories),
    )


def _stories(words: str, offset: int) -> Iterator[Reference]:
    """The stories a mark names; a mark that says anything else as well is none of this kind."""
    parts = re.split(r"[,+&/]|\band\b", words)
    if all(_STORY.fullmatch(part.strip()) for part in parts):
        for found in _STORY.finditer(words):
            span = Span(offset + found.start(), offset + found.end())
            yield Reference(story_id(found["number"]), ReferenceKind.STORY, span)


def _is_label(words: str) -> bool:
    """Whether a mark is a label, such as ``Story``, ``Setup`` or ``FR-003``: one word, with a capital."""
    return re.fullmatch(r"[A-Z][\w./-]{0,20}\??", words) is not None
