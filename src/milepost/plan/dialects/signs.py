"""Lists whose items start with a sign in place of a checkbox: ``- ✅ Done``, ``- ❌ Not yet``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from milepost.plan.blocks import Block, BlockKind
from milepost.plan.dialects.document import Section
from milepost.plan.dialects.heads import read_title
from milepost.plan.dialects.reading import Reading
from milepost.plan.dialects.tasks import TaskReader, first_line
from milepost.plan.model import Task, TaskState, WrittenState
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_SIGN = lazy_regex(r"(?P<sign>[✅☑✔❌☐⬜🔲⏳🔄🚧🔒🚫⛔⏸])\ufe0f?[ \t]+(?=\S)")
_STATES = {
    **dict.fromkeys("✅☑✔", TaskState.DONE),
    **dict.fromkeys("❌☐⬜🔲⏳", TaskState.NOT_STARTED),
    **dict.fromkeys("🔄🚧", TaskState.IN_PROGRESS),
    **dict.fromkeys("🔒🚫⛔", TaskState.BLOCKED),
    "⏸": TaskState.DEFERRED,
}
_OPEN = frozenset("☐⬜🔲⏳🔄🚧🔒⏸")
"""Signs of work to do. A cross alone marks what is bad, or was left out: it says "not yet" only beside a hook."""
_ABOUT_WORK = lazy_regex(r"\b(?:tasks|to-?dos?|stories|backlog|checklist|progress|remaining|roadmap)\b", re.IGNORECASE)
_FEWEST = 3
"""Fewer items with signs are a remark, not a list of tasks."""


@dataclass
class SignedTasks:
    """Reads lists with signs, in a document about work of which some is left: signs also tell good from bad."""

    reading: Reading
    count: int = 0

    def applies(self) -> bool:
        """Say whether the document's signs tell the states of tasks."""
        sections = [section for section in self.reading.document.sections if self._is_about_work(section)]
        signs = [found["sign"] for section in sections for _, found in self._items(section)]
        is_telling = not _OPEN.isdisjoint(signs) or len({_STATES[sign] for sign in signs}) > 1
        return len(signs) >= _FEWEST and is_telling

    def of_section(self, section: Section, phase: str | None) -> list[Task]:
        """The tasks of a section's lists."""
        if not self._is_about_work(section):
            return []
        reader = TaskReader(self.reading, lambda *_: None)
        tasks: list[Task] = []
        for item, found in self._items(section):
            self.count += 1
            head = read_title(self.reading.text, found.end(), item.children[0].lines[0].end)
            (task, *_) = reader.build(item, None, head._replace(id=str(self.count)), phase)
            written = WrittenState(_STATES[found["sign"]], found["sign"], Span(*found.span("sign")))
            tasks.append(replace(task, written=written))
        return tasks

    def _is_about_work(self, section: Section) -> bool:
        return any(_ABOUT_WORK.search(around.title) for around in section.ancestors())

    def _items(self, section: Section) -> Iterator[tuple[Block, re.Match[str]]]:
        for _, item in section.items:
            line = first_line(item)
            found = _SIGN.match(self.reading.text, line.start, line.end) if line else None
            if found and item.children[0].kind is BlockKind.PARAGRAPH:
                yield item, found
