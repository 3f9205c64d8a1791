"""Agent-OS's ``tasks.md``: ``- [ ] 1. Parent`` over ``- [ ] 1.1 Part``, for a spec in an ``.agent-os`` folder."""

from __future__ import annotations

import re

from milepost.plan.dialects.assemble import PlanReader
from milepost.plan.dialects.document import Document
from milepost.plan.dialects.loose import WithLooseBoxes
from milepost.plan.dialects.numbered import NumberedTasks, document_heads
from milepost.plan.dialects.numbering import nest, separate
from milepost.plan.dialects.reading import Reading
from milepost.plan.dialects.task_headings import TaskHeadings
from milepost.plan.model import Plan, Task
from milepost.source.lazy_regex import lazy_regex

NAME = "agent-os"

_SAYS = "tasks to be completed for the spec detailed in"
_REFERENCE = lazy_regex(rf"@\.agent-os/\S+|{_SAYS}", re.IGNORECASE)
_FOLDER = lazy_regex(r"(?:^|[/\\])\.?agent-os[/\\-]")


def detect(document: Document) -> bool:
    """Say whether the document has numbered checkboxes and refers to a spec of Agent-OS."""
    return bool(_evidence(document))


def why(document: Document) -> str:
    """What shows that the document is one of Agent-OS's."""
    return f"its numbered checkboxes come with {_evidence(document)}"


def _evidence(document: Document) -> str:
    heads = document_heads(document)
    if not heads or len(heads) < len(TaskHeadings(document).found):
        return ""
    text = document.text
    found = _REFERENCE.search(text) if "@." in text or _SAYS in text.casefold() else None
    if found:
        return f"the words {found.group()}"
    return "a place in an .agent-os folder" if _FOLDER.search(document.source.path) else ""


def read(reading: Reading) -> Plan:
    """Read one of Agent-OS's documents."""
    tasks = WithLooseBoxes(reading, NumberedTasks(reading).of_section)
    return PlanReader(reading, NAME, tasks.of_section, arrange=_arrange).read()


def _arrange(tasks: list[Task]) -> list[Task]:
    return nest(separate(tasks))
