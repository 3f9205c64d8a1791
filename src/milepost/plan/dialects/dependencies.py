"""Dependencies: from graphs and from ``_Depends:_`` fields, duplicates merged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from milepost.plan.blocks import Block, BlockKind
from milepost.plan.dialects.document import Section
from milepost.plan.dialects.prose_dependencies import prose_dependencies
from milepost.plan.dialects.reading import Reading
from milepost.plan.grammar.durations import parse_duration
from milepost.plan.grammar.fields import KEYS
from milepost.plan.grammar.graphs import Graph, read_graph
from milepost.plan.grammar.ids import IdIndex, IdRef, is_id, read_id_list
from milepost.plan.grammar.mermaid import is_mermaid, read_mermaid
from milepost.plan.model import (
    Dependency,
    DependencyKind,
    DependencyOrigin,
    DependencySource,
    Field,
    ObservationKind,
    Task,
)
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_TITLE = lazy_regex(
    r"\b(?:dependenc(?:y|ies)(?!\s+(?:analy\w+|injection|engine|management|manager|resol\w+|updates?|scan\w*)\b)"
    r"|depends\s+on|(?:task|execution)\s+(?:graph|flow|order|sequence))\b|依赖|依存関係|의존성",
    re.IGNORECASE,
)
_ASIDE = lazy_regex(r"[(（\[][^()（）\[\]]*[)）\]]|[:–—-][ \t]*no[ \t]+dependencies\b.*", re.IGNORECASE)
"""What a title says besides of its subject: ``Layer 1 (depends on layer 0)`` is about a layer."""
_ARROW = lazy_regex(r"[→➜⟶⇒▶►➔⟹⮕←⟵⇐]|[-=]>|<[-=]")
_DRAWINGS = frozenset({"", "text", "txt", "plain", "plaintext", "ascii", "graph", "diagram", "none"})
_NONE = lazy_regex(
    r"[(（\[*_]*(?:(?:none|no|nothing|n/?a|independent|ninguna?|nenhuma?|keine?|aucune?|нет)\b|无|無|なし|없음).*"
    r"|[(（]?[-–—]*[)）]?",
    re.IGNORECASE,
)
_ITEM = lazy_regex(
    r"(?P<ids>[^,;()]+?)\s*(?P<open>\()?\s*(?P<kind>FS|SS|FF|SF)?\s*(?P<lag>[+\-−]\s*\d[\d.]*\s*[a-z][^,;()]*)?\s*(?(open)\))\s*(?:[,;]|$)"
)
_STEP_ID = lazy_regex(r"(?:\*\*|__|`)?(?P<id>[\w-]*\d(?:\.\d+)*[a-z]?)(?![\w.]*\w)")
_SEPARATOR = lazy_regex(r"[,;\s]*")


def is_dependency_section(section: Section) -> bool:
    """Say whether a section's title announces dependencies between tasks; a document's title is no such."""
    return section.level > 1 and _TITLE.search(_ASIDE.sub("", section.title)) is not None


def graph_dependencies(reading: Reading, sections: Iterable[Section]) -> Iterator[Dependency]:
    """Dependencies drawn as graphs: all arrow graphs of dependency sections, Mermaid graphs of tasks anywhere."""
    for section in sections:
        stated = any(is_dependency_section(around) for around in section.ancestors())
        for top in section.blocks:
            for block in _outside_tasks(top) if stated else (top,):
                index = reading.index_in(section)
                graph = _graph(reading, block, index, stated)
                if graph is not None:
                    yield from _take(reading, graph, stated)


def _outside_tasks(block: Block) -> Iterator[Block]:
    """A block and those in it, but for items with a checkbox: a task's title may hold an arrow of its own."""
    waiting = [block]
    while waiting:
        one = waiting.pop()
        if one.kind is not BlockKind.ITEM or not one.checkbox:
            yield one
            waiting += reversed(one.children)


def _graph(reading: Reading, block: Block, index: IdIndex, stated: bool) -> Graph | None:
    if block.kind in (BlockKind.FENCE, BlockKind.CODE) and block.lines:
        first = block.lines[0]
        if is_mermaid(block.info, reading.text[first.start : first.end]):
            return read_mermaid(reading.text, block.lines, index)
        if stated and block.info.strip().casefold() in _DRAWINGS:
            return read_graph(reading.text, block.lines, index, reading.document.source.newline)
    if stated and block.kind is BlockKind.PARAGRAPH:
        return _prose_graph(reading, block, index)
    return None


def _prose_graph(reading: Reading, block: Block, index: IdIndex) -> Graph:
    """Arrow chains in running text, line by line; vertical marks mean nothing there."""
    chains = [line for line in block.lines if _ARROW.search(reading.text, line.start, line.end)]
    graphs = [read_graph(reading.text, [line], index) for line in chains]
    return Graph(tuple(link for graph in graphs for link in graph.links), (), ())


def _take(reading: Reading, graph: Graph, stated: bool) -> Iterator[Dependency]:
    if stated and graph.links:
        unknown = tuple(ref for ref in graph.unknown if reading.index.shaped_like_ours(ref.id))
        reading.unknown(unknown, "the dependency graph")
    for ambiguity in graph.ambiguities:
        reading.observe(
            ObservationKind.AMBIGUOUS_ARROW, ambiguity.span, f"read as {ambiguity.reading}", edits=ambiguity.edits
        )
    for link in graph.links:
        source = DependencySource(DependencyOrigin.GRAPH, link.span)
        yield Dependency(link.predecessor, link.successor, sources=(source,))


