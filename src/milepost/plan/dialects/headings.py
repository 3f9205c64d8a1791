"""Tasks as headings (``### Task 1.1: Title``), their fields as labelled lines, their boxes as steps or parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from milepost.plan.blocks import Block, BlockKind
from milepost.plan.dialects.arrow_direction import directed
from milepost.plan.dialects.assemble import PhaseName, PlanReader, in_checkpoint, phase_name
from milepost.plan.dialects.boxes import MARKS, Box, read_box
from milepost.plan.dialects.criteria import criteria_lists, in_criteria
from milepost.plan.dialects.dependencies import field_dependencies, graph_dependencies
from milepost.plan.dialects.document import Document, Section
from milepost.plan.dialects.heads import Head, read_head, read_title
from milepost.plan.dialects.labelled import read_effort, understand_labels
from milepost.plan.dialects.numbered import document_heads
from milepost.plan.dialects.numbering import nest, separate
from milepost.plan.dialects.overviews import overview_boxes
from milepost.plan.dialects.prose_dependencies import prose_dependencies
from milepost.plan.dialects.reading import Reading
from milepost.plan.dialects.story_criteria import criteria_references
from milepost.plan.dialects.task_headings import TaskHeading, TaskHeadings, section_labels
from milepost.plan.dialects.tasks import TaskReader, continues, first_line, title_head
from milepost.plan.dialects.values import Values
from milepost.plan.grammar.labels import meaning, read_labels
from milepost.plan.model import Checkbox, Dependency, Field, Plan, Step, Task, TaskState
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

NAME = "headings"

_LETTERS = lazy_regex(r"[^\d]*-|[A-Za-z]+")
_REMARK = lazy_regex(r"[ \t]*[(（](?P<inner>[^()（）]*)[)）][ \t]*$")


def detect(document: Document) -> bool:
    """Say whether the document's tasks are headings, and not the numbered boxes beside them."""
    headings = TaskHeadings(document)
    found = headings.found
    return bool(found) and len(found) >= len(document_heads(document)) and not _are_beside_the_point(headings)


def why(document: Document) -> str:
    """What shows that the document's tasks are headings."""
    found = list(TaskHeadings(document).found.values())
    named = sum(bool(heading.id) for heading in found)
    if named:
        return f"{named} headings name a task, the first of them {found[0].id}"
    return f"{len(found)} headings stand over a task's fields"


def _are_beside_the_point(headings: TaskHeadings) -> bool:
    """Say whether headings without ids only happen to have fields, where most boxes stand outside of them."""
    found = headings.found.values()
    if any(heading.id for heading in found):
        return False
    elsewhere = (
        section
        for section in headings.document.sections
        if headings.around(section) is None and not (in_criteria(section) or in_checkpoint(section))
    )
    boxes = sum(item.checkbox is not None for section in elsewhere for _, item in section.items)
    return boxes > len(found)


def read(reading: Reading) -> Plan:
    """Read a document whose tasks are headings."""
    tasks = HeadingTasks(reading, TaskHeadings(reading.document))
    plan = PlanReader(
        reading,
        NAME,
        tasks.of_section,
        name_phase=tasks.name_phase,
        arrange=lambda found: nest(separate(found)),
        dependencies=labelled_dependencies,
        is_task=lambda section: tasks.headings.of(section) is not None,
        holds_criteria=lambda section: tasks.headings.around(section) is None,
    ).read()
    ticked = {task.checkbox.span for task in plan.tasks if task.checkbox}
    return replace(
        plan, criteria=tuple(one for one in plan.criteria if not one.checkbox or one.checkbox.span not in ticked)
    )


def labelled_dependencies(reader: PlanReader) -> Iterator[Dependency]:
    """What graphs draw, italic fields say, and labelled lines say in a sentence."""
    stated = [link for task in reader.tasks for link in _stated(reader.reading, task)]
    ends = {(link.predecessor, link.successor) for link in stated}
    for section in reader.document.sections:
        if not any(map(reader.is_task, section.ancestors())):
            yield from directed(reader.reading, graph_dependencies(reader.reading, [section]), ends)
    yield from stated


