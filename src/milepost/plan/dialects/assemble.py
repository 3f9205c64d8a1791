"""From sections to a whole plan: what all dialects that write tasks as list items have in common."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from milepost.plan.blocks import walk
from milepost.plan.dialects.checkpoints import is_checkpoint, is_checkpoint_group, is_gate_of_phase, read_checkpoints
from milepost.plan.dialects.claims import FOOTER, escalation_rule, of_the_plan, read_claims, read_notes
from milepost.plan.dialects.criteria import criteria_lists, in_criteria, read_criteria
from milepost.plan.dialects.dependencies import field_dependencies, graph_dependencies, merge
from milepost.plan.dialects.document import Document, Section
from milepost.plan.dialects.header import read_metadata, read_purpose, read_title
from milepost.plan.dialects.numbering import restarted, separate
from milepost.plan.dialects.placeholders import note_placeholders
from milepost.plan.dialects.reading import Reading
from milepost.plan.dialects.tables import assignments
from milepost.plan.grammar.ids import IdIndex
from milepost.plan.model import Checkpoint, Claim, Criterion, Dependency, Note, ObservationKind, Phase, Plan, Task
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

SectionTasks = Callable[[Section, str | None], list[Task]]
"""Gives the tasks of one section; the second argument is the id of the phase they belong to."""

_PHASE = lazy_regex(
    r"\W*(?:phase|stage|milestone|sprint|iteration|fase|etapa)[ \t]+(?P<id>\d+[A-Z]?(?:\.\d+)*|[A-Z])\b"
    r"[ \t]*(?:[:：.–—-][ \t]*)?(?P<title>.*)",
    re.IGNORECASE | re.DOTALL,
)
_PHASE_ABROAD = lazy_regex(
    r"\W*(?:(?:フェーズ|阶段|階段|単元|단계|ステージ|里程碑)[ \t]*(?P<id>\d+(?:\.\d+)*|[一二三四五六七八九十])"
    r"|第[ \t]*(?P<ordinal>\d+|[一二三四五六七八九十])[ \t]*(?:阶段|階段|フェーズ|단계)"
    r"|(?:этап|фаза|етап|étape|aşama|giai[ \t]đoạn|tahap|fáze|faza|etap|bosqich)[ \t]+(?P<number>\d+))(?![\w.]*\d)"
    r"[ \t]*(?:[:：.、–—-][ \t]*)?(?P<title>.*)",
    re.IGNORECASE | re.DOTALL,
)
_ENGLISH = lazy_regex(r"[ -~]*\Z")
_NUMERALS = {numeral: str(number) for number, numeral in enumerate("一二三四五六七八九十", start=1)}
_NOTES = lazy_regex(r"(?:.*\b)?notes?\b.*|备注", re.IGNORECASE)


class PhaseName(NamedTuple):
    """What a heading calls a phase: its id and its title."""

    id: str
    title: str


def phase_name(section: Section) -> PhaseName | None:
    """The phase a section's title names by its number."""
    found = None if is_gate_of_phase(section) else _PHASE.match(section.title)
    if found:
        return PhaseName(found["id"], found["title"].strip())
    if section.level < 2 or _ENGLISH.match(section.title):
        return None
    abroad = _PHASE_ABROAD.match(section.title)
    if abroad is None:
        return None
    number = abroad["id"] or abroad["ordinal"] or abroad["number"]
    return PhaseName(_NUMERALS.get(number, number), abroad["title"].strip())


def united(spans: Iterable[Span]) -> list[Span]:
    """The stretches of text that spans cover together, in order."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def is_inside(span: Span, stretches: Sequence[Span]) -> bool:
    """Say whether a span lies in one of some stretches that stand in order and apart."""
    place = bisect_right(stretches, span.start, key=lambda stretch: stretch.start)
    return place > 0 and stretches[place - 1].end >= span.end


def is_phase(section: Section) -> bool:
    """Say whether a section's title names a phase by its number."""
    return phase_name(section) is not None


def is_notes(section: Section) -> bool:
    """Say whether a section's title announces notes."""
    return section.level > 1 and _NOTES.fullmatch(section.title) is not None and not is_phase(section)


