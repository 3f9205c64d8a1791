"""Task Master's ``tasks.json``: a list of tasks with subtasks, or such a list under each of several tags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from milepost.plan.formats.json_values import JsonKind, JsonValue, read_json
from milepost.plan.model import (
    Dependency,
    DependencyOrigin,
    DependencySource,
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
from milepost.source import SourceText, Span
from milepost.source.lazy_regex import lazy_regex

NAME = "task-master"
MAIN_TAG = "master"
"""The tag whose tasks keep their bare numbers when there are several."""

STATES: dict[str, TaskState] = {
    "pending": TaskState.NOT_STARTED,
    "todo": TaskState.NOT_STARTED,
    "in-progress": TaskState.IN_PROGRESS,
    "in_progress": TaskState.IN_PROGRESS,
    "review": TaskState.IN_PROGRESS,
    "done": TaskState.DONE,
    "completed": TaskState.DONE,
    "complete": TaskState.DONE,
    "blocked": TaskState.BLOCKED,
    "deferred": TaskState.DEFERRED,
    "cancelled": TaskState.DEFERRED,
    "canceled": TaskState.DEFERRED,
}
WORDS: tuple[tuple[TaskState, str], ...] = (
    (TaskState.NOT_STARTED, "pending"),
    (TaskState.IN_PROGRESS, "in-progress"),
    (TaskState.DONE, "done"),
    (TaskState.BLOCKED, "blocked"),
    (TaskState.DEFERRED, "deferred"),
)
CANCELLED = frozenset({"cancelled", "canceled"})

_TASKS = lazy_regex(r'"tasks"\s*:\s*\[')
_SHOWING = ("id", "title", "name", "status")
"""What shows that an entry is a task: editors keep lists of commands under the same name."""
_BRIEF = ("description", "details", "testStrategy")
_WHOLE = lazy_regex(r"\d+")


def detect(source: SourceText) -> bool:
    """Say whether a text is JSON with a list of tasks, or a file that is called so."""
    start = source.text[:200].lstrip()[:1]
    return (start == "{" and _TASKS.search(source.text) is not None) or (
        start in {"{", "["} and source.path.lower().endswith(".json")
    )


def why(source: SourceText) -> str:
    """What shows the format."""
    return "it is JSON with a list of tasks, as Task Master keeps them"


def read(source: SourceText) -> Plan:
    """Read the tasks of every tag; ids of subtasks continue their task's, tags other than the main one come first."""
    return _Reader(source).read()


def state_of(word: str) -> TaskState:
    """The state a status names."""
    return STATES.get(word.strip().casefold(), TaskState.UNKNOWN) if word.strip() else TaskState.NOT_STARTED


@dataclass(frozen=True, slots=True)
class _Link:
    """One entry of a task's dependencies: the task, what it names, and the ids a bare number may mean, in order."""

    task: str
    named: JsonValue
    candidates: tuple[str, ...]


