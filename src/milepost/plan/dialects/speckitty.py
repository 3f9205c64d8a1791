"""spec-kitty's ``tasks.md``, work packages of subtasks, and its prompt files, one for each work package."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from milepost.plan.blocks import Block, BlockKind
from milepost.plan.dialects.assemble import PhaseName, PlanReader
from milepost.plan.dialects.dependencies import field_dependencies
from milepost.plan.dialects.document import LISTS, Document, Section
from milepost.plan.dialects.group_dependencies import group_dependencies
from milepost.plan.dialects.header import read_metadata
from milepost.plan.dialects.inline_checkpoints import phase_checkpoints
from milepost.plan.dialects.marks import take_marks
from milepost.plan.dialects.numbered import NumberedTasks
from milepost.plan.dialects.numbering import separate
from milepost.plan.dialects.reading import Reading
from milepost.plan.dialects.speckit import is_speckit_id
from milepost.plan.dialects.tasks import TaskReader
from milepost.plan.model import Dependency, Plan, Step, Task
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

NAME = "speckitty"

_KEY = "work_package_id"

_PACKAGE = lazy_regex(
    r"(?:work[ \t]+package[ \t]+)?(?:prompt:[ \t]+)?WP[ \t-]?(?P<number>\d+)\b(?![ \t]*[-–—+,/&][ \t]*WP)"
    r"[ \t]*(?:[:：.–—-]+[ \t]*)?(?P<title>.*)",
    re.IGNORECASE | re.DOTALL,
)
_NUMBERED_PACKAGE = lazy_regex(
    r"work[ \t]+package[ \t]+(?P<number>\d+)\b[ \t]*(?:[:：.–—-]+[ \t]*)?(?P<title>.*)", re.IGNORECASE
)
_SUBTASK = lazy_regex(
    r"(?:\*\*|~~)?(?:sub-?task[ \t]+)?(?P<id>T\d{2,6}[A-Za-z]?)\b(?:\*\*)?[ \t]*(?P<mark>\[P\])?"
    r"[ \t]*(?:[:：.–—-]+[ \t]*)?(?P<title>.*)",
    re.IGNORECASE | re.DOTALL,
)


def detect(document: Document) -> bool:
    """Say whether the document has work packages, or is the prompt of one."""
    return is_prompt(document) or bool(_packages(document))


def why(document: Document) -> str:
    """What shows that the document is one of spec-kitty's."""
    if is_prompt(document):
        return f"its front matter is that of work package {read_metadata(document)[_KEY]}"
    return f"its headings name work packages such as {_packages(document)[0].id}"


def _packages(document: Document) -> list[PhaseName]:
    return [name for section in document.sections if section.level > 1 and (name := package_name(section))]


def is_prompt(document: Document) -> bool:
    """Say whether the document is the prompt of one work package: a brief for whoever does it."""
    return _KEY in read_metadata(document)


def _named_package(section: Section) -> PhaseName | None:
    return package_name(section) if section.level > 1 else None


def package_name(section: Section) -> PhaseName | None:
    """The work package a heading names: ``WP01``, also written ``Work Package 1``."""
    found = _NUMBERED_PACKAGE.match(section.title) or _PACKAGE.match(section.title)
    if found is None:
        return None
    return PhaseName(f"WP{int(found['number']):02d}", found["title"].strip())


def read(reading: Reading) -> Plan:
    """Read one of spec-kitty's documents."""
    return _read_prompt(reading) if is_prompt(reading.document) else _read_packages(reading)


def _read_packages(reading: Reading) -> Plan:
    names = [name.id for name in _packages(reading.document)]
    reading.groups = frozenset(names)

    def arrange(tasks: list[Task]) -> list[Task]:
        return [take_marks(task, reading.text) for task in separate(tasks)]

    reader = PlanReader(
        reading,
        NAME,
        _Packages(reading).of_section,
        name_phase=_named_package,
        arrange=arrange,
        dependencies=_dependencies,
        more_checkpoints=phase_checkpoints,
    )
    return reader.read()


