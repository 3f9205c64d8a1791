"""Dependencies in a sentence: ``None (can parallel with TASK-001)``, ``Requires 1.1 completion``, ``Phases 1 & 2``.

What a sentence says beyond the ids it names is not understood, so an unknown id is reported only where the sentence
is a mere list of ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from milepost.plan.dialects.reading import Reading
from milepost.plan.grammar.ids import IdRef
from milepost.plan.model import Dependency, DependencyOrigin, DependencySource, Task
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_NONE = lazy_regex(
    r"[\W_]*(?:none|no|nothing|n/?a|not applicable|independent|standalone|ninguna?|keine?|нет|无|沒有|没有)\b.*|[\W_]*",
    re.IGNORECASE | re.DOTALL,
)
_ASIDE = lazy_regex(r"[(（][^()（）]*[)）]")
_NOT_BEFORE = lazy_regex(
    r"\b(?:parallel\w*|independent\w*|optional\w*|except|before|blocks?|unblocks?|alongside|concurrent\w*|not|without)\b",
    re.IGNORECASE,
)
_TOKEN = lazy_regex(
    r"(?<![\w.])(?:[A-Za-z][A-Za-z_]*\d*-)*[A-Za-z]{0,6}\d+[A-Za-z]?(?:\.\d+[A-Za-z]?)*(?![\w])(?!\.\d)"
)
_RANGE = lazy_regex(r"\]?\s*(?:-|–|—|\.\.+|\bto\b|\bthrough\b)\s*(?:tasks?\s+)?\[?", re.IGNORECASE)
_PHASES = lazy_regex(
    r"\bphases?\s+(?P<ids>\d+(?:\.\d+)*(?:(?:\s*(?:,|&|\band\b)\s*|\s*[-–]\s*)(?:phases?\s+)?\d+(?:\.\d+)*)*)",
    re.IGNORECASE,
)
_ALL = lazy_regex(
    r"\b(?:all|every(?:thing)?)\b(?:\s+(?:of\s+)?(?:the\s+)?(?:previous|prior|preceding|above|earlier|other|implementation|core|main))*"
    r"(?:\s+(?:tasks?|steps?|above|previous|work))?(?!\s*(?:of|in|from|for)?\s*\(?phases?\b)(?=\W|$)",
    re.IGNORECASE,
)
_WORD_BEFORE = lazy_regex(r"(?P<word>[^\W\d_]+)[ \t#:\[*_`]*\Z")
_LEADING = lazy_regex(
    r"(?:sub)?tasks?|ids?|and|or|requires?|required|after|on|by|with|from|of|completion|needs?|depends|follows|the|both"
    r"|either|then|tareas?|y|e|и|und|et",
    re.IGNORECASE,
)
_COUNTED = lazy_regex(
    r"[ \t]+(?!(?:and|or|to|through|is|are|was|must|has|have|before|first|complet\w*|done|finish\w*|for|with|y|e)\b)"
    r"[^\W\d_]+",
    re.IGNORECASE,
)
_LIST = lazy_regex(r"(?:[\s,;&+/\[\]*_`|.]|\b(?:and|or|tasks?|subtasks?)\b)*", re.IGNORECASE)


class _Named(NamedTuple):
    """What a sentence names: known ids in order, unknown ones, and the places of both."""

    known: list[IdRef]
    unknown: list[IdRef]
    spans: list[Span]


def prose_dependencies(reading: Reading, task: Task, span: Span, *, reverse: bool = False) -> Iterator[Dependency]:
    """What a task waits for, or with ``reverse`` what waits for it, by a sentence about it."""
    sentence = reading.text[span.start : span.end]
    if _NONE.fullmatch(sentence):
        return
    for aside in _ASIDE.finditer(sentence):
        if _NOT_BEFORE.search(aside.group()):
            sentence = f"{sentence[: aside.start()]}{' ' * len(aside.group())}{sentence[aside.end() :]}"
    named = _named(reading, task, sentence, span.start, reverse=reverse)
    if named.unknown and _is_list(sentence, named.spans, span.start):
        reading.unknown(tuple(named.unknown), f"task {task.id}")
    for ref in dict.fromkeys(named.known):
        if ref.id != task.id and not _is_part(ref.id, task) and ref.id != task.parent:
            source = DependencySource(DependencyOrigin.FIELD, ref.span)
            before, after = (task.id, ref.id) if reverse else (ref.id, task.id)
            yield Dependency(before, after, sources=(source,))


def _named(reading: Reading, task: Task, sentence: str, offset: int, *, reverse: bool) -> _Named:
    named = _Named([], [], [])
    sentence = _take_groups(reading, task, sentence, offset, named, reverse=reverse)
    position = 0
    while found := _TOKEN.search(sentence, position):
        position = found.end()
        if not _is_reference(sentence, found, reading.text[task.head_span.start : task.title_span.start]):
            continue
        first = _resolve(reading, task, found.group())
        dash = _RANGE.match(sentence, found.end())
        last = _TOKEN.match(sentence, dash.end()) if dash else None
        if "-" in found.group() and first is None and last is None:
            ids = _inner_range(reading, task, found.group())
        elif last is not None:
            position = last.end()
            ids = _between(reading, task, found.group(), last.group())
        else:
            ids = [first] if first else []
        span = Span(offset + found.start(), offset + position)
        named.spans.append(span)
        named.known.extend(IdRef(name, span) for name in ids)
        if not ids and (reading.index.shaped_like_ours(found.group())):
            named.unknown.append(IdRef(found.group(), span))
    return named


def _take_groups(reading: Reading, task: Task, sentence: str, offset: int, named: _Named, *, reverse: bool) -> str:
    """Read phases and "all previous tasks", and blank them out."""
    for found in [*_PHASES.finditer(sentence), *_ALL.finditer(sentence)]:
        span = Span(offset + found.start(), offset + found.end())
        ids = (
            _of_phases(reading, task, found["ids"])
            if "ids" in found.groupdict()
            else _others(reading, task, later=reverse)
        )
        named.known.extend(IdRef(name, span) for name in ids)
        named.spans.append(span)
        sentence = f"{sentence[: found.start()]}{' ' * len(found.group())}{sentence[found.end() :]}"
    return sentence


def _of_phases(reading: Reading, task: Task, text: str) -> Iterator[str]:
    numbers = re.findall(r"\d+(?:\.\d+)*", text)
    if re.search(r"\d\s*[-–]\s*(?:phases?\s+)?\d", text, re.IGNORECASE) and len(numbers) == 2:
        bounds = [int(number.partition(".")[0]) for number in numbers]
        numbers = [str(number) for number in range(bounds[0], min(bounds[1], bounds[0] + 1000) + 1)]
    for number in numbers:
        if number != task.phase:
            yield from reading.index.phases.get(number, ())


def _others(reading: Reading, task: Task, *, later: bool) -> Sequence[str]:
    """The tasks before a task in the document, or those behind it."""
    order = reading.index.order
    place = order.index(task.id) if task.id in reading.index else len(order)
    return order[place + 1 :] if later else order[:place]


def _is_reference(sentence: str, found: re.Match[str], head: str) -> bool:
    """Say whether a token may name a task.

    A bare number may not when another word counts with it (``Python 3.11``), unless the task calls itself so
    (``Story 4``): ``head`` is what stands before its title.
    """
    if not found.group()[0].isdigit():
        return True
    if found.group().isdecimal() and _COUNTED.match(sentence, found.end()):
        return False
    word = _WORD_BEFORE.search(sentence, max(found.start() - 40, 0), found.start())
    if word is None or _LEADING.fullmatch(word["word"]):
        return True
    stem = word["word"].casefold()
    return any(own in head.casefold().split() for own in (stem, f"{stem.removesuffix('ies')}y", stem.removesuffix("s")))


def _resolve(reading: Reading, task: Task, token: str) -> str | None:
    """The known id a token stands for; one that restarts in each phase means the task's own phase."""
    for name in (f"P{task.phase}/{token}", token):
        if name in reading.index:
            return name
    return None


def _between(reading: Reading, task: Task, first: str, last: str) -> list[str]:
    start, end = _resolve(reading, task, first), _resolve(reading, task, last)
    if start and not end:
        end = _resolve(reading, task, first[: len(first) - len(re.split(r"[.\-]", first)[-1])] + last)
    if start and end:
        return list(reading.index.between(start, end)) or [start, end]
    return [name for name in (start, end) if name]


def _inner_range(reading: Reading, task: Task, token: str) -> list[str]:
    first, _, last = token.rpartition("-")
    return _between(reading, task, first, last) if _resolve(reading, task, first) else []


def _is_part(name: str, task: Task) -> bool:
    return name.startswith(f"{task.id}.")


def _is_list(sentence: str, spans: list[Span], offset: int) -> bool:
    """Say whether nothing but separators stands between the ids."""
    rest = list(_ASIDE.sub(lambda aside: " " * len(aside.group()), sentence))
    for start, end in spans:
        rest[start - offset : end - offset] = " " * (end - start)
    return _LIST.fullmatch("".join(rest)) is not None
