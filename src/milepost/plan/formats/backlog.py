"""Backlog.md: one Markdown file a task, its state in the front matter; a folder of them is one plan."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from milepost.plan.blocks import Block, BlockKind
from milepost.plan.dialects.document import LISTS, Document, Section, plain
from milepost.plan.dialects.reading import Reading
from milepost.plan.dialects.tasks import TaskReader
from milepost.plan.formats.front_matter import Scalar, read_front_matter
from milepost.plan.grammar.durations import parse_duration
from milepost.plan.grammar.states import find_state, read_state
from milepost.plan.model import (
    Checkbox,
    Dependency,
    DependencyOrigin,
    DependencySource,
    Effort,
    Field,
    Observation,
    ObservationKind,
    Phase,
    Plan,
    Step,
    Task,
    TaskState,
    WrittenState,
)
from milepost.source import JoinedText, SourceText, Span
from milepost.source.lazy_regex import lazy_regex

NAME = "backlog"

_DEFAULT_WORDS = {TaskState.NOT_STARTED: "To Do", TaskState.IN_PROGRESS: "In Progress", TaskState.DONE: "Done"}
_ID = lazy_regex(r"[A-Za-z][A-Za-z_]*(?:-[A-Za-z_]+)*-\d[\w.-]*")
_OWN_KEYS = frozenset(
    {"assignee", "labels", "dependencies", "created_date", "updated_date", "parent_task_id", "ordinal"}
)
_FILE = lazy_regex(r"(?:.*[-_/\\ ])?(?P<id>(?:task|back)-(?:[a-z]+-)?\d+(?:\.\d+)*(?:\.[a-z][a-z0-9-]*)?)\b.*\.md")
_TASK_TITLE = lazy_regex(r"task(?:[ \t]+[\w.-]*\d[\w.-]*)?[ \t]*[:：–—-][ \t]*(?P<title>\S.*)", re.IGNORECASE)
_LABEL = lazy_regex(
    r"\*\*(?P<label>Status|Dependencies|Priority|Estimated Effort|Parent)(?: Task)?(?::\*\*|\*\*:)"
    r"[ \t]*(?P<value>[^\r\n]*)"
)
_NAMED = lazy_regex(r"\b(?:task|back)-(?:[a-z]+-)?\d+(?:\.\d+)*", re.IGNORECASE)
_ASIDE = lazy_regex(r"(?:.*[/\\])?(?:archive|drafts)[/\\].*")
_PREFIX = lazy_regex(r"[^\d]*")
_NUMBER = lazy_regex(r"#\d+[ \t]+")
_PROSE = lazy_regex(r"description|beschreibung|descripción|描述", re.IGNORECASE)


def detect(source: SourceText) -> bool:
    """Say whether a text is a folder of documents, or one document that is a task of Backlog.md."""
    return isinstance(source, JoinedText) or is_task_file(source)


def is_task_file(source: SourceText) -> bool:
    """Say whether a document is a task: by its front matter, or else by its name and its heading."""
    front = read_front_matter(source.text)
    if front is None:
        return _unheaded(source) is not None
    stated = "title" in front and ("status" in front or bool(_OWN_KEYS & front.entries.keys()))
    return stated and _ID.fullmatch(front.text("id")) is not None


def why(source: SourceText) -> str:
    """What shows the format."""
    if isinstance(source, JoinedText):
        return f"it is a folder of {len(source.parts)} documents that are tasks of Backlog.md"
    return "its front matter states a task's id, title and status, as Backlog.md writes them"


def read(source: SourceText) -> Plan:
    """Read a folder of tasks, or one task, as a plan; documents that are no tasks are passed over."""
    if not isinstance(source, JoinedText):
        return _Reader(source, [_File(source, 0)]).read()
    files = []
    for part, start in zip(source.parts, source.starts, strict=True):
        below = part.path.removeprefix(source.path).lstrip("/\\")
        files.append(_File(part, start, is_aside=_ASIDE.fullmatch(below) is not None))
    return _Reader(source, files).read()


@dataclass
class _Reader:
    source: SourceText
    files: list[_File]
    observations: list[Observation] = field(default_factory=list)

    def read(self) -> Plan:
        files = [file for file in self.files if file.is_task and not file.is_aside]
        ids = {file.id.casefold(): file.id for file in reversed(files)}
        words = _words(files)
        tasks = [_parented(file.task(words), file, ids) for file in files]
        self._note_duplicates(tasks)
        is_folder = isinstance(self.source, JoinedText)
        return Plan(
            source=self.source,
            dialect=NAME,
            title="" if is_folder or not tasks else tasks[0].title,
            phases=tuple(_phases(tasks, files)),
            tasks=tuple(tasks),
            dependencies=tuple(self._dependencies(files, ids, is_folder=is_folder)),
            observations=tuple(sorted(self.observations, key=lambda seen: seen.span)),
        )

    def _dependencies(self, files: list[_File], ids: dict[str, str], *, is_folder: bool) -> Iterator[Dependency]:
        """What the tasks wait for; an id that only an archived file has is no mistake, nor is any in a single file."""
        aside = {file.id.casefold() for file in self.files if file.is_task and file.is_aside}
        seen: set[tuple[str, str]] = set()
        for file in files:
            for named in file.dependencies():
                before = _resolved(named.text, file.id, ids)
                if before and (before, file.id) not in seen:
                    seen.add((before, file.id))
                    source = DependencySource(DependencyOrigin.FIELD, named.span)
                    yield Dependency(before, file.id, sources=(source,))
                elif before is None and is_folder and named.text.casefold() not in aside:
                    detail = f"what task {file.id} depends on"
                    found = Observation(ObservationKind.UNKNOWN_TASK, named.span, named.text, detail)
                    self.observations.append(found)

    def _note_duplicates(self, tasks: Iterable[Task]) -> None:
        first: dict[str, Task] = {}
        for task in tasks:
            original = first.setdefault(task.id.casefold(), task)
            if original is not task:
                place, other = task.id_span or task.head_span, original.id_span or original.head_span
                detail = "another task has the same id"
                found = Observation(ObservationKind.DUPLICATE_ID, place, task.id, detail, related=(other,))
                self.observations.append(found)


class _File:
    """One document, whose offsets start at ``start`` in the whole."""

    def __init__(self, source: SourceText, start: int, *, is_aside: bool = False) -> None:
        self.source = source
        self.start = start
        self.front = read_front_matter(source.text)
        self.is_task = is_task_file(source)
        self.is_aside = is_aside
        self._unheaded = _unheaded(source) if self.front is None else None
        self.id = self.front.text("id") if self.front else self._unheaded.id if self._unheaded else ""

    @property
    def milestone(self) -> Scalar | None:
        """The milestone the task belongs to."""
        found = self.front.texts("milestone") if self.front else ()
        return Scalar(found[0].text, self._moved(found[0].span)) if found else None

    @property
    def parent(self) -> str:
        """What the file names as its parent."""
        if self.front:
            return self.front.text("parent_task_id") or self.front.text("parent")
        found = _NAMED.match(self._label("Parent").text)
        return found.group() if found else ""

    def _label(self, name: str) -> Scalar:
        """A labelled line of a file without front matter; an empty one when it has none of that name."""
        nothing = Scalar("", Span(0, 0))
        return self._unheaded.labels.get(name, nothing) if self._unheaded else nothing

    def status(self) -> Scalar | None:
        """The status as written."""
        if self.front is None:
            return self._unheaded.labels.get("Status") if self._unheaded else None
        found = self.front.entries.get("status")
        return found.first if found else None

    def dependencies(self) -> Iterator[Scalar]:
        """The ids it depends on, with their places in the whole."""
        if self.front:
            for one in self.front.texts("dependencies"):
                yield Scalar(one.text, self._moved(one.span))
        elif self._unheaded and (named := self._unheaded.labels.get("Dependencies")):
            for found in _NAMED.finditer(self.source.text, *named.span):
                yield Scalar(found.group(), self._moved(Span(*found.span())))

    def task(self, words: tuple[tuple[TaskState, str], ...]) -> Task:
        """Read the task."""
        head = self.front.entries["title"].span if self.front else self._unheaded.title.span if self._unheaded else None
        assert head is not None
        title = self._title()
        id_span = self.front.entries["id"].first.span if self.front else None
        return Task(
            id=self.id,
            title=title.text,
            span=self._moved(Span(0, len(self.source.text.rstrip()))),
            head_span=self._moved(head),
            title_span=self._moved(title.span),
            id_span=self._moved(id_span) if id_span else None,
            phase=self.milestone.text if self.milestone else None,
            parallel=True,
            steps=tuple(_shifted(step, self.start) for step in self._steps()),
            fields=tuple(self._fields()) if self.front else (),
            priority=(self.front.text("priority") if self.front else self._label("Priority").text) or None,
            effort=self._effort(),
            owner=", ".join(one.text for one in self.front.texts("assignee")) or None if self.front else None,
            written=self._written(words),
        )

    def _title(self) -> Scalar:
        if self.front:
            return self.front.entries["title"].first
        assert self._unheaded is not None
        return self._unheaded.title

    def _written(self, words: tuple[tuple[TaskState, str], ...]) -> WrittenState | None:
        status = self.status()
        if status is None:
            return None
        if self.front:
            state = (read_state(status.text) or TaskState.UNKNOWN) if status.text else TaskState.NOT_STARTED
            return WrittenState(state, status.text, self._moved(status.span), words)
        found = find_state(self.source.text, *status.span)
        if found is None:
            return None
        span = Span(found[1], found[2])
        return WrittenState(found[0], self.source.text[span.start : span.end], self._moved(span))

    def _effort(self) -> Effort | None:
        stated = self._label("Estimated Effort")
        duration = parse_duration(stated.text) if stated.text else None
        return Effort(*duration, stated.text, self._moved(stated.span)) if duration else None

    def _fields(self) -> Iterator[Field]:
        assert self.front is not None
        for entry in self.front.entries.values():
            value = ", ".join(one.text for one in entry.values)
            inner = Span(entry.values[0].span.start, entry.values[-1].span.end)
            yield Field(entry.key, value, self._moved(entry.span), self._moved(inner))

    def _steps(self) -> Iterator[Step]:
        """What the file says is to be done: the description, and every item with a box."""
        document = Document.of(self.source)
        reader = TaskReader(Reading(document))
        for section in document.sections:
            if _PROSE.fullmatch(section.title) or (section.heading is None and section.blocks):
                yield from _description(document, section)
            for item in _items(section.blocks):
                step = reader.step(item)
                if step and (step.checkbox or any(inner.checkbox for inner in step.steps)):
                    yield replace(step, text=_NUMBER.sub("", step.text, count=1))

    def _moved(self, span: Span) -> Span:
        return Span(span.start + self.start, span.end + self.start)


@dataclass(frozen=True, slots=True)
class _Unheaded:
    """A task's file without front matter: the id is in its name, the title in its heading, the rest in labels."""

    id: str
    title: Scalar
    labels: dict[str, Scalar]


