"""List items as tasks, with their steps, fields and the tasks nested in them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field

from milepost.plan.blocks import Block, BlockKind
from milepost.plan.dialects.boxes import Box, read_box
from milepost.plan.dialects.document import LISTS
from milepost.plan.dialects.heads import Head, read_title
from milepost.plan.dialects.memory import Read, moved_read
from milepost.plan.dialects.reading import Reading
from milepost.plan.dialects.values import understand
from milepost.plan.grammar.fields import read_fields, starts_field
from milepost.plan.model import Field, Step, Task
from milepost.source import Span

_PARAGRAPH = BlockKind.PARAGRAPH  # Looking up an enumeration's member costs more than a global.

_DEEPEST = 60
"""Items nested deeper than this are not looked at: no plan does that, and no input may exhaust the stack."""

HeadReader = Callable[[Reading, Block, Box | None, Span], Head | None]


def first_line(item: Block) -> Span | None:
    """The first line of an item's text."""
    if item.children and item.children[0].kind is _PARAGRAPH:
        return item.children[0].lines[0]
    return None


def head_with_id(reading: Reading, item: Block, box: Box | None, line: Span) -> Head | None:
    """Read an item as a task that states its id; without a checkbox the id must be in bold."""
    start = box.end if box else line.start
    if box is None and not reading.text.startswith(("**", "__"), start):
        return None
    return reading.document.head(start, line.end)


def continues(parent: str, task_id: str) -> bool:
    """Say whether an id continues the one of a parent; ``1.0`` heads ``1.1``."""
    return task_id.startswith(f"{parent.removesuffix('.0')}.")


def remembered(reading: Reading, block: Block, kind: Hashable, read: Callable[[], list[Task]]) -> list[Task]:
    """The tasks that a reader of some kind reads from a block: read now, or when the document was read before."""
    memory = reading.document.memory
    if memory is None:
        return read()
    seen = len(reading.observations)

    def afresh() -> Read:
        return tuple(read()), tuple(reading.observations[seen:])

    tasks, observations = memory.recall(block, kind, afresh, moved_read)
    reading.observations[seen:] = observations
    return list(tasks)


@dataclass
class _Body:
    """What stands below a task's first line."""

    fields: list[Field] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    children: list[Task] = field(default_factory=list)


