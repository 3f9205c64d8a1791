"""Waves of tasks in JSON: ``{"waves": [{"id": 0, "tasks": ["1.1"]}, {"id": 1, "tasks": ["1.2", "2.1"]}]}``.

Everything in a wave waits for the wave before it, unless the wave says itself what it depends on: a list for all its
tasks, or a list for each of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from milepost.plan.blocks import Block, BlockKind, walk
from milepost.plan.dialects.reading import Reading
from milepost.plan.grammar.ids import IdRef
from milepost.plan.model import Dependency, DependencyOrigin, DependencySource, Task
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_GATE = lazy_regex(r"(?:final[ \t]+)?(?:check[ \t-]?point|gate)\b|检查点|檢查點|チェックポイント", re.IGNORECASE)


@dataclass(frozen=True)
class Wave:
    """One wave: its own id, its tasks, and what it says it depends on (None when it says nothing)."""

    id: str
    tasks: tuple[str, ...]
    after: Any
    span: Span


def read_waves(reading: Reading) -> tuple[Wave, ...]:
    """The waves of all fenced blocks of a document."""
    if '"waves"' not in reading.text:
        return ()
    fences = (block for block in walk(reading.document.root) if block.kind is BlockKind.FENCE and block.lines)
    return tuple(wave for fence in fences for wave in _of_fence(reading, fence))


def wave_dependencies(reading: Reading, waves: Iterable[Wave], tasks: Iterable[Task]) -> Iterator[Dependency]:
    """What the tasks of waves wait for; tasks left out of all waves are checkpoints between them."""
    found = tuple(waves)
    for one in found:
        _note_unknown(reading, one)
    named = {one.id: one for one in found}
    for before, wave in zip((None, *found), found, strict=False):
        yield from _of_wave(reading, wave, before, named)
    if found:
        yield from _checkpoints(found, list(tasks))


def _of_fence(reading: Reading, fence: Block) -> Iterator[Wave]:
    text = "\n".join(reading.document.lines(fence))
    if '"waves"' not in text:
        return
    import json

    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return
    waves = content.get("waves") if isinstance(content, dict) else None
    for place, wave in enumerate(waves if isinstance(waves, list) else []):
        if isinstance(wave, dict) and isinstance(wave.get("tasks"), list):
            tasks = tuple(str(_task_name(task)) for task in wave["tasks"])
            name = str(wave.get("id", wave.get("wave", place)))
            yield Wave(name, tasks, wave.get("dependsOn", wave.get("depends_on")), _span(reading, fence, tasks))


def _task_name(task: object) -> object:
    return task.get("id", "") if isinstance(task, dict) else task


def _span(reading: Reading, fence: Block, tasks: tuple[str, ...]) -> Span:
    """The line that names the wave's first task, or else the whole fence."""
    wanted = f'"{tasks[0]}"' if tasks else "\n"
    for line in fence.lines:
        if reading.text.find(wanted, line.start, line.end) >= 0:
            return line
    return fence.span


def _of_wave(reading: Reading, wave: Wave, before: Wave | None, waves: Mapping[str, Wave]) -> Iterator[Dependency]:
    after = wave.after
    if isinstance(after, dict):
        for task, needed in after.items():
            if task in wave.tasks and isinstance(needed, list):
                yield from _links(reading, wave, _named(reading, needed, waves), [task])
    elif isinstance(after, list) and after:
        yield from _links(reading, wave, _named(reading, after, waves), wave.tasks)
    elif after is None and before is not None:
        yield from _links(reading, wave, before.tasks, wave.tasks)


def _named(reading: Reading, names: Iterable[object], waves: Mapping[str, Wave]) -> Iterator[str]:
    """Task ids as strings; a whole number, or a name that is no task's, is a wave's id."""
    for name in names:
        if isinstance(name, str) and name in reading.index:
            yield name
        elif str(name) in waves:
            yield from waves[str(name)].tasks


def _links(reading: Reading, wave: Wave, before: Iterable[str], after: Iterable[str]) -> Iterator[Dependency]:
    source = (DependencySource(DependencyOrigin.GRAPH, wave.span),)
    for first, then in product(list(before), list(after)):
        if first in reading.index and then in reading.index and first != then:
            yield Dependency(first, then, sources=source)


def _note_unknown(reading: Reading, wave: Wave) -> None:
    unknown = [task for task in wave.tasks if task not in reading.index and reading.index.shaped_like_ours(task)]
    for task in unknown:
        at = reading.text.find(f'"{task}"', wave.span.start, wave.span.end)
        span = Span(at + 1, at + 1 + len(task)) if at >= 0 else wave.span
        reading.unknown((IdRef(task, span),), "the waves")


def _checkpoints(waves: tuple[Wave, ...], tasks: list[Task]) -> Iterator[Dependency]:
    """Checkpoints no wave names: after the tasks written above them, before those of later waves written below."""
    number = {task: place for place, wave in enumerate(waves) for task in wave.tasks}
    parents = {task.parent for task in tasks}
    above: list[Task] = []
    reached = -1
    for place, task in enumerate(tasks):
        if task.id in number:
            above.append(task)
            reached = max(reached, number[task.id])
        elif task.id not in parents and task.parent not in number and _GATE.match(task.title):
            source = (DependencySource(DependencyOrigin.ORDER, task.head_span),)
            yield from (Dependency(before.id, task.id, sources=source) for before in above)
            later = (after.id for after in tasks[place + 1 :] if number.get(after.id, -1) > reached)
            yield from (Dependency(task.id, after, sources=source) for after in later)
            above = []
