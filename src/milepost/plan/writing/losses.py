"""What a plan in another dialect no longer says, found by reading it back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from milepost.plan.model import (
    AnchorKind,
    Checkpoint,
    ClaimKind,
    Dependency,
    ObservationKind,
    Plan,
    ReferenceKind,
    Step,
    Task,
    TaskState,
)
from milepost.plan.writing.arrangement import Arrangement
from milepost.plan.writing.styles import Style
from milepost.plan.writing.tasks import unread_fields
from milepost.source import Span

_WORDS = re.compile(r"\w+")
_NAMED = frozenset({ClaimKind.CRITICAL_PATH, ClaimKind.PARALLELIZABLE})


@dataclass(frozen=True, slots=True)
class Loss:
    """One kind of thing that is lost, and where: task ids, names, or ``line N`` of the original."""

    what: str
    where: tuple[str, ...]


def losses(before: Plan, after: Plan, arrangement: Arrangement, style: Style) -> Iterator[Loss]:
    """Compare a plan with its reading in another dialect, and what stands in both documents."""
    found: dict[str, list[str]] = {}
    for what, where in (*_of_tasks(before, after, arrangement, style), *_of_plan(before, after, arrangement)):
        found.setdefault(what, []).append(where)
    yield from (Loss(what, tuple(dict.fromkeys(places))) for what, places in found.items())


def foreign(plan: Plan, style: Style) -> Iterator[str]:
    """What a plan says in Milepost's own way, because the dialect has none."""
    tasks = plan.tasks
    kinds = {one.kind for task in tasks for one in task.requirements}
    said = {
        "requirements": bool(kinds - {ReferenceKind.STORY}) or ("stories" not in style.own and bool(kinds)),
        "estimates": any(task.effort for task in tasks),
        "dependencies": bool(plan.dependencies) and style.named,
        "tiers": bool(plan.tiers) and style.named,
        "commands": any(task.run or task.verify for task in tasks),
        "dates": any(task.not_before or task.due or task.deadline for task in tasks),
        "scores": any(task.complexity or task.ambiguity or task.risk for task in tasks),
        "parallel": any(task.parallel for task in tasks),
        "optional": any(task.optional for task in tasks),
        "files": any(task.files for task in tasks),
        "priority": any(task.priority for task in tasks),
        "people": any(task.owner or task.human for task in tasks),
        "checkpoints": bool(plan.checkpoints),
        "criteria": bool(plan.criteria),
    }
    yield from (what for what, is_said in said.items() if is_said and what not in style.own)
    strange = {task.state for task in tasks} - style.states - {TaskState.UNKNOWN}
    yield from (f"the state {state.value}" for state in TaskState if state in strange)


def _of_tasks(before: Plan, after: Plan, arrangement: Arrangement, style: Style) -> Iterator[tuple[str, str]]:
    names, titles = arrangement.names, {group.old: group.title for group in arrangement.groups}
    phases = {phase.id: phase.title for phase in after.phases}
    found: dict[str, list[Task]] = {}
    for task in after.tasks:
        found.setdefault(task.id, []).append(task)
    placed = (one for group in arrangement.groups for top in group.tasks for one in top.walk())
    for one in placed:
        task = one.task
        again = found.get(one.id, [None])[0] if one.id else None
        if again is None:
            yield ("tasks that other tasks are part of" if one.parts else "tasks", task.id)
            continue
        if task.id != again.id:
            yield "ids", f"{task.id} is now {again.id}" if style.named else task.id
        for what, old, new in _differences(task, again):
            if old != new:
                yield what, task.id
        parent = names.get(task.parent or "") if task.parent else None
        if parent and again.parent != parent:
            yield "which task a task is part of", task.id
        said = (phases.get(again.phase or ""), _top(after, again).title)
        if task.phase in titles and task.phase is not None and titles[task.phase] not in said:
            yield "phases", task.id
        if before.tiers.get(task.id) != after.tiers.get(again.id):
            yield "tiers", task.id


def _top(plan: Plan, task: Task) -> Task:
    seen = {task.id}
    while task.parent in plan.by_id and task.parent not in seen:
        seen.add(task.parent or "")
        task = plan.by_id[task.parent or ""]
    return task


def _differences(old: Task, new: Task) -> Iterator[tuple[str, object, object]]:
    yield "titles", _words(old.title), _words(new.title)
    yield "states", old.state, new.state
    for what, names in _ATTRIBUTES.items():
        for name in names:
            yield what, getattr(old, name), getattr(new, name)
    for what, said in _SAID.items():
        yield what, said(old), said(new)


_ATTRIBUTES = {
    "optional": ("optional",),
    "parallel marks": ("parallel",),
    "struck tasks": ("struck",),
    "people": ("human", "owner"),
    "scores": ("complexity", "ambiguity", "risk"),
    "files": ("files",),
    "priorities": ("priority",),
    "dates": ("not_before", "due", "deadline"),
}


def _step(step: Step) -> tuple[object, ...]:
    return (_words(step.text), step.checkbox and step.checkbox.state, tuple(_step(one) for one in step.steps))


_SAID: dict[str, Callable[[Task], object]] = {
    "estimates": lambda task: task.effort and (task.effort.low, task.effort.likely, task.effort.high),
    "requirements": lambda task: {one.text for one in task.requirements},
    "commands": lambda task: (task.run and task.run.text, *(one.text for one in task.verify)),
    "steps": lambda task: [_step(step) for step in task.steps],
    "fields": lambda task: list(unread_fields(task)),
}