def _read_prompt(reading: Reading) -> Plan:
    """A prompt's subtasks follow one another; without any the work package is one task."""
    tasks = _Subtasks(reading).of_section
    plan = PlanReader(reading, NAME, tasks, name_phase=lambda _: None).read()
    found = tuple(replace(take_marks(task, reading.text), phase=None) for task in plan.tasks)
    return replace(plan, phases=(), tasks=found or (_whole_prompt(reading),))


def _whole_prompt(reading: Reading) -> Task:
    metadata = read_metadata(reading.document)
    front = reading.document.root.children[0].span
    at = reading.text.find(metadata[_KEY], front.start, front.end)
    heading = next((one for one in reading.document.sections if one.heading), None)
    span = Span(heading.start if heading else front.start, reading.document.root.span.end)
    return Task(
        id=metadata[_KEY],
        title=metadata.get("title", heading.title if heading else ""),
        span=span,
        head_span=heading.heading.span if heading and heading.heading else front,
        title_span=heading.title_span if heading else front,
        id_span=Span(at, at + len(metadata[_KEY])),
    )


def _dependencies(reader: PlanReader) -> Iterator[Dependency]:
    yield from group_dependencies(reader)
    yield from field_dependencies(reader.reading, reader.tasks)


@dataclass
class _Packages:
    """The subtasks of work packages; a package without any is a task itself."""

    reading: Reading
    seen: set[str] = field(default_factory=set)

    def of_section(self, section: Section, phase: str | None) -> list[Task]:
        """The tasks of a section's lists, or the work package its heading names."""
        tasks = NumberedTasks(self.reading, is_speckit_id).of_section(section, phase)
        name = _named_package(section)
        if name is None or name.id in self.seen:
            return tasks
        self.seen.add(name.id)
        if tasks or id(section) in self._with_subtasks:
            return tasks
        return [_of_heading(self.reading, section, name.id, name.title, section.title_span, phase)]

    @cached_property
    def _with_subtasks(self) -> set[int]:
        """The sections, by identity, in which subtasks stand at any depth."""
        reader = NumberedTasks(self.reading, is_speckit_id)
        holding = (one for one in self.reading.document.sections if reader.of_section(one, None))
        return {id(around) for one in holding for around in one.ancestors()}


@dataclass
class _Subtasks:
    """The subtasks of a prompt: headings, without a checkbox."""

    reading: Reading
    seen: set[str] = field(default_factory=set)

    def of_section(self, section: Section, phase: str | None) -> list[Task]:
        """The task that a section's heading names."""
        found = _subtask(self.reading.document, section)
        if found is None or found["id"].upper() in self.seen:
            return []  # what is said of a subtask again is part of it
        self.seen.add(found["id"].upper())
        span = Span(*found.span("title"))
        task = _of_heading(self.reading, section, found["id"].upper(), found["title"], span, phase)
        return [replace(task, id_span=Span(*found.span("id")), parallel=found["mark"] is not None)]


def _subtask(document: Document, section: Section) -> re.Match[str] | None:
    if section.heading is None:
        return None
    return _SUBTASK.match(document.text, *section.title_span)


def _of_heading(
    reading: Reading, section: Section, task_id: str, title: str, title_span: Span, phase: str | None
) -> Task:
    assert section.heading is not None
    return Task(
        id=task_id,
        title=title.replace("**", "").strip(),
        span=Span(section.start, section.end),
        head_span=section.heading.span,
        title_span=title_span,
        phase=phase,
        struck="~~" in title,
        steps=tuple(_steps(reading, section)),
    )


def _steps(reading: Reading, section: Section) -> Iterator[Step]:
    reader = TaskReader(reading)
    for block in section.blocks:
        if block.kind in LISTS:
            for item in block.children:
                step = reader.step(item)
                if step:
                    yield step
        elif block.kind is BlockKind.PARAGRAPH:
            yield Step(_text(reading, block), block.span)


def _text(reading: Reading, block: Block) -> str:
    return " ".join(reading.document.lines(block))
