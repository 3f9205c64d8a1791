"""Task ids, lists of them and ranges of them.

An id is ``1``, ``2.3.4``, ``T001``, ``T029a``, ``TASK-001`` or ``REQ-1.2``. Ranges run over the ids that exist, in
document order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

ID = (
    r"(?:[A-Za-z][A-Za-z_]*(?:-[A-Za-z][A-Za-z_]*)*-|[A-Z]{1,6}|[A-Z]\.)?"
    r"\d+(?:[A-Za-z]?\.\d+)*(?:(?:[a-z]|(?<=T\d{3})[A-Z])(?![A-Za-z])(?:-\d+(?![\w.]))?)?"
)
"""The pattern of one id, to be embedded in others."""

_TOKEN = lazy_regex(rf"(?<![\w.])(?P<id>{ID})(?!\w)(?!\.\w)")
_DIGITS = lazy_regex(r"\d+")
_DASH = lazy_regex(r"\s*(?:-|–|—|‒|−|\.\.+|…|\bto\b|\bthrough\b|~)\s*")
_SEPARATOR = lazy_regex(r"(?:\s*(?:[,;&+/、，；∥]|\|\||\band\b|\bor\b|\bwith\b|\bund\b)\s*)+", re.IGNORECASE)
_WORD = lazy_regex(r"(?:(?:tasks?|ids?)\b(?!-)|no\.|#|任务)\s*:?\s*", re.IGNORECASE)
_AMOUNT = lazy_regex(r"\d+(?:\.\d+)?\s*(?:weeks?|days?|hours?|minutes?|months?|hrs?|mins?)\b", re.IGNORECASE)
_OPENING = lazy_regex(r"[\s({\[*`_]*")
_CLOSING = lazy_regex(r"[\s)}\]*`_]*")
_WILDCARD = lazy_regex(r"(?P<stem>(?:\w+-)?\d+(?:\.\d+)*)\.(?:x|X|\*)(?!\w)")


class IdRef(NamedTuple):
    """An id and where it is written; ids a range stands for share the range's span."""

    id: str
    span: Span


class IdList(NamedTuple):
    """A list of ids as far as it could be read: the known ones, the unknown ones, and where the list ends."""

    known: tuple[IdRef, ...]
    unknown: tuple[IdRef, ...]
    end: int

    @property
    def ids(self) -> tuple[str, ...]:
        """The known ids, each once, in the order written."""
        return tuple(dict.fromkeys(ref.id for ref in self.known))


@dataclass(slots=True)
class IdIndex:
    """The ids of a plan in document order, and their phases' ids, for looking up what a list means.

    ``names`` gives the ids of tasks that the document calls otherwise at the place the list stands.
    """

    order: Sequence[str] = ()
    phases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    _places: dict[str, int] = field(default_factory=dict)
    _shapes: set[str] | None = None
    _stems: dict[str, list[str]] | None = None

    @classmethod
    def of(cls, ids: Iterable[str], phases: dict[str, tuple[str, ...]] | None = None) -> IdIndex:
        """Index ids given in document order; of equal ones the first counts."""
        order = tuple(dict.fromkeys(ids))
        return cls(order, phases or {}, {}, {task_id: place for place, task_id in enumerate(order)})

    def seen_from(self, names: Mapping[str, str]) -> IdIndex:
        """The index where some words mean other tasks than elsewhere: ``1`` is ``P2/1`` within the second phase."""
        words = {task_id: word for word, task_id in names.items()}
        ids = (words.get(task_id, task_id) for task_id in self.order if task_id not in names)
        return replace(IdIndex.of(ids, self.phases), names=names)

    def __contains__(self, task_id: object) -> bool:
        return task_id in self._places

    def shaped_like_ours(self, task_id: str) -> bool:
        """Say whether an id is spelled like one of the plan's own, but for its digits: ``3.4`` is where ``1.2`` is."""
        if self._shapes is None:
            self._shapes = {_DIGITS.sub("0", known) for known in self.order}
        return _DIGITS.sub("0", task_id) in self._shapes

    def between(self, first: str, last: str) -> tuple[str, ...]:
        """The ids from first to last, both included; empty when one is unknown or they stand the other way round."""
        start, end = self._places.get(first), self._places.get(last)
        if start is None or end is None:
            return ()
        return tuple(self.order[start : end + 1])

    def under(self, stem: str) -> tuple[str, ...]:
        """The ids below a stem: ``2`` gives ``2.1``, ``2.2``, ``2.2.1`` …"""
        if self._stems is None:
            self._stems = {}
            for task_id in self.order:
                for place in (at for at, letter in enumerate(task_id) if letter == "."):
                    self._stems.setdefault(task_id[:place], []).append(task_id)
        return tuple(self._stems.get(stem, ()))


