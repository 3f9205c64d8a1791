"""spec-workflow's ``tasks.md``: ``- [ ] 1. Title`` over ``- File: …``, ``_Leverage: …_``, ``_Prompt: …_``."""

from __future__ import annotations

import re
from dataclasses import replace

from milepost.plan.dialects.assemble import PlanReader
from milepost.plan.dialects.document import Document
from milepost.plan.dialects.loose import WithLooseBoxes
from milepost.plan.dialects.numbered import NumberedTasks, document_heads
from milepost.plan.dialects.numbering import nest, separate
from milepost.plan.dialects.reading import Reading
from milepost.plan.dialects.task_headings import TaskHeadings
from milepost.plan.model import Plan, Task
from milepost.source.lazy_regex import lazy_regex

NAME = "spec-workflow"

_FIELD = lazy_regex(r"^[ \t]+[-*+][ \t]+_(?P<key>Leverage|Prompt)[ \t]*:", re.MULTILINE)
_FILE = lazy_regex(r"^[ \t]+[-*+][ \t]+(?:\*\*)?(?P<key>File)s?(?:\*\*)?:(?:\*\*)?[ \t]", re.MULTILINE)
_FILES = lazy_regex(r"(?:\*\*)?files?(?:\*\*)?:(?:\*\*)?[ \t]*(?P<paths>\S.*)", re.IGNORECASE)
_PATH = lazy_regex(r"`(?P<code>[^`]+)`|(?P<bare>[^\s,;()]+)(?:[ \t]*\([^)]*\))?")
_FOLDER = lazy_regex(r"(?:^|[/\\])\.?spec-workflow[/\\-]")
_GIVEN_UP = lazy_regex(r"\[(?:descontinuad[oa]|discontinued|cancell?ed|dropped|removed|obsolete)\]\W*$", re.IGNORECASE)


def detect(document: Document) -> bool:
    """Say whether numbered checkboxes come with spec-workflow's fields."""
    return bool(_evidence(document))


def why(document: Document) -> str:
    """What shows that the document is one of spec-workflow's."""
    return f"its numbered checkboxes come with {_evidence(document)}"


def _evidence(document: Document) -> str:
    heads = document_heads(document)
    if not heads or len(heads) < len(TaskHeadings(document).found):
        return ""
    text = document.text
    found = _FIELD.search(text) if "_Leverage" in text or "_Prompt" in text else None
    if found:
        return f"the field _{found['key']}: …_"
    if _FOLDER.search(document.source.path):
        return "a place in a .spec-workflow folder"
    files = sum(1 for _ in _FILE.finditer(text)) if "File" in text else 0
    return "a line File: … each" if 2 * files >= len(heads) else ""


def read(reading: Reading) -> Plan:
    """Read one of spec-workflow's documents."""
    tasks = WithLooseBoxes(reading, NumberedTasks(reading).of_section)
    return PlanReader(reading, NAME, tasks.of_section, arrange=_arrange).read()


def _arrange(tasks: list[Task]) -> list[Task]:
    return [_finished(task) for task in nest(separate(tasks))]


def _finished(task: Task) -> Task:
    """A task with the files its bullets name; one that is given up counts as struck out."""
    files = task.files
    for step in task.steps:
        found = _FILES.match(step.text)
        if found:
            names = (name["code"] or name["bare"] for name in _PATH.finditer(found["paths"]))
            files = (*files, *(name for name in names if "." in name or "/" in name))
    struck = task.struck or _GIVEN_UP.search(task.title) is not None
    return replace(task, files=tuple(dict.fromkeys(files)), struck=struck)
