"""Kiro's ``tasks.md``: numbered checkboxes nested by number, ``_Requirements: 1.1_``, ``[ ]*`` optional, JSON waves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from milepost.plan.dialects.assemble import PlanReader, phase_name
from milepost.plan.dialects.criteria import in_criteria
from milepost.plan.dialects.dependencies import field_dependencies, graph_dependencies
from milepost.plan.dialects.document import Document, Section
from milepost.plan.dialects.heads import Head
from milepost.plan.dialects.loose import PlacesOfWork, WithLooseBoxes
from milepost.plan.dialects.numbered import NumberedTasks, document_heads, says_optional
from milepost.plan.dialects.numbering import nest, separate
from milepost.plan.dialects.reading import Reading
from milepost.plan.dialects.tasks import continues
from milepost.plan.dialects.waves import read_waves, wave_dependencies
from milepost.plan.grammar.references import read_references
from milepost.plan.model import Dependency, DependencyOrigin, DependencySource, Plan, Reference, Step, Task
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

NAME = "kiro"

_NUMBER = lazy_regex(r"(?:[A-Z]\.)?\d+(?:[A-Za-z]?\.\d+)*[a-z]?")
_NAMED = lazy_regex(r"[A-Z]{4,}-\d+")
_TRACE = lazy_regex(
    r"_(?:Requirements?|需求|要件|要求)[ \t]*[:：][ \t]*(?:Requirements?[ \t]+)?\d+(?:\.\d+)+", re.IGNORECASE
)
_VALIDATES = lazy_regex(
    r"\*\*Validates[ \t]*(?:[:：][ \t]*(?:\*\*)?"
    r"|\*\*[ \t]*[:：])[ \t]*(?:Requirements?[ \t]*:?[ \t]*)?(?P<refs>[^*\r\n]+)",
    re.IGNORECASE,
)
_STARRED = lazy_regex(r"^[ \t]*[-*+][ \t]+\[[ xX~-]\]\\?\*[ \t]+\d", re.MULTILINE)
_FOLDER = lazy_regex(r"(?:^|[/\\])\.?kiro[/\\-]")
_TASK_HEADING = lazy_regex(r"tasks?[ \t]+(?P<number>\d+)\b", re.IGNORECASE)


def detect(document: Document) -> bool:
    """Say whether the document is one of Kiro's."""
    return bool(_evidence(document))


def why(document: Document) -> str:
    """What shows that the document is one of Kiro's."""
    return f"its numbered checkboxes come with {', '.join(_evidence(document))}"


def _evidence(document: Document) -> list[str]:
    heads = [head for _, head in document_heads(document) if _NUMBER.fullmatch(head.id)]
    if not heads or 2 * sum(head.bold for head in heads) > len(heads):
        return []
    text = document.text
    signs = (
        ("requirements such as _Requirements: 1.1_", _TRACE.search(text)),
        ("requirements such as **Validates: Requirements 1.1**", _VALIDATES.search(text)),
        ("optional tasks marked [ ]*", _STARRED.search(text)),
        ("waves in JSON", '"waves"' in text),
        ("a place in a .kiro folder", _FOLDER.search(document.source.path)),
        ("top numbers such as 1. over numbers such as 1.1", _has_two_levels(heads)),
        ("headings such as Task 1 over numbers such as 1.1", _under_task_headings(document)),
    )
    return [name for name, shown in signs if shown]


def _has_two_levels(heads: list[Head]) -> bool:
    """Whether whole numbers head the tasks, as in Kiro's plans without requirements."""
    return all("." not in head.id for head in heads) or any("." not in head.id for head in heads[:1])


def _under_task_headings(document: Document) -> bool:
    for section, head in document_heads(document):
        found = _TASK_HEADING.match(section.title)
        if found and head.id.partition(".")[0] == found["number"] and "." in head.id:
            return True
    return False


def read(reading: Reading) -> Plan:
    """Read one of Kiro's documents."""

    def arrange(tasks: list[Task]) -> list[Task]:
        return [_finished(reading, task) for task in _inherit_optional(nest(separate(tasks), insertions=False))]

    numbered = NumberedTasks(reading, _is_numbered, _nests)
    work = PlacesOfWork(reading.document, phase_name, _is_numbered)

    def outside_criteria(section: Section, phase: str | None) -> list[Task]:
        return [] if in_criteria(section) else numbered.of_section(section, phase)

    tasks = WithLooseBoxes(reading, outside_criteria, work)
    reader = PlanReader(
        reading,
        NAME,
        tasks.of_section,
        arrange=arrange,
        dependencies=_dependencies,
        holds_criteria=tasks.holds_criteria,
    )
    return reader.read()


def _is_numbered(head: Head) -> bool:
    return _NUMBER.fullmatch(head.id) is not None or _NAMED.fullmatch(head.id) is not None


def _nests(parent: str, task_id: str) -> bool:
    """A nested whole number counts a task's own steps; any other number is a task's, whatever it stands under."""
    return continues(parent, task_id) or "." in task_id


def _inherit_optional(tasks: list[Task]) -> list[Task]:
    """Parts of an optional task are optional."""
    optional: set[str] = set()
    found: list[Task] = []
    for task in tasks:
        is_optional = task.optional or task.parent in optional or says_optional(task.title)
        if is_optional:
            optional.add(task.id)
        found.append(replace(task, optional=True) if is_optional and not task.optional else task)
    return found


def _finished(reading: Reading, task: Task) -> Task:
    """A task with the requirements that its properties validate."""
    known = {one.text for one in task.requirements}
    validated = [one for step in task.steps for one in _validated(reading, step)]
    more = {one.text: one for one in reversed(validated) if one.text not in known}
    return replace(task, requirements=(*task.requirements, *reversed(more.values()))) if more else task


def _validated(reading: Reading, step: Step) -> Iterator[Reference]:
    for found in _VALIDATES.finditer(reading.text, step.span.start, step.span.end):
        yield from read_references(reading.text, Span(*found.span("refs")))


def _dependencies(reader: PlanReader) -> Iterator[Dependency]:
    """Waves count before drawings of the same thing."""
    waves = read_waves(reader.reading)
    if waves:
        yield from wave_dependencies(reader.reading, waves, reader.tasks)
        yield from _order_of_parts(reader.tasks, {task for wave in waves for task in wave.tasks})
    else:
        yield from graph_dependencies(reader.reading, reader.document.sections)
    yield from field_dependencies(reader.reading, reader.tasks)


def _order_of_parts(tasks: list[Task], units: set[str]) -> Iterator[Dependency]:
    """A task that a wave names as a whole is done part by part."""
    parts: dict[str, list[Task]] = {}
    for task in tasks:
        if task.parent in units and task.id not in units:
            parts.setdefault(task.parent or "", []).append(task)
    for siblings in parts.values():
        for first, then in pairwise(siblings):
            source = DependencySource(DependencyOrigin.ORDER, then.head_span)
            yield Dependency(first.id, then.id, sources=(source,))