def in_checkpoint(section: Section) -> bool:
    """Say whether a section is part of a checkpoint, or of a group of them."""
    return any(is_checkpoint(around) or is_checkpoint_group(around) for around in section.ancestors())


def stated_dependencies(reader: PlanReader) -> Iterator[Dependency]:
    """What graphs draw and ``_Depends:_`` fields say; a drawing names no tasks where none has an id."""
    if any(task.id_span for task in reader.tasks):
        yield from graph_dependencies(reader.reading, reader.document.sections)
    yield from field_dependencies(reader.reading, reader.tasks)


@dataclass
class PlanReader:
    """Reads a document section by section; ``section_tasks`` says which tasks a section holds.

    What dialects say differently are the other functions: how a heading names a phase (the innermost one around a
    task counts), what the list of all tasks shows of each of them, where dependencies are stated, which checkpoints
    there are beside those with a heading of their own, which sections are themselves a task (those group no tasks
    and claim nothing of the plan), and in which sections boxes that are no task's are conditions of the whole.
    """

    reading: Reading
    dialect: str
    section_tasks: SectionTasks
    name_phase: Callable[[Section], PhaseName | None] = phase_name
    arrange: Callable[[list[Task]], list[Task]] = separate
    dependencies: Callable[[PlanReader], Iterable[Dependency]] = stated_dependencies
    more_checkpoints: Callable[[PlanReader], Iterable[Checkpoint]] = lambda _: ()
    is_task: Callable[[Section], bool] = lambda _: False
    holds_criteria: Callable[[Section], bool] = in_criteria
    tasks: list[Task] = field(default_factory=list)
    phase_sections: dict[str, Section] = field(default_factory=dict)
    phase_tasks: dict[str, list[str]] = field(default_factory=dict)
    filled: set[str] = field(default_factory=set)

    @property
    def document(self) -> Document:
        """The document being read."""
        return self.reading.document

    def read(self) -> Plan:
        """Read everything; the ids of all tasks are known before anything that names tasks is read."""
        self._read_tasks()
        phase_ids = {phase: tuple(ids) for phase, ids in self.phase_tasks.items()}
        self.reading.index = IdIndex.of((task.id for task in self.tasks), phase_ids)
        self._look_up_locally()
        self._note_duplicates()
        title = read_title(self.document)
        checkpoints = self._checkpoints()
        dependencies = merge(self.dependencies(self))
        table_blocks = (block for section in self.document.sections for block in section.blocks)
        rows = tuple(assignments(self.reading, table_blocks))
        claims = tuple(self._claims())
        notes = tuple(self._notes())
        note_placeholders(self.reading)
        return Plan(
            source=self.document.source,
            dialect=self.dialect,
            title=title.text,
            title_span=title.span,
            purpose=read_purpose(self.document),
            phases=tuple(self._phases()),
            tasks=tuple(self.tasks),
            checkpoints=checkpoints,
            dependencies=dependencies,
            assignments=rows,
            claims=claims,
            notes=notes,
            escalation=escalation_rule(self.reading, notes),
            observations=tuple(sorted(dict.fromkeys(self.reading.observations), key=lambda seen: seen.span)),
            metadata=read_metadata(self.document),
            criteria=tuple(self._criteria()),
        )

    def _read_tasks(self) -> None:
        stated = {name.id for section in self.document.sections if (name := self.name_phase(section))}
        ids: dict[int, str] = {}
        for section in self.document.sections:
            group = self._group(section)
            phase = ids.get(id(group)) or self._phase_id(group, stated)
            tasks = self.section_tasks(section, phase)
            if group.heading and (tasks or self._is_first_of_name(section)):
                assert phase is not None
                ids[id(group)] = phase
                if self.phase_sections.setdefault(phase, group) is not group:
                    del self.phase_sections[phase]
                    self.phase_sections[phase] = group
            self.tasks += tasks
            self.filled.update(task.phase for task in tasks if task.phase)
        self.tasks = self.arrange(self.tasks)
        self.phase_tasks = {phase: [] for phase in self.phase_sections}
        for task in self.tasks:
            if task.phase in self.phase_tasks:
                self.phase_tasks[task.phase].append(task.id)

    def _look_up_locally(self) -> None:
        """Within a phase that counts from the start again its own tasks come first."""
        names = restarted(self.tasks)
        self.reading.local = {phase: self.reading.index.seen_from(own) for phase, own in names.items()}
        sections = self.phase_sections.items()
        self.reading.local_sections = {id(section): phase for phase, section in sections if phase in names}

    def _group(self, section: Section) -> Section:
        """The section that groups a section's tasks: the phase around it, or else the nearest that is no task."""
        around = [outer for outer in section.ancestors() if not self.is_task(outer)]
        return next((outer for outer in around if self.name_phase(outer)), around[0] if around else section)

    def _is_first_of_name(self, section: Section) -> bool:
        """Say whether a section names a phase no other has named: a second one without tasks only talks about it."""
        name = self.name_phase(section)
        return name is not None and name.id not in self.phase_sections

    def _phase_id(self, section: Section, stated: set[str]) -> str | None:
        """A phase's number as written, or else a free ordinal; None where there is no heading."""
        if section.heading is None:
            return None
        found = self.name_phase(section)
        if found and (found.id not in self.phase_sections or found.id not in self.filled):
            return found.id
        number = len(self.phase_sections) + 1
        while str(number) in stated or str(number) in self.phase_sections:
            number += 1
        return str(number)

    def _phases(self) -> Iterator[Phase]:
        for phase, section in self.phase_sections.items():
            found = self.name_phase(section)
            title = found.title if found else section.title
            span = Span(section.start, section.end)
            yield Phase(phase, title, span, section.title_span, tuple(self.phase_tasks[phase]))

    def _note_duplicates(self) -> None:
        first: dict[str, Task] = {}
        for task in self.tasks:
            original = first.setdefault(task.id, task)
            if original is not task:
                self.reading.observe(
                    ObservationKind.DUPLICATE_ID,
                    task.id_span or task.head_span,
                    "another task has the same id",
                    text=task.id,
                    related=(original.id_span or original.head_span,),
                )

    def _checkpoints(self) -> tuple[Checkpoint, ...]:
        starts = {phase: section.start for phase, section in self.phase_sections.items()}
        sections = (section for section in self.document.sections if section.heading and is_checkpoint(section))
        return (*read_checkpoints(self.reading, sections, starts), *self.more_checkpoints(self))

    def _criteria(self) -> Iterator[Criterion]:
        """The boxes under criteria that are no part of a task or checkpoint."""
        taken = united([*(task.span for task in self.tasks), *self._checkpoint_spans()])
        for section in self.document.sections:
            named = self.holds_criteria(section) or self._is_about_a_task(section)
            lists = criteria_lists(self.reading.text, section)
            if (named and not in_checkpoint(section)) or is_checkpoint_group(section) or lists:
                for block in section.blocks:
                    if named or is_checkpoint_group(section) or id(block) in lists:
                        items = (item for item in walk(block) if not is_inside(item.span, taken))
                        yield from read_criteria(self.reading, items)

    def _checkpoint_spans(self) -> Iterator[Span]:
        for section in self.document.sections:
            if section.heading and is_checkpoint(section):
                yield Span(section.start, section.end)

    def _is_about_a_task(self, section: Section) -> bool:
        """Say whether a heading starts with the id of a task that is listed elsewhere."""
        return section.title.partition(" ")[0].rstrip(".:") in self.reading.index

    def _claims(self) -> Iterator[Claim]:
        return of_the_plan(self.reading.text, list(self._stated_claims()))

    def _stated_claims(self) -> Iterator[tuple[Section, Claim]]:
        """What sections claim: inside phases and checkpoints only what stands in a footer."""
        phases = list(self.phase_sections.values())
        inner = {id(section) for section in phases[1:]} | {id(section) for section in phases[:1] if is_phase(section)}
        known = {id(section) for section in phases}
        for section in self.document.sections:
            around = list(section.ancestors())
            if any(self.is_task(one) or (self.name_phase(one) and id(one) not in known) for one in around):
                continue
            is_inner = in_checkpoint(section) or any(id(around) in inner for around in section.ancestors())
            for claim in read_claims(self.reading, section, FOOTER if is_inner else None):
                yield section, claim

    def _notes(self) -> Iterator[Note]:
        for section in self.document.sections:
            if any(is_notes(around) for around in section.ancestors()):
                yield from read_notes(self.reading, section)