def _stated(reading: Reading, task: Task) -> Iterator[Dependency]:
    italic = tuple(one for one in task.fields if reading.text.startswith("_", one.span.start))
    yield from field_dependencies(reading, [replace(task, fields=italic)])
    for one in task.fields:
        name = meaning(one.key)
        if name in ("depends", "blocks") and one not in italic:
            yield from prose_dependencies(reading, task, one.value_span, reverse=name == "blocks")


@dataclass
class HeadingTasks:
    """Reads task headings with everything under them."""

    reading: Reading
    headings: TaskHeadings
    unnamed: dict[str | None, int] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)

    def of_section(self, section: Section, phase: str | None) -> list[Task]:
        """The task that a section is, followed by the boxes in it that are tasks themselves."""
        heading = self.headings.of(section)
        if heading:
            return self._read(heading, phase)
        return list(self._boxes(section, phase)) if self._is_of_boxes(section) else []

    def name_phase(self, section: Section) -> PhaseName | None:
        """The phase a section is; of several with one number the one that holds task headings, and then the first."""
        return self._phases.get(id(section))

    @cached_property
    def _phases(self) -> dict[int, PhaseName]:
        found: dict[str, tuple[Section, PhaseName]] = {}
        for section in self.reading.document.sections:
            name = phase_name(section)
            if name and (name.id not in found or (self._holds(section) and not self._holds(found[name.id][0]))):
                found[name.id] = section, name
        return {id(section): name for section, name in found.values()}

    def _holds(self, section: Section) -> bool:
        return id(section) in self._holders

    @cached_property
    def _holders(self) -> set[int]:
        """The sections that have task headings under them."""
        headings = self.headings.found.values()
        return {id(outer) for heading in headings for outer in heading.section.ancestors()}

    def _is_of_boxes(self, section: Section) -> bool:
        """Say whether a section is in a phase without any task heading, whose boxes are tasks then."""
        if self.headings.around(section) or in_criteria(section) or in_checkpoint(section):
            return False
        phase = next((outer for outer in section.ancestors() if self.name_phase(outer)), None)
        return phase is not None and not self._holds(phase)

    def _boxes(self, section: Section, phase: str | None) -> Iterator[Task]:
        reader = TaskReader(self.reading, lambda *_: None)
        criteria = criteria_lists(self.reading.text, section)
        for block, item in section.items:
            line = first_line(item)
            box = read_box(self.reading, line.start, line.end) if line and id(block) not in criteria else None
            if line and box:
                yield from reader.build(item, box, title_head(self.reading, line, box, self._free_name(phase)), phase)

    def _read(self, heading: TaskHeading, phase: str | None) -> list[Task]:
        task_id = heading.id or self._free_name(phase)
        self.names[id(heading.section)] = task_id
        fields = list(self._fields(heading.section))
        values = understand_labels(self.reading, fields)
        written = values.pop("written", None) or heading.written
        title, title_span = self._title(heading, values)
        steps, parts = self._body(heading, task_id, phase)
        assert heading.section.heading is not None
        task = Task(
            id=task_id,
            title=title,
            span=Span(heading.section.start, heading.section.end),
            head_span=heading.section.heading.span,
            title_span=title_span,
            id_span=heading.id_span,
            checkbox=self._checkbox(heading) or (None if written or parts else self._overview.get(heading.id)),
            phase=phase,
            parent=self._parent(heading.section),
            struck=heading.struck,
            steps=tuple(steps),
            fields=tuple(fields),
            written=written,
            **values,
        )
        return [task, *parts]

    def _free_name(self, phase: str | None) -> str:
        """An id for a heading without one: the phase's number and the next free number."""
        while True:
            self.unnamed[phase] = self.unnamed.get(phase, 0) + 1
            name = f"{phase}.{self.unnamed[phase]}" if phase else str(self.unnamed[phase])
            if name not in self._stated_ids:
                return name

    @cached_property
    def _stated_ids(self) -> set[str]:
        return {heading.id for heading in self.headings.found.values()}

    def _parent(self, section: Section) -> str | None:
        outer = self.headings.around(section.parent) if section.parent else None
        return self.names.get(id(outer.section)) if outer else None

    @cached_property
    def _overview(self) -> dict[str, Checkbox]:
        return overview_boxes(self.reading.document, self.headings)

    def _checkbox(self, heading: TaskHeading) -> Checkbox | None:
        if heading.mark_span is None:
            return None
        mark = self.reading.text[heading.mark_span.start : heading.mark_span.end]
        return Checkbox(MARKS.get(mark, TaskState.UNKNOWN), mark, heading.mark_span)

    def _fields(self, section: Section) -> Iterator[Field]:
        """The labelled lines under a heading; a list below an empty label gives a value each."""
        for label, block in section_labels(self.reading.text, section):
            lines = [first_line(item) for item in block.children] if block else []
            if not any(lines):
                yield label
            for line in lines:
                if line:
                    yield Field(label.key, self.reading.text[line.start : line.end], line, line)

    def _title(self, heading: TaskHeading, values: Values) -> tuple[str, Span]:
        """The title without an effort and criteria in brackets behind it; those become values."""
        title, span = heading.title, heading.title_span
        while found := _REMARK.search(self.reading.text, span.start, span.end):
            inner = Span(*found.span("inner"))
            criteria = criteria_references(self.reading.document, inner)
            effort = None if criteria is not None else read_effort(self.reading, inner)
            if criteria is not None:
                values["requirements"] = (*values.get("requirements", ()), *criteria)
            elif effort and effort.span == inner:
                values.setdefault("effort", effort)
            else:
                break
            span = Span(span.start, found.start())
            title = title[: title.rfind(found["inner"]) - 1].rstrip()
        return (title, span) if title else self._first_line(heading)

    def _first_line(self, heading: TaskHeading) -> tuple[str, Span]:
        """The line under a heading that says no more than a number; one with a label is no title."""
        block = heading.section.blocks[0] if heading.section.blocks else None
        if (
            block is None
            or block.kind is not BlockKind.PARAGRAPH
            or any(read_labels(self.reading.text, block.lines[0]))
        ):
            return heading.title, heading.title_span
        line = read_title(self.reading.text, block.lines[0].start, block.lines[0].end)
        return line.title, line.title_span

    def _body(self, heading: TaskHeading, task_id: str, phase: str | None) -> tuple[list[Step], list[Task]]:
        """The steps of a task, and the boxes in it whose numbers make them tasks."""
        steps: list[Step] = []
        parts: list[Task] = []
        reader = TaskReader(self.reading, _boxed_head, _is_part)
        for section in self._owned.get(id(heading.section), ()):
            for _, item in section.items:
                found = reader.read(item, phase, task_id) if item.checkbox else []
                parts += found
                step = None if found else reader.step(item)
                if step:
                    steps.append(step)
        return steps, parts

    @cached_property
    def _owned(self) -> dict[int, list[Section]]:
        """The sections whose text belongs to each task heading, by the identity of the heading's section."""
        owned: dict[int, list[Section]] = {}
        for section in self.reading.document.sections:
            heading = self.headings.around(section)
            if heading:
                owned.setdefault(id(heading.section), []).append(section)
        return owned


def _is_part(parent: str, task_id: str) -> bool:
    """``1.1`` is part of ``TASK-1``, and so is ``TASK-1.1``."""
    return continues(number_of(parent), number_of(task_id))


def number_of(task_id: str) -> str:
    """An id without its letters: ``1.1`` of ``TASK-1.1``."""
    return _LETTERS.sub("", task_id)


def _boxed_head(reading: Reading, item: Block, box: Box | None, line: Span) -> Head | None:
    return read_head(reading.text, box.end, line.end) if box else None
