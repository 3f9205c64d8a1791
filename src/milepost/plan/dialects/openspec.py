"""OpenSpec's ``tasks.md``: numbered sections (``## 1. Section``) of checkboxes numbered after them (``1.1``)."""

from __future__ import annotations

import re
from dataclasses import replace

from milepost.plan.dialects.assemble import PhaseName, PlanReader, phase_name
from milepost.plan.dialects.document import Document, Section
from milepost.plan.dialects.heads import Head
from milepost.plan.dialects.loose import PlacesOfWork, WithLooseBoxes
from milepost.plan.dialects.numbered import NumberedTasks, document_heads, says_optional
from milepost.plan.dialects.numbering import nest, separate
from milepost.plan.dialects.reading import Reading
from milepost.plan.model import Plan, Task
from milepost.source.lazy_regex import lazy_regex

NAME = "openspec"

_SECTION = lazy_regex(
    r"(?:[^\w\s]+[ \t]*)?(?P<id>\d+[a-z]?)(?:[.)、．:：]+[ \t]*|[ \t]+(?:[-–—][ \t]+)?)(?P<title>\S.*)", re.DOTALL
)
_NUMBER = lazy_regex(r"(?:[A-Z]\.)?\d+(?:[A-Za-z]?\.\d+)*[a-z]?")


def detect(document: Document) -> bool:
    """Say whether most numbered checkboxes continue the number of the heading they stand under."""
    matching, numbered = _count(document)
    return matching > 0 and 2 * matching > numbered


def why(document: Document) -> str:
    """What shows that the document is one of OpenSpec's."""
    matching, numbered = _count(document)
    return f"{matching} of {numbered} numbered checkboxes continue the number of the heading they stand under"


def _count(document: Document) -> tuple[int, int]:
    numbered = [
        (section, head) for section, head in document_heads(document) if _NUMBER.fullmatch(head.id) and not head.bold
    ]
    return sum(_continues_heading(section, head) for section, head in numbered), len(numbered)


def _continues_heading(section: Section, head: Head) -> bool:
    names = (_numbered_name(around) for around in section.ancestors())
    return any(name and head.id.startswith(f"{name.id}.") for name in names)


def _numbered_name(section: Section) -> PhaseName | None:
    found = _SECTION.fullmatch(section.title) if section.level > 1 else None
    return PhaseName(found["id"], found["title"].strip()) if found else None


def _section_name(section: Section) -> PhaseName | None:
    return _numbered_name(section) or phase_name(section)


def read(reading: Reading) -> Plan:
    """Read one of OpenSpec's documents."""
    numbered = NumberedTasks(reading, _is_numbered)
    work = PlacesOfWork(reading.document, _section_name, _is_numbered)
    tasks = WithLooseBoxes(reading, numbered.of_section, work)
    reader = PlanReader(
        reading,
        NAME,
        tasks.of_section,
        name_phase=_section_name,
        arrange=_arrange,
        holds_criteria=tasks.holds_criteria,
    )
    return reader.read()


def _is_numbered(head: Head) -> bool:
    return _NUMBER.fullmatch(head.id) is not None


def _arrange(tasks: list[Task]) -> list[Task]:
    return [replace(task, optional=True) if says_optional(task.title) else task for task in nest(separate(tasks))]