def _unheaded(source: SourceText) -> _Unheaded | None:
    name = _FILE.fullmatch(source.path) if "backlog" in source.path else None
    if name is None or not source.text.lstrip().startswith("# "):
        return None
    document = Document.of(source)
    heading = next((section for section in document.sections if section.heading), None)
    found = _TASK_TITLE.match(source.text, *heading.title_span) if heading and heading.level == 1 else None
    if heading is None or found is None:
        return None
    span = Span(found.start("title"), heading.title_span.end)
    labels = {
        label["label"]: Scalar(label["value"].strip(), Span(*label.span("value")))
        for block in heading.blocks
        if block.kind is BlockKind.PARAGRAPH
        for line in block.lines
        if (label := _LABEL.match(source.text, line.start, line.end))
    }
    return _Unheaded(name["id"], Scalar(plain(source.text[span.start : span.end]), span), labels)


def _words(files: Iterable[_File]) -> tuple[tuple[TaskState, str], ...]:
    """The words for states: for each the one most files use, or else Backlog.md's own."""
    used: dict[TaskState, Counter[str]] = {}
    for file in files:
        status = file.status() if file.front else None
        state = read_state(status.text) if status else None
        if status and state:
            used.setdefault(state, Counter())[status.text] += 1
    common = {state: counts.most_common(1)[0][0] for state, counts in used.items()}
    return tuple({**common, **{state: word for state, word in _DEFAULT_WORDS.items() if state not in common}}.items())


