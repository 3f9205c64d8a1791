"""Dependencies between groups of tasks: prose, tables, drawings of phases; and the order inside each group."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from milepost.plan.blocks import Block, BlockKind, walk
from milepost.plan.dialects.assemble import PlanReader
from milepost.plan.dialects.dependencies import is_dependency_section
from milepost.plan.dialects.document import Section
from milepost.plan.dialects.groups import Groups, pairs
from milepost.plan.dialects.statements import Statements
from milepost.plan.grammar.graphs import Graph, read_graph
from milepost.plan.grammar.ids import IdIndex, read_id_list
from milepost.plan.grammar.mermaid import is_mermaid, read_mermaid
from milepost.plan.model import Dependency, DependencyOrigin, DependencySource, Phase, Task
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_ELSEWHERE = lazy_regex(
    r"cross-(?:spec|feature|team|repo)|external|downstream|upstream|(?<!work )packages?\b|librar|within\b|strategy"
    r"|environment",
    re.IGNORECASE,
)
_FINISHING = lazy_regex(r"\b(?:polish|final|cross-cutting|validation|release|clean-?up|wrap-?up)", re.IGNORECASE)
_PARALLEL = lazy_regex(r"parallel|example|opportunit", re.IGNORECASE)
_ARROW = lazy_regex(r"[→➜⟶⇒▶►➔⟹⮕]|[-=─]>")
_DRAWINGS = frozenset({"", "text", "txt", "plain", "plaintext", "ascii", "graph", "diagram", "none"})
_LONGEST = 4000
"""Longer paragraphs label nothing."""

_INLINE = lazy_regex(
    r"(?:[(（\[;,]|[ \t][—–-]|^)[\s*_]*(?:(?:must[ \t]+)?runs?[ \t]+|sequential\W+)?"
    r"(?:depends?[ \t]+on|dependenc(?:y|ies)|blocked[ \t]+by|requires|needs|after)[\s*_:]*"
    r"(?P<refs>(?:tasks?[ \t]+)?T\d{2,}[^\r\n)）\]]*)",
    re.IGNORECASE,
)
_LABEL = lazy_regex(
    r"(?:\*\*|__)(?:dependenc(?:y|ies)|depends[ \t]+on|deps|blocked[ \t]+by|requires|prerequisites?)"
    r"(?:[:：](?:\*\*|__)|(?:\*\*|__)[ \t]*[:：])[ \t]*"
    r"(?P<value>[^\r\n]*?)(?=[ \t]*(?:\*\*[A-Z][^*\r\n]{0,40}(?::\*\*|\*\*:)|[|·]|$))",
    re.IGNORECASE | re.MULTILINE,
)


def group_dependencies(reader: PlanReader) -> Iterator[Dependency]:
    """All that a document with groups says about what waits for what, and the order its list implies.

    What prose says a task waits for counts before what a drawing of groups shows: such drawings are hard to read.
    What is not stated in so many words and runs in a circle was misunderstood, and is not used.
    """
    phases = [
        Phase(phase, _title(reader, section), Span(0, 0), Span(0, 0), tuple(reader.phase_tasks[phase]))
        for phase, section in reader.phase_sections.items()
    ]
    statements = Statements(reader.reading, Groups.of(phases, reader.tasks))
    stated = [*_of_sections(reader, statements), *_of_tasks(reader, statements)]
    told = {one.successor for one in stated}
    stated += [one for one in _drawings(reader, statements) if one.successor not in told]
    circling = in_circles(stated)
    stated = [
        one
        for one in stated
        if (one.predecessor, one.successor) in statements.sure
        or not (one.predecessor in circling and one.successor in circling)
    ]
    yield from stated
    if stated:
        yield from _implied(reader, stated, statements.spoken_of)


def _of_sections(reader: PlanReader, statements: Statements) -> Iterator[Dependency]:
    layout = _Layout(reader)
    for section in _sections(reader):
        phase = layout.phase_of(section)
        if phase is not None:
            yield from _of_phase(layout, section, reader.phase_tasks[phase], statements)
        elif _is_on_dependencies(section):
            for block in section.blocks:
                yield from statements.of_block(block, strict=_is_on_parallel_work(section))


def _drawings(reader: PlanReader, statements: Statements) -> Iterator[Dependency]:
    """What arrows join: tasks, or groups of them."""
    layout, groups = _Layout(reader), statements.groups
    members = _members(groups)
    phases: dict[str, tuple[str, ...]] = {
        phase: (f"PHASE-{phase}",) for phase in groups.phases if not phase.startswith("WP")
    }
    indexes = (
        (IdIndex.of(members, phases), members),
        (groups.index, {task: (task,) for task in groups.index.order}),
    )
    for section in _sections(reader):
        if _is_on_dependencies(section) and not _is_on_parallel_work(section) and layout.phase_of(section) is None:
            for inner in (inner for block in section.blocks for inner in walk(block)):
                if inner.kind is BlockKind.PARAGRAPH:
                    for line in inner.lines:
                        yield from statements.of_chain(line)
                for index, named in indexes:
                    yield from _arrows(reader, inner, index, named)


def _sections(reader: PlanReader) -> Iterator[Section]:
    for section in reader.document.sections:
        others = (around for around in section.ancestors() if not reader.name_phase(around))
        if not any(_ELSEWHERE.search(around.title) for around in others):
            yield section


def _is_on_dependencies(section: Section) -> bool:
    return any(is_dependency_section(around) for around in section.ancestors())


def _is_on_parallel_work(section: Section) -> bool:
    return any(_PARALLEL.search(one.title) for one in section.ancestors() if not is_dependency_section(one))


def _title(reader: PlanReader, section: Section) -> str:
    named = reader.name_phase(section)
    return named.title if named else section.title


@dataclass
class _Layout:
    """Where in the document phases and tasks stand."""

    reader: PlanReader

    @cached_property
    def phases(self) -> dict[int, str]:
        """Phases by the identity of their sections."""
        return {id(section): phase for phase, section in self.reader.phase_sections.items()}

    @cached_property
    def task_starts(self) -> frozenset[int]:
        """Where tasks start."""
        return frozenset(task.span.start for task in self.reader.tasks)

    def phase_of(self, section: Section) -> str | None:
        """The phase a section is part of."""
        return next((self.phases[id(one)] for one in section.ancestors() if id(one) in self.phases), None)


def _of_phase(layout: _Layout, section: Section, tasks: Sequence[str], statements: Statements) -> Iterator[Dependency]:
    """What a phase says about itself: a labelled line, or a section of its own."""
    is_titled = is_dependency_section(section) and not layout.reader.name_phase(section)
    for block in section.blocks:
        if is_titled:
            yield from statements.of_block(block, subject=tasks)
            continue
        for inner in walk(block):
            if inner.kind is BlockKind.ITEM and inner.span.start in layout.task_starts:
                break
            if inner.kind is BlockKind.PARAGRAPH and inner.span.end - inner.span.start < _LONGEST:
                for found in _LABEL.finditer(layout.reader.reading.text, inner.lines[0].start, inner.lines[-1].end):
                    yield from statements.value(Span(*found.span("value")), tasks)


def _arrows(
    reader: PlanReader, block: Block, index: IdIndex, members: Mapping[str, Sequence[str]]
) -> Iterator[Dependency]:
    """What the arrows of a block join, be it tasks or groups of them."""
    for link in (link for graph in _graphs(reader, block, index) for link in graph.links):
        source = (DependencySource(DependencyOrigin.GRAPH, link.span),)
        before, after = members[link.predecessor], members[link.successor]
        if not set(before) & set(after):
            yield from (Dependency(first, then, sources=source) for first, then in pairs(before, after))


def _graphs(reader: PlanReader, block: Block, index: IdIndex) -> Iterator[Graph]:
    text, newline = reader.reading.text, reader.document.source.newline
    if block.kind in (BlockKind.FENCE, BlockKind.CODE) and block.lines:
        if is_mermaid(block.info, text[block.lines[0].start : block.lines[0].end]):
            yield read_mermaid(text, block.lines, index)
        elif block.info.strip().casefold() in _DRAWINGS:
            yield read_graph(text, block.lines, index, newline)


def _members(groups: Groups) -> dict[str, tuple[str, ...]]:
    """Groups by the id a drawing may call them: ``PHASE-3``, ``WP01``, ``US1``, ``US-1``."""
    found = {phase if phase.startswith("WP") else f"PHASE-{phase}": tasks for phase, tasks in groups.phases.items()}
    for story, tasks in groups.stories.items():
        found[story] = found[f"US-{story[2:]}"] = tasks
    return found


def _of_tasks(reader: PlanReader, statements: Statements) -> Iterator[Dependency]:
    """What a task says of itself behind its title or at the start of a step: ``(depends on T012, T013)``."""
    text = reader.reading.text
    for task in reader.tasks:
        for start, end in (task.title_span, *(step.span for step in task.steps)):
            for found in _INLINE.finditer(text[start:end].lstrip("-*+ \t")):
                offset = end - len(found.string)
                refs = Span(offset + found.start("refs"), offset + found.end("refs"))
                unknown = read_id_list(text, statements.groups.index, *refs).unknown
                ours = tuple(ref for ref in unknown if reader.reading.index.shaped_like_ours(ref.id))
                reader.reading.unknown(ours, f"task {task.id}")
                yield from statements.value(refs, [task.id])


def _implied(reader: PlanReader, stated: Sequence[Dependency], spoken_of: Set[str]) -> Iterator[Dependency]:
    """The order that the list itself implies where nothing else is stated, if nothing runs in a circle then."""
    implied = [*_inside(reader, stated), *_between(reader, stated, spoken_of)]
    if not in_circles([*stated, *implied]):
        yield from implied


def _inside(reader: PlanReader, stated: Iterable[Dependency]) -> Iterator[Dependency]:
    """Tasks of a group that states no order of its own follow one another, neighbours marked parallel side by side."""
    phase_of = {task.id: task.phase for task in reader.tasks}
    ends = ((phase_of.get(one.predecessor), phase_of.get(one.successor)) for one in stated)
    ordered = {before for before, after in ends if before == after}
    for phase, tasks in _members_in_order(reader).items():
        if phase not in ordered:
            for before, after in pairwise(_side_by_side(tasks)):
                yield from (_in_order(first, then) for first, then in pairs(before, after))


def _between(reader: PlanReader, stated: Iterable[Dependency], spoken_of: Set[str]) -> Iterator[Dependency]:
    """A phase nothing is said about follows the one before it; the last one, of finishing touches, all others."""
    waiting = {one.successor for one in stated} | spoken_of
    earlier: list[list[Task]] = []
    for phase, tasks in _members_in_order(reader).items():
        if phase.startswith("WP"):
            continue
        if earlier and not any(task.id in waiting for task in tasks):
            is_last = _FINISHING.search(_title(reader, reader.phase_sections[phase])) is not None
            for before in earlier if is_last else earlier[-1:]:
                yield from (_in_order(first, then) for first, then in pairs(before, tasks))
        earlier.append(tasks)


def _members_in_order(reader: PlanReader) -> dict[str, list[Task]]:
    found: dict[str, list[Task]] = {}
    for task in reader.tasks:
        if task.phase is not None:
            found.setdefault(task.phase, []).append(task)
    return found


def _side_by_side(tasks: Sequence[Task]) -> Iterator[list[Task]]:
    group: list[Task] = []
    for task in tasks:
        if group and not (task.parallel and group[-1].parallel):
            yield group
            group = []
        group.append(task)
    if group:
        yield group


def _in_order(first: Task, then: Task) -> Dependency:
    return Dependency(first.id, then.id, sources=(DependencySource(DependencyOrigin.ORDER, then.head_span),))


def in_circles(links: Sequence[Dependency]) -> set[str]:
    """The tasks on circles of links, and those between two circles: what cannot be taken away end by end."""
    forward = _left_over([(one.predecessor, one.successor) for one in links])
    kept = [one for one in links if one.predecessor in forward and one.successor in forward]
    return _left_over([(one.successor, one.predecessor) for one in kept])


def _left_over(links: Sequence[tuple[str, str]]) -> set[str]:
    """Tasks that are still waiting when each that waits for nothing is taken away in turn."""
    waiting: dict[str, set[str]] = {}
    after: dict[str, list[str]] = {}
    for first, then in links:
        waiting.setdefault(then, set()).add(first)
        after.setdefault(first, []).append(then)
    free = [task for task in after if task not in waiting]
    while free:
        task = free.pop()
        for successor in after.get(task, ()):
            needed = waiting.get(successor)
            if needed is not None:
                needed.discard(task)
                if not needed:
                    del waiting[successor]
                    free.append(successor)
    return set(waiting)