@dataclass
class TaskReader:
    """Reads list items into tasks; ``head`` decides which items are tasks and what their ids are.

    ``nests`` says whether an item with an id may be part of the task with another one. ``kind`` names a reader that
    reads from an item's text what any other one of the same kind does, so that its tasks may be remembered.
    """

    reading: Reading
    head: HeadReader = head_with_id
    nests: Callable[[str, str], bool] = continues
    kind: Hashable = None

    def read(self, item: Block, phase: str | None, parent: str | None = None, depth: int = 0) -> list[Task]:
        """The task an item states, followed by the tasks nested in it; empty when the item is no task."""
        if self.reading.document.memory is None or self.kind is None or depth:
            return self._read(item, phase, parent, depth)
        kind = (self.kind, phase, parent)
        return remembered(self.reading, item, kind, lambda: self._read(item, phase, parent, depth))

    def _read(self, item: Block, phase: str | None, parent: str | None, depth: int) -> list[Task]:
        line = first_line(item)
        if line is None or depth > _DEEPEST:
            return []
        box = read_box(self.reading, line.start, line.end)
        head = self.head(self.reading, item, box, line)
        if head is None or (parent is not None and not self.nests(parent, head.id)):
            return []
        return self.build(item, box, head, phase, parent, depth)

    def build(
        self, item: Block, box: Box | None, head: Head, phase: str | None, parent: str | None = None, depth: int = 0
    ) -> list[Task]:
        """Build a task from its item and its head."""
        body = self._body(item, head, phase, depth)
        values = understand(self.reading, body.fields)
        if head.starred or (box and box.starred):
            values["optional"] = True
        lines = item.children[0].lines
        if not head.title and len(lines) > 1 and not starts_field(self.reading.text, lines[1].start):
            below = read_title(self.reading.text, lines[1].start, lines[1].end)
            head = head._replace(title=below.title, title_span=below.title_span)
        task = Task(
            id=head.id,
            title=head.title,
            span=item.span,
            head_span=Span(item.span.start, lines[0].end),
            title_span=head.title_span,
            id_span=head.id_span,
            checkbox=box.checkbox if box else None,
            phase=phase,
            parent=parent,
            struck=head.struck,
            steps=tuple(body.steps),
            fields=tuple(body.fields),
            **values,
        )
        return [task, *body.children]

    def _body(self, item: Block, head: Head, phase: str | None, depth: int) -> _Body:
        body = _Body(fields=list(head.fields))
        paragraph = item.children[0]
        for line in paragraph.lines[1:]:
            body.fields += read_fields(self.reading.text, line)
        for block in item.children[1:]:
            if block.kind is BlockKind.PARAGRAPH:
                body.fields += self._paragraph_fields(block)
            elif block.kind in LISTS:
                for nested in block.children:
                    self._nested(nested, head.id, phase, depth, body)
        return body

    def _nested(self, item: Block, parent: str, phase: str | None, depth: int, body: _Body) -> None:
        line = first_line(item)
        if line is None:
            return
        if self.reading.text[line.start] in "_*[":  # Anything else is a mere step, as most nested bullets are.
            fields = self._item_fields(item)
            if fields:
                body.fields += fields
                return
            tasks = self.read(item, phase, parent, depth + 1) if self._may_be_task(line) else []
            if tasks:
                body.children += tasks
                return
        step = self.step(item, depth)
        if step:
            body.steps.append(step)
            if len(item.children) > 1:
                body.fields += self._deep_requirements(item)

    def _may_be_task(self, line: Span) -> bool:
        return self.reading.text.startswith(("[", "**", "__"), line.start)

    def step(self, item: Block, depth: int = 0) -> Step | None:
        """Read a nested bullet."""
        line = first_line(item)
        if line is None or depth > _DEEPEST:
            return None
        box = read_box(self.reading, line.start, line.end)
        lines = item.children[0].lines
        start = box.end if box else line.start
        text = self.reading.text[start : line.end]
        if len(lines) > 1:
            text = " ".join([text, *(self.reading.text[more.start : more.end] for more in lines[1:])])
        if len(item.children) == 1:
            return Step(text, item.span, box.checkbox if box else None)
        nested = (
            self.step(child, depth + 1)
            for block in item.children[1:]
            if block.kind in LISTS
            for child in block.children
            if not self._item_fields(child)
        )
        return Step(text, item.span, box.checkbox if box else None, tuple(step for step in nested if step))

    def _item_fields(self, item: Block) -> tuple[Field, ...]:
        line = first_line(item)
        if line is None or not self.reading.text.startswith(("_", "*"), line.start):
            return ()
        paragraph = item.children[0]
        if len(paragraph.lines) == 1:
            return read_fields(self.reading.text, line)
        return tuple(self._paragraph_fields(paragraph)) if starts_field(self.reading.text, line.start) else ()

    def _paragraph_fields(self, block: Block) -> Iterator[Field]:
        """Fields of a paragraph: one that fills it, over several lines perhaps, or one or more on each line."""
        if len(block.lines) == 1:
            yield from read_fields(self.reading.text, block.lines[0])
            return
        whole = Span(block.lines[0].start, block.lines[-1].end)
        if not all(starts_field(self.reading.text, line.start) for line in block.lines[1:]):
            fields = read_fields(self.reading.text, whole)
            if fields:
                yield from fields
                return
        for line in block.lines:
            yield from read_fields(self.reading.text, line)

    def _deep_requirements(self, item: Block) -> Iterator[Field]:
        for block in item.children[1:]:
            if block.kind in LISTS:
                for nested in block.children:
                    yield from (f for f in self._item_fields(nested) if f.key.casefold().startswith("requirement"))


def title_head(reading: Reading, line: Span, box: Box | None, task_id: str) -> Head:
    """Read an item's first line as a title alone, under an id given from outside."""
    start = box.end if box else line.start
    return read_title(reading.text, start, line.end)._replace(id=task_id)