def field_dependencies(reading: Reading, tasks: Sequence[Task]) -> Iterator[Dependency]:
    """Dependencies that tasks state of themselves."""
    parts = _Parts(tasks)
    for task in tasks:
        for field in task.fields:
            if KEYS.get(field.key.casefold()) == "depends":
                listed = _listed(reading, task, field.value_span)
                yield from listed if listed or _NONE.fullmatch(field.value) else _field(reading, task, field, parts)


@dataclass
class _Parts:
    """Steps that have an id of their own, as the tasks they are part of."""

    tasks: Sequence[Task]

    @cached_property
    def _whole(self) -> dict[str, str]:
        return {found["id"]: task.id for task in self.tasks for found in _ids_of_steps(task)}

    def split(self, refs: Iterable[IdRef]) -> tuple[list[IdRef], list[IdRef]]:
        """The tasks that unknown ids are a step of, and the ids that are none's."""
        unknown = [ref for ref in refs if is_id(ref.id)]
        whole = [ref._replace(id=self._whole[ref.id]) for ref in unknown if ref.id in self._whole]
        return whole, [ref for ref in unknown if ref.id not in self._whole]


def _ids_of_steps(task: Task) -> Iterator[re.Match[str]]:
    for step in task.steps:
        found = _STEP_ID.match(step.text)
        if found and found["id"].startswith(f"{task.id}."):
            yield found


def _field(reading: Reading, task: Task, field: Field, parts: _Parts) -> Iterator[Dependency]:
    text, index, span = reading.text, reading.index_in(task), field.value_span
    position = span.start
    while position < span.end:
        other = reading.elsewhere(Span(position, span.end), f"task {task.id}")
        if other:
            separator = _SEPARATOR.match(text, other.end, span.end)
            position = separator.end() if separator else other.end
            continue
        item = _ITEM.match(text, position, span.end)
        ids = read_id_list(text, index, *item.span("ids")) if item else None
        if item is None or ids is None or ids.end < item.end("ids") or not (ids.known or ids.unknown):
            yield from _sentence(reading, task, Span(position, span.end))
            return
        whole, unknown = parts.split(ids.unknown) if ids.unknown else ([], [])
        reading.unknown(tuple(unknown), f"task {task.id}")
        yield from _item(task, item, (*ids.known, *(ref for ref in whole if ref.id != task.id)))
        separator = _SEPARATOR.match(text, item.end(), span.end)
        position = separator.end() if separator else item.end()


def _sentence(reading: Reading, task: Task, span: Span) -> Iterator[Dependency]:
    """What more than a list of ids says: ids with remarks behind them, or else nothing that can be read."""
    found = list(prose_dependencies(reading, task, span))
    yield from found
    if not found and not re.fullmatch(r"\[[^\[\]]*\]", reading.text[span.start : span.end]):
        reading.observe(ObservationKind.UNREADABLE_VALUE, span, "a dependency that names no task")


def _listed(reading: Reading, task: Task, span: Span) -> list[Dependency]:
    """The dependencies of a plain list of known ids, which most are; empty when there is anything else."""
    found: list[Dependency] = []
    index, start = reading.index_in(task), span.start
    for part in reading.text[span.start : span.end].split(","):
        body = part.strip(" ")
        if body not in index:
            return []
        at = start + part.index(body)
        source = DependencySource(DependencyOrigin.FIELD, Span(at, at + len(body)))
        found.append(Dependency(index.names.get(body, body), task.id, sources=(source,)))
        start += len(part) + 1
    return found


def _item(task: Task, item: re.Match[str], refs: Iterable[IdRef]) -> Iterator[Dependency]:
    kind = DependencyKind(item["kind"]) if item["kind"] else DependencyKind.FINISH_TO_START
    lag = _lag(item["lag"] or "")
    for ref in refs:
        if ref.id != task.id or ref.span == Span(*item.span("ids")):
            yield Dependency(ref.id, task.id, kind, lag, (DependencySource(DependencyOrigin.FIELD, ref.span),))


def _lag(text: str) -> int:
    duration = parse_duration(text[1:]) if text else None
    if duration is None:
        return 0
    return duration.likely if text[0] == "+" else -duration.likely


def merge(dependencies: Iterable[Dependency]) -> tuple[Dependency, ...]:
    """Unite equal dependencies, keeping the sources of all."""
    merged: dict[tuple[object, ...], list[Dependency]] = {}
    for dependency in dependencies:
        key: tuple[object, ...] = (dependency.predecessor, dependency.successor)
        if dependency.lag or dependency.kind is not DependencyKind.FINISH_TO_START:
            key += (dependency.kind, dependency.lag)
        merged.setdefault(key, []).append(dependency)
    return tuple(equal[0] if len(equal) == 1 else _united(equal) for equal in merged.values())


def _united(equal: list[Dependency]) -> Dependency:
    return replace(equal[0], sources=tuple(dict.fromkeys(source for one in equal for source in one.sources)))