def _of_plan(before: Plan, after: Plan, arrangement: Arrangement) -> Iterator[tuple[str, str]]:
    if before.title and _words(before.title) != _words(after.title):
        yield "title", before.title
    if _words(before.purpose) != _words(after.purpose):
        yield "purpose", before.purpose
    yield from (("tasks that were none before", _named(task)) for task in _new_tasks(after, arrangement))
    yield from _missing_dependencies(before, after, arrangement)
    unknown = _unknown_tasks(after)
    yield from (("references to unknown tasks", name) for name in _unknown_tasks(before) if name not in unknown)
    yield from _of_checkpoints(before, after, arrangement)
    criteria = {_words(one.text) for one in after.criteria}
    yield from (("criteria", one.text) for one in before.criteria if _words(one.text) not in criteria)
    notes = {_words(f"{note.label} {note.text}") for note in after.notes}
    for note in before.notes:
        if not note.label and _words(note.text) not in notes:
            yield "notes", note.text
    stated = {claim.kind for claim in after.claims}
    yield from (("claims", claim.kind.value) for claim in before.claims if claim.kind not in stated)
    yield from (("front matter", key) for key in before.metadata if before.metadata[key] != after.metadata.get(key))
    yield from (("text", f"line {number}") for number in _lost_lines(before, after))


def _unknown_tasks(plan: Plan) -> list[str]:
    return [found.text for found in plan.observations if found.kind is ObservationKind.UNKNOWN_TASK]


def _new_tasks(after: Plan, arrangement: Arrangement) -> Iterator[Task]:
    """Tasks of the new text that stand neither for a task of the plan nor for one of its phases."""
    known: set[str | None] = {one.id for group in arrangement.groups for top in group.tasks for one in top.walk()}
    known |= {group.id for group in arrangement.groups}
    yield from (task for task in after.tasks if task.id not in known)


def _named(task: Task) -> str:
    return f"{task.id} {task.title}".strip()


def _missing_dependencies(before: Plan, after: Plan, arrangement: Arrangement) -> Iterator[tuple[str, str]]:
    names = arrangement.names
    again = {_link(one) for one in after.dependencies}
    said = set()
    for one in before.dependencies:
        new = (names.get(one.predecessor), names.get(one.successor), one.kind, one.lag)
        said.add(new)
        if new not in again:
            yield "dependencies", f"{one.predecessor} → {one.successor}"
    for first, then, *_ in again - said:
        yield "order: more is stated now than before", f"{first} → {then}"


def _link(one: Dependency) -> tuple[str | None, str | None, object, int]:
    return one.predecessor, one.successor, one.kind, one.lag


def _of_checkpoints(before: Plan, after: Plan, arrangement: Arrangement) -> Iterator[tuple[str, str]]:
    again = [_gate(after, one, {}) for one in after.checkpoints]
    for one in before.checkpoints:
        if _gate(before, one, arrangement.names) not in again:
            yield "checkpoints", one.name


def _gate(plan: Plan, checkpoint: Checkpoint, names: dict[str, str]) -> tuple[object, ...]:
    """What a checkpoint waits for (leaf tasks) and what it asks."""
    anchor = checkpoint.anchor
    ids: set[str] = set()
    if anchor.kind is AnchorKind.PHASE:
        ids = {task.id for task in plan.leaves if task.phase in anchor.ids}
    elif anchor.kind is AnchorKind.TASK:
        ids = {task.id for task in plan.leaves if _is_under(plan, task, anchor.ids)}
    held = frozenset(names.get(one, one) for one in ids)
    kind = anchor.kind if anchor.kind in (AnchorKind.COMPLETION, AnchorKind.NONE) else None
    asked = [
        (_words(one.text), one.checkbox and one.checkbox.state, one.command.text if one.command else "")
        for one in checkpoint.criteria
    ]
    return kind, held, tuple(asked)


def _is_under(plan: Plan, task: Task, ids: Iterable[str]) -> bool:
    seen: set[str] = set()
    while task.id not in ids:
        seen.add(task.id)
        if task.parent not in plan.by_id or task.parent in seen:
            return False
        task = plan.by_id[task.parent or ""]
    return True


def _lost_lines(before: Plan, after: Plan) -> Iterator[int]:
    """Lines of the original, beyond what the model holds, whose words stand nowhere in the new text."""
    source = before.source
    covered = {source.position(span.start).line for span in _covered(before)}
    whole = f" {_words(after.source.text)} "
    for number in range(1, len(source.line_starts) + 1):
        if number not in covered:
            words = _words(source.slice(source.line_span(number)))
            if words and f" {words} " not in whole:
                yield number


def _covered(plan: Plan) -> Iterator[Span]:
    """Places that were compared as parts of the model: their spelling may change."""
    if plan.title_span:
        yield plan.title_span
    for task in plan.tasks:
        yield task.head_span
        yield from (field.span for field in task.fields)
        yield from (one.span for one in (task.effort, task.written, *task.requirements) if one)
    yield from (phase.heading_span for phase in plan.phases)
    yield from (checkpoint.heading_span for checkpoint in plan.checkpoints)
    yield from (claim.span for claim in plan.claims)
    yield from (source.span for one in plan.dependencies for source in one.sources)
    for row in plan.assignments:
        yield row.span


def _words(text: str) -> str:
    return " ".join(_WORDS.findall(text.replace("_", " "))).casefold()
