"""Task Master's ``task_001.txt``: one task with its subtasks, as written out for people and agents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from milepost.plan.formats.task_master import CANCELLED, WORDS, state_of
from milepost.plan.model import (
    Dependency,
    DependencyOrigin,
    DependencySource,
    Plan,
    Step,
    Task,
    WrittenState,
)
from milepost.source import SourceText, Span
from milepost.source.lazy_regex import lazy_regex

NAME = "task-master-text"

_HEAD = lazy_regex(r"\s*# Task ID:[ \t]*(?P<id>\d+)[ \t]*(?=[\r\n]|\Z)", re.MULTILINE)
_LABEL = lazy_regex(r"(?:^|(?<=\r))#{1,3} (?P<label>[A-Z][A-Za-z ]+):[ \t]*(?P<value>[^\r\n]*)", re.MULTILINE)
_SUBTASK = lazy_regex(
    r"(?:^|(?<=\r))## (?P<id>\d+)\. (?P<title>[^\r\n]*?)(?:[ \t]*\[(?P<status>[A-Za-z_-]+)\])?[ \t]*(?=[\r\n]|\Z)",
    re.MULTILINE,
)
_ID = lazy_regex(r"\d+(?:\.\d+)?")


def detect(source: SourceText) -> bool:
    """Say whether a text starts with a task's id as Task Master writes it."""
    return _HEAD.match(source.text) is not None


def why(source: SourceText) -> str:
    """What shows the format."""
    return "it starts with `# Task ID:`, as the files do that Task Master writes for one task each"


def read(source: SourceText) -> Plan:
    """Read the task and its subtasks; what they depend on outside the file is not known here."""
    return _Reader(source).read()


@dataclass
class _Reader:
    source: SourceText

    def read(self) -> Plan:
        text = self.source.text
        head = _HEAD.match(text)
        if head is None:
            return Plan(source=self.source, dialect=NAME)
        cuts = list(_SUBTASK.finditer(text))
        ends = [*(cut.start() for cut in cuts), len(text)]
        labels = self._labels(head.start("id"), ends[0])
        status, title = labels.get("Status"), labels.get("Title")
        task = Task(
            id=head["id"],
            title=self._text(title),
            span=Span(head.start("id"), len(text)),
            head_span=Span(head.start(), head.end()),
            title_span=title or Span(head.end(), head.end()),
            id_span=Span(*head.span("id")),
            parallel=True,
            struck=self._text(status).casefold() in CANCELLED,
            steps=tuple(self._steps(labels)),
            priority=self._text(labels.get("Priority")) or None,
            written=self._written(status),
        )
        tasks, stated = [task], list(self._depends(task.id, labels))
        for cut, end in zip(cuts, ends[1:], strict=True):
            part, more = self._subtask(cut, end, task.id)
            tasks.append(part)
            stated += more
        known = {one.id for one in tasks}
        dependencies = {
            (one.predecessor, one.successor): one for one in stated if {one.predecessor, one.successor} <= known
        }
        return Plan(
            source=self.source,
            dialect=NAME,
            title=task.title,
            title_span=title,
            tasks=tuple(tasks),
            dependencies=tuple(dependencies.values()),
        )

    def _subtask(self, cut: re.Match[str], end: int, parent: str) -> tuple[Task, list[Dependency]]:
        labels = self._labels(cut.end(), end)
        status = Span(*cut.span("status")) if cut["status"] else None
        task = Task(
            id=f"{parent}.{cut['id']}",
            title=cut["title"],
            span=Span(cut.start(), end),
            head_span=Span(cut.start(), cut.end()),
            title_span=Span(*cut.span("title")),
            id_span=Span(*cut.span("id")),
            parent=parent,
            parallel=True,
            struck=(cut["status"] or "").casefold() in CANCELLED,
            steps=tuple(self._steps(labels)),
            written=self._written(status),
        )
        return task, list(self._depends(task.id, labels))

    def _labels(self, start: int, end: int) -> dict[str, Span]:
        found: dict[str, Span] = {}
        for label in _LABEL.finditer(self.source.text, start, end):
            found.setdefault(label["label"], self._value(label, end))
        return found

    def _value(self, label: re.Match[str], end: int) -> Span:
        """What stands behind a label or, when its line ends there, on the lines up to the next one."""
        start, value = label.start("value"), label["value"].rstrip()
        if not value:
            following = _LABEL.search(self.source.text, label.end(), end)
            start = label.end()
            value = self.source.text[start : following.start() if following else end].rstrip()
            start += len(value) - len(value.lstrip())
            value = value.lstrip()
        return Span(start, start + len(value))

    def _depends(self, task: str, labels: dict[str, Span]) -> Iterator[Dependency]:
        span = labels.get("Dependencies")
        for named in _ID.finditer(self.source.text, *span) if span else ():
            source = DependencySource(DependencyOrigin.FIELD, Span(*named.span()))
            yield Dependency(named.group(), task, sources=(source,))

    def _steps(self, labels: dict[str, Span]) -> Iterator[Step]:
        for label in ("Description", "Details", "Test Strategy"):
            span = labels.get(label)
            if span and span.start < span.end:
                yield Step(self._text(span), span)

    def _written(self, span: Span | None) -> WrittenState | None:
        word = self._text(span)
        return WrittenState(state_of(word), word, span, WORDS) if span else None

    def _text(self, span: Span | None) -> str:
        return self.source.text[span.start : span.end] if span else ""
