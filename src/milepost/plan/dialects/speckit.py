"""GitHub spec-kit's ``tasks.md``: ``T001 [P] [US1] Title`` in phases, and prose on their dependencies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from milepost.plan.dialects.assemble import PlanReader, is_phase, phase_name
from milepost.plan.dialects.dependencies import field_dependencies
from milepost.plan.dialects.document import Document
from milepost.plan.dialects.group_dependencies import group_dependencies
from milepost.plan.dialects.heads import Head
from milepost.plan.dialects.inline_checkpoints import phase_checkpoints
from milepost.plan.dialects.loose import PlacesOfWork, WithLooseBoxes
from milepost.plan.dialects.marks import take_marks
from milepost.plan.dialects.numbered import NumberedTasks, document_heads, is_mostly_loose
from milepost.plan.dialects.numbering import separate, written_id
from milepost.plan.dialects.reading import Reading
from milepost.plan.model import Dependency, Plan, Task
from milepost.source.lazy_regex import lazy_regex

NAME = "speckit"

_ID = lazy_regex(r"T\d{2,6}[A-Za-z]?(?:[.-]\d+)*")
_MARKS = lazy_regex(
    r"^[ \t]*[-*+][ \t]+\[[ xX~/-]\][^\r\n]{0,8}\*{0,2}\[?T\d{2,6}\w?\]?\*{0,2}[ \t]+"
    r"(?:\[[^\]\r\n]*\][ \t]*)?\[(?:P|US[ \t-]?\d)",
    re.MULTILINE,
)
_TITLE = lazy_regex(r"(?:\W*)tasks\b", re.IGNORECASE)
_FORMAT = lazy_regex(
    r"format:?[ \t`]*\[ID\]|dependencies & execution order|parallel (?:example|opportunities|execution)", re.IGNORECASE
)


def detect(document: Document) -> bool:
    """Say whether the document is one of spec-kit's."""
    return bool(_evidence(document))


def why(document: Document) -> str:
    """What shows that the document is one of spec-kit's."""
    return f"its tasks have ids such as T001, with {', '.join(_evidence(document))}"


def _evidence(document: Document) -> list[str]:
    heads = [head for _, head in document_heads(document)]
    if not heads or 2 * sum(is_speckit_id(head) for head in heads) <= len(heads) or is_mostly_loose(document):
        return []
    signs = (
        ("marks such as [P] or [US1] behind them", _MARKS.search(document.text)),
        ("numbered phases around them", any(is_phase(section) for section in document.sections)),
        ("a title such as Tasks: NAME", any(_TITLE.match(one.title) for one in document.sections if one.level == 1)),
        ("a section on format, order or parallel work", any(_FORMAT.search(one.title) for one in document.sections)),
    )
    return [name for name, shown in signs if shown]


def is_speckit_id(head: Head) -> bool:
    """Say whether a task's id is spelled as spec-kit spells them."""
    return _ID.fullmatch(head.id) is not None


def read(reading: Reading) -> Plan:
    """Read one of spec-kit's documents."""

    def arrange(tasks: list[Task]) -> list[Task]:
        return [take_marks(_apart(task), reading.text) for task in separate(tasks)]

    numbered = NumberedTasks(reading, is_speckit_id, lambda *_: True)
    tasks = WithLooseBoxes(reading, numbered.of_section, PlacesOfWork(reading.document, phase_name, is_speckit_id))
    reader = PlanReader(
        reading,
        NAME,
        tasks.of_section,
        arrange=arrange,
        dependencies=_dependencies,
        more_checkpoints=phase_checkpoints,
        holds_criteria=tasks.holds_criteria,
    )
    return reader.read()


def _apart(task: Task) -> Task:
    """A task nested in one whose id its own does not continue stands for itself."""
    is_part = task.parent is None or written_id(task).startswith(task.parent.rpartition("/")[2])
    return task if is_part else replace(task, parent=None)


def _dependencies(reader: PlanReader) -> Iterator[Dependency]:
    yield from group_dependencies(reader)
    yield from field_dependencies(reader.reading, reader.tasks)