@dataclass
class _Reader:
    source: SourceText
    tasks: list[Task] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    links: list[_Link] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)

    def read(self) -> Plan:
        found = read_json(self.source.text)
        if found.broken:
            text = self.source.text[found.broken.start : found.broken.end]
            detail = "the text is no JSON from here on, and what follows was not read"
            self.observations.append(Observation(ObservationKind.UNREADABLE_VALUE, found.broken, text, detail))
        tags = list(_tags(found.root)) if found.root else []
        main = MAIN_TAG if any(tag == MAIN_TAG for tag, _, _ in tags) else tags[0][0] if tags else ""
        for tag, whole, items in tags:
            self._tag(tag, whole, items, prefix="" if tag == main else f"{tag}:", is_phase=len(tags) > 1)
        self._note_duplicates()
        title, span = _title(found.root)
        return Plan(
            source=self.source,
            dialect=NAME,
            title=title,
            title_span=span,
            phases=tuple(self.phases),
            tasks=tuple(self.tasks),
            dependencies=tuple(self._dependencies()),
            observations=tuple(sorted(self.observations, key=lambda seen: seen.span)),
        )

    def _tag(self, tag: str, whole: JsonValue, items: JsonValue, *, prefix: str, is_phase: bool) -> None:
        phase = tag if is_phase else None
        first = len(self.tasks)
        for place, item in enumerate(items.items, 1):
            self._task(item, prefix=prefix, fallback=str(place), phase=phase, parent=None)
        if phase is not None:
            ids = tuple(task.id for task in self.tasks[first:])
            self.phases.append(Phase(phase, tag, whole.span, Span(whole.span.start, whole.span.start), ids))

    def _task(
        self,
        item: JsonValue,
        *,
        prefix: str,
        fallback: str,
        phase: str | None,
        parent: str | None,
    ) -> None:
        """Read a task and, behind it, its subtasks; ``prefix`` is what the ids around it start with."""
        if item.kind is not JsonKind.OBJECT or not any(item.get(key) for key in _SHOWING):
            return
        number = item.get("id")
        written = number.text if number and number.is_scalar and number.text else fallback
        task_id = written if parent and written.startswith(f"{parent}.") else prefix + written
        status = item.get("status")
        word = status.text if status and status.is_scalar else ""
        title = item.get("title") or item.get("name")
        head = (title or number or item).span
        complexity = item.get_text("complexity") or item.get_text("complexityScore")
        self.tasks.append(
            Task(
                id=task_id,
                title=" ".join(title.text.split()) if title else "",
                span=item.span,
                head_span=head,
                title_span=title.inner if title else Span(head.start, head.start),
                id_span=number.inner if number and number.is_scalar else None,
                phase=phase,
                parent=parent,
                parallel=True,
                struck=word.casefold() in CANCELLED,
                steps=tuple(_steps(item)),
                fields=tuple(_fields(item)),
                priority=item.get_text("priority") or None,
                owner=item.get_text("assignee") or None,
                complexity=int(complexity) if _WHOLE.fullmatch(complexity) and 1 <= int(complexity) <= 10 else None,
                written=WrittenState(state_of(word), word, status.inner, WORDS) if status else None,
            )
        )
        if status and state_of(word) is TaskState.UNKNOWN:
            detail = "it is none of pending, in-progress, review, done, blocked, deferred and cancelled"
            self.observations.append(Observation(ObservationKind.UNREADABLE_VALUE, status.span, word, detail))
        self._links(item, task_id, prefix, parent)
        parts = item.get("subtasks")
        for place, part in enumerate(parts.items if parts else (), 1):
            self._task(part, prefix=f"{task_id}.", fallback=str(place), phase=phase, parent=task_id)

    def _links(self, item: JsonValue, task_id: str, prefix: str, parent: str | None) -> None:
        """Keep what a task depends on: in a subtask a bare number means its sibling, if there is one."""
        named = item.get("dependencies")
        tag = prefix[: prefix.index(":") + 1] if ":" in prefix else ""
        for one in named.scalars if named else ():
            text = one.text.strip()
            near = (f"{parent}.{text}",) if parent else ()
            self.links.append(_Link(task_id, one, (*near, tag + text, text)))

    def _dependencies(self) -> Iterator[Dependency]:
        known = {task.id for task in self.tasks}
        seen: set[tuple[str, str]] = set()
        for link in self.links:
            before = next((one for one in link.candidates if one in known), None)
            if before is None:
                detail = f"what task {link.task} depends on"
                found = Observation(ObservationKind.UNKNOWN_TASK, link.named.inner, link.named.text, detail)
                self.observations.append(found)
            elif (before, link.task) not in seen:
                seen.add((before, link.task))
                source = DependencySource(DependencyOrigin.FIELD, link.named.inner)
                yield Dependency(before, link.task, sources=(source,))

    def _note_duplicates(self) -> None:
        first: dict[str, Task] = {}
        for task in self.tasks:
            original = first.setdefault(task.id, task)
            if original is not task:
                place, other = task.id_span or task.head_span, original.id_span or original.head_span
                detail = "another task has the same id"
                self.observations.append(
                    Observation(ObservationKind.DUPLICATE_ID, place, task.id, detail, related=(other,))
                )


def _tags(root: JsonValue) -> Iterator[tuple[str, JsonValue, JsonValue]]:
    """Each tag with the object it names and its list of tasks; a list without a tag has the tag ``""``."""
    if root.kind is JsonKind.ARRAY:
        if any(item.get("id") and item.get("title") for item in root.items):
            yield "", root, root
        return
    own = root.get("tasks")
    if own and own.kind is JsonKind.ARRAY:
        yield "", root, own
        return
    for key, value in root.members:
        tasks = value.get("tasks")
        if tasks and tasks.kind is JsonKind.ARRAY:
            yield key.text, value, tasks


def _title(root: JsonValue | None) -> tuple[str, Span | None]:
    """The project's name, from wherever versions of the format keep it."""
    for holder in ("meta", "metadata", "project"):
        found = root.get(holder) if root else None
        for key in ("projectName", "name", "title"):
            name = found.get(key) if found else None
            if name and name.kind is JsonKind.STRING:
                return name.text, name.inner
    return "", None


def _steps(item: JsonValue) -> Iterator[Step]:
    for key in _BRIEF:
        found = item.get(key)
        if found and found.kind is JsonKind.STRING and found.text.strip():
            yield Step(found.text.strip(), found.inner)


def _fields(item: JsonValue) -> Iterator[Field]:
    for key, value in item.members:
        if value.is_scalar and key.text not in {*_BRIEF, "id", "title"}:
            yield Field(key.text, value.text, Span(key.span.start, value.span.end), value.inner)
