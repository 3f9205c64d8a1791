"""Mermaid ``graph`` and ``flowchart`` blocks as dependencies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from milepost.plan.grammar.graphs import Graph, Link
from milepost.plan.grammar.ids import IdIndex, IdRef, find_ids, is_id
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_HEADER = lazy_regex(r"\s*(?:graph|flowchart)\b", re.IGNORECASE)
_SKIPPED = lazy_regex(
    r"\s*(?:%%|(?:graph|flowchart|subgraph|end|classDef|class|style|linkStyle|click|direction|accTitle|accDescr)\b)"
)
_NODE = lazy_regex(
    r"\s*(?P<name>[^\W_][\w.]*(?:-(?![-.>])[\w.]+)*)"
    r"(?P<label>\s*(?:\[[^\]\n]*\]+|\(+[^)\n]*\)+|\{+[^}\n]*\}+|>[^\]\n]*\]))?(?::::?\w+)?\s*"
)
_LINK = lazy_regex(
    r"\s*(?:(?P<back><)?(?:--|==|-\.)(?:[^->=|\n]+(?=--|==|\.-))?[-=.]*(?P<head>[>ox])?)(?:\|[^|\n]*\|)?\s*"
)


def is_mermaid(info: str, first_line: str) -> bool:
    """Say whether a fence holds a Mermaid graph."""
    return info.strip().casefold().startswith("mermaid") or bool(_HEADER.match(first_line))


def read_mermaid(text: str, lines: Iterable[Span], index: IdIndex) -> Graph:
    """Read the links between tasks; a node without a task's id (a milestone, say) passes its dependencies on."""
    tasks: dict[str, str] = {}
    unknown: dict[str, IdRef] = {}
    arrows: list[Link] = []
    for line in lines:
        if not _SKIPPED.match(text, line.start, line.end):
            for statement in _statements(text, line):
                arrows += _read_statement(text, statement, index, tasks, unknown)
    links = tuple(dict.fromkeys(_contract(arrows, tasks)))
    return Graph(links, tuple(ref for name, ref in unknown.items() if name not in tasks), ())


def _statements(text: str, line: Span) -> Iterator[Span]:
    start = line.start
    while start < line.end:
        stop = text.find(";", start, line.end)
        stop = line.end if stop < 0 else stop
        yield Span(start, stop)
        start = stop + 1


def _read_statement(
    text: str, span: Span, index: IdIndex, tasks: dict[str, str], unknown: dict[str, IdRef]
) -> Iterator[Link]:
    position = span.start
    before: list[str] = []
    directed = False
    while True:
        names: list[str] = []
        while node := _NODE.match(text, position, span.end):
            names.append(node["name"])
            _register(node, index, tasks, unknown)
            position = node.end()
            if not text.startswith("&", position) or position >= span.end:
                break
            position += 1
        if directed:
            yield from (Link(first, second, span) for first in before for second in names)
        link = _LINK.match(text, position, span.end)
        if not names or link is None:
            return
        before, directed, position = names, _is_arrow(link), link.end()


def _is_arrow(link: re.Match[str]) -> bool:
    """Say whether a link makes its end wait: a dotted one with words on it (``-. see .->``) only remarks something."""
    is_remark = link.group().lstrip().startswith("-.") and re.search(r"[^\W_]", link.group()) is not None
    return link["head"] == ">" and not link["back"] and not is_remark


def _register(node: re.Match[str], index: IdIndex, tasks: dict[str, str], unknown: dict[str, IdRef]) -> None:
    name, label = node["name"], node["label"] or ""
    if name in tasks:
        return
    known = next((ref.id for ref in find_ids(label) if ref.id in index), name if name in index else None)
    if known is not None:
        tasks[name] = index.names.get(known, known)
    elif is_id(name) and not label:
        unknown.setdefault(name, IdRef(name, Span(node.start("name"), node.end("name"))))


def _contract(arrows: list[Link], tasks: dict[str, str]) -> Iterator[Link]:
    successors: dict[str, list[Link]] = {}
    for arrow in arrows:
        successors.setdefault(arrow.predecessor, []).append(arrow)
    for name, task in tasks.items():
        waiting, seen = list(reversed(successors.get(name, []))), {name}
        while waiting:
            arrow = waiting.pop()
            target = tasks.get(arrow.successor)
            if target is not None:
                if target != task:
                    yield Link(task, target, arrow.span)
            elif arrow.successor not in seen:
                seen.add(arrow.successor)
                waiting += reversed(successors.get(arrow.successor, []))