def find_ids(text: str) -> list[IdRef]:
    """Every id-like token of a text, known or not, with its span in the text."""
    return [IdRef(m["id"], Span(m.start("id"), m.end("id"))) for m in _TOKEN.finditer(text)]


def read_id_list(text: str, index: IdIndex, start: int = 0, end: int | None = None, offset: int = 0) -> IdList:
    """Read the list of ids and ranges that starts at ``start``; reading stops at the first thing that is neither.

    ``offset`` is added to all spans and to the place where the list ends. ``2.1-2.3`` and ``T001–T004`` are ranges
    over the index, ``2.x`` stands for all ids below ``2``, ``Phase 2`` for that phase's tasks, ``all`` for all tasks.
    """
    end = len(text) if end is None else end
    if text[start:end] in index:
        task_id = index.names.get(text[start:end], text[start:end])
        return IdList((IdRef(task_id, Span(offset + start, offset + end)),), (), offset + end)
    known: list[IdRef] = []
    unknown: list[IdRef] = []
    position = _skip(_OPENING, text, start, end)
    stop = position
    while position < end:
        item = _read_item(text, position, end, index, offset)
        if item is None:
            break
        known += item.known
        unknown += item.unknown
        stop = _skip(_CLOSING, text, item.end, end)
        separator = _SEPARATOR.match(text, stop, end)
        if separator is None:
            break
        position = _skip(_OPENING, text, separator.end(), end)
    return IdList(tuple(known), tuple(unknown), offset + stop)


def is_id(text: str) -> bool:
    """Say whether the whole text is one id."""
    found = _TOKEN.match(text)
    return found is not None and found.end() == len(text)


def _skip(pattern: re.Pattern[str], text: str, position: int, end: int) -> int:
    found = pattern.match(text, position, end)
    return found.end() if found else position


def _read_item(text: str, position: int, end: int, index: IdIndex, offset: int) -> IdList | None:
    group = _read_group(text, position, end, index, offset)
    if group is not None:
        return group
    first = _TOKEN.match(text, _skip(_WORD, text, position, end), end)
    if first is None or _AMOUNT.match(text, first.start(), end):
        return None
    dash = _DASH.match(text, first.end(), end)
    last = _TOKEN.match(text, _skip(_WORD, text, dash.end(), end), end) if dash else None
    if last is None:
        return _split([first["id"]], index, Span(offset + first.start(), offset + first.end()), first.end())
    span = Span(offset + first.start(), offset + last.end())
    first_id, last_id = first["id"], _full_last(first["id"], last["id"], index)
    ids = index.between(first_id, last_id)
    return _split(ids or [first_id, last_id], index, span, last.end())


_PHASES = lazy_regex(r"phases?\s+(?P<id>\d+(?:\.\d+)*|[A-Z])\b", re.IGNORECASE)
_ALL = lazy_regex(r"all(?:\s+tasks)?\b\s*(?=$|[,;()|])", re.IGNORECASE)


def _read_group(text: str, position: int, end: int, index: IdIndex, offset: int) -> IdList | None:
    """Read what names several ids at once: a phase, a wildcard, or all."""
    if found := _PHASES.match(text, position, end):
        ids: Sequence[str] = index.phases.get(found["id"], ())
    elif found := _WILDCARD.match(text, position, end):
        ids = index.under(found["stem"])
    elif found := _ALL.match(text, position, end):
        ids = index.order
    else:
        return None
    span = Span(offset + found.start(), offset + found.end())
    return _split(ids or [found.group()], index, span, found.end())


def _full_last(first: str, last: str, index: IdIndex) -> str:
    """Complete the shortened end of a range: ``T001-004`` and ``2.1-3`` mean T004 and 2.3 when those exist."""
    if last in index or first not in index:
        return last
    stem = first[: len(first) - len(first.rpartition(".")[2])] if "." in first else first.rstrip("0123456789")
    return stem + last if stem + last in index else last


def _meant(task_id: str, index: IdIndex) -> Sequence[str]:
    """The id itself; the number of a group whose tasks continue it stands for these: ``2`` for ``2.1``, ``2.2`` …"""
    return (task_id,) if task_id in index else index.under(task_id) or (task_id,)


def _split(ids: Iterable[str], index: IdIndex, span: Span, end: int) -> IdList:
    meant = [one for task_id in ids for one in _meant(task_id, index)]
    known = tuple(IdRef(index.names.get(one, one), span) for one in meant if one in index)
    return IdList(known, tuple(IdRef(one, span) for one in meant if one not in index), end)