def _resolved(name: str, own: str, ids: dict[str, str]) -> str | None:
    """The task an id means, whatever its case; a bare number takes the prefix of the file's own id."""
    name = name.strip().casefold()
    if name in ids:
        return ids[name]
    prefix = _PREFIX.match(own.casefold())
    return ids.get(prefix.group() + name) if prefix and name[:1].isdigit() else None


def _parented(task: Task, file: _File, ids: dict[str, str]) -> Task:
    """The task with its parent: the one the file names, or else the one whose number its own continues."""
    stated = _resolved(file.parent, file.id, ids) if file.parent else None
    parent = stated or (ids.get(task.id.casefold().rpartition(".")[0]) if "." in task.id else None)
    return replace(task, parent=parent) if parent and parent != task.id else task


def _phases(tasks: list[Task], files: list[_File]) -> Iterator[Phase]:
    """The milestones, in the order of their first tasks."""
    members: dict[str, list[str]] = {}
    places: dict[str, Span] = {}
    for task, file in zip(tasks, files, strict=True):
        if file.milestone:
            members.setdefault(file.milestone.text, []).append(task.id)
            places.setdefault(file.milestone.text, file.milestone.span)
    for name, ids in members.items():
        yield Phase(name, name, places[name], places[name], tuple(ids))


def _description(document: Document, section: Section) -> Iterator[Step]:
    for block in section.blocks:
        if block.kind is BlockKind.PARAGRAPH:
            yield Step(" ".join(document.lines(block)), block.span)


def _items(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        if block.kind in LISTS:
            yield from block.children


def _shifted(step: Step, by: int) -> Step:
    box = step.checkbox
    moved = Checkbox(box.state, box.mark, Span(box.span.start + by, box.span.end + by)) if box else None
    inner = tuple(_shifted(one, by) for one in step.steps)
    return Step(step.text, Span(step.span.start + by, step.span.end + by), moved, inner)
