"""Where a plan's boxes and computed lines stand, kept so that a tick can be written without reading the plan.

A sheet is made only of a plan in which that is simple: text in one file, each task with an id of its own and a
checkbox, lines on totals true already. Whatever is not simple later on has the plan read as ever.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, NamedTuple, cast

from milepost.plan.marks import MARKS
from milepost.plan.model import Anchor, AnchorKind, Assignment, Cell, Checkpoint, Claim, ClaimKind, Criterion, Plan
from milepost.plan.task_model import Checkbox, TaskState
from milepost.source import Edit, SourceText, Span, apply

if TYPE_CHECKING:
    from milepost.execution.state import RunState
    from milepost.plan.model import Task

_LIKE_ALL = frozenset(" xX~-")
"""Marks that every dialect takes for a box, so that writing one for another makes no plan of another kind."""
_MARK = 2
"""The place of the mark in a box."""
_KEPT = (ClaimKind.STATUS, ClaimKind.PROGRESS, ClaimKind.LAST_UPDATED)
_CONFLICT = "<<<<<<<"


class Box(NamedTuple):
    """Of a task what boxes and computed lines depend on; stands for it where only that is asked."""

    id: str
    place: int
    mark: str
    parent: str | None
    optional: bool
    struck: bool
    state: TaskState
    """What the mark says."""

    @property
    def checkbox(self) -> Checkbox:
        """The box."""
        return Checkbox(self.state, self.mark, Span(self.place, self.place + 1))

    @property
    def written(self) -> None:
        """The state stands in no other place."""


class Line(NamedTuple):
    """A computed line: the kind of claim, and where its value stands."""

    kind: str
    start: int
    end: int


class Row(NamedTuple):
    """A row of the assignment table: its tasks, and where the status of these stands."""

    tasks: tuple[str, ...]
    start: int
    end: int


class Gate(NamedTuple):
    """The boxes of a checkpoint's criteria: where each stands (-1: it has none), and its mark."""

    id: str
    places: tuple[int, ...]
    marks: tuple[str, ...]


class Sheet(NamedTuple):
    """Boxes and computed lines of a document; all places count its characters."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    rows: tuple[Row, ...] = ()
    gates: tuple[Gate, ...] = ()

    def to_bytes(self) -> bytes:
        """Give it as what :meth:`from_bytes` reads: one line of JSON, boxes by column."""
        columns = list(zip(*self.boxes, strict=True))[:-1]
        return json.dumps((columns, *self[1:]), separators=(",", ":")).encode("ascii")

    @classmethod
    def from_bytes(cls, raw: bytes) -> Sheet:
        """Build the sheet that :meth:`to_bytes` described."""
        columns, lines, rows, gates = json.loads(raw)
        states = map(MARKS.__getitem__, columns[_MARK])
        return cls(
            tuple(map(Box._make, zip(*columns, states, strict=True))),
            tuple(Line(*line) for line in lines),
            tuple(Row(tuple(tasks), start, end) for tasks, start, end in rows),
            tuple(Gate(name, tuple(places), tuple(marks)) for name, places, marks in gates),
        )

    def plan(self, source: SourceText) -> Plan:
        """The document with these places as far as a sheet knows it: boxes, and lines that depend on them."""
        claims = tuple(
            Claim(ClaimKind(kind), source.text[start:end], Span(start, end), Span(start, end))
            for kind, start, end in self.lines
        )
        return Plan(
            source,
            "",
            tasks=cast("tuple[Task, ...]", self.boxes),
            claims=claims,
            assignments=tuple(_assignment(row, source) for row in self.rows),
            checkpoints=tuple(map(_checkpoint, self.gates)),
        )

    def marked(self, edits: Collection[Edit]) -> Sheet | None:
        """The sheet after the marks of boxes were replaced; None when that may have made another plan of it."""
        news = {span.start: text for span, text in edits if span.end - span.start == 1}
        if len(news) < len(set(edits)) or not _LIKE_ALL.issuperset(news.values()):
            return None
        boxes = list(self.boxes)
        for number, box in enumerate(boxes):
            if box.place in news:
                mark = news.pop(box.place)
                if box.mark not in _LIKE_ALL:
                    return None
                boxes[number] = box._replace(mark=mark, state=MARKS[mark])
        gates = [gate._replace(marks=_marks(gate, news)) for gate in self.gates]
        return None if news else self._replace(boxes=tuple(boxes), gates=tuple(gates))

    def moved(self, edits: Iterable[Edit]) -> Sheet:
        """The sheet after the values of lines and rows, and blanks around them, were replaced by others."""
        ordered = sorted(set(edits))
        ends = [span.end for span, _ in ordered]
        moves = [0]
        for span, text in ordered:
            moves.append(moves[-1] + len(text) - (span.end - span.start))

        def new(place: int) -> int:
            return place + moves[bisect_right(ends, place)] if place >= 0 else place

        def value(start: int, end: int) -> tuple[int, int]:
            for span, text in ordered:
                if span.start <= start <= end <= span.end:
                    begin = new(span.end) - len(text.lstrip())
                    return begin, begin + len(text.strip())
            return new(start), new(end)

        if not ordered:
            return self
        return Sheet(
            tuple([box if new(box[1]) == box[1] else Box(box[0], new(box[1]), *box[2:]) for box in self.boxes]),
            tuple(Line(kind, *value(start, end)) for kind, start, end in self.lines),
            tuple(Row(tasks, *value(start, end)) for tasks, start, end in self.rows),
            tuple(gate._replace(places=tuple(map(new, gate.places))) for gate in self.gates),
        )


class Written(NamedTuple):
    """What a document reads once it is true, as found on its sheet, and the sheet of it then."""

    source: SourceText
    sheet: Sheet
    unticked: tuple[str, ...]


def sheet_of(plan: Plan) -> Sheet | None:
    """The sheet of a plan; None when that would not say enough."""
    from milepost.app.projection import false_totals
    from milepost.plan.coverage import unread_tasks

    if type(plan.source) is not SourceText or len(plan.by_id) != len(plan.tasks):
        return None
    boxes = [_box(task, plan.source.text) for task in plan.tasks]
    if None in boxes or false_totals(plan) or any(unread_tasks(plan)):
        return None
    claims = [claim for claim in map(plan.claim, _KEPT) if claim]
    gates = tuple(map(_gate, plan.checkpoints))
    cells = [row.status for row in plan.assignments if row.status]
    values = [(claim.text, claim.value_span) for claim in claims] + [(cell.text, cell.span) for cell in cells]
    if None in gates or any(not text or text != plan.source.slice(span) for text, span in values):
        return None
    rows = tuple(Row(row.tasks, *row.status.span) for row in plan.assignments if row.status)
    lines = tuple(Line(claim.kind.value, *claim.value_span) for claim in claims)
    return Sheet(tuple(box for box in boxes if box), lines, rows, tuple(gate for gate in gates if gate))


def _gate(checkpoint: Checkpoint) -> Gate | None:
    found = [criterion.checkbox for criterion in checkpoint.criteria]
    if any(box and (box.span.end - box.span.start != 1 or MARKS.get(box.mark) is not box.state) for box in found):
        return None
    places = tuple(box.span.start if box else -1 for box in found)
    return Gate(checkpoint.id, places, tuple(box.mark if box else "" for box in found))


def _marks(gate: Gate, news: dict[int, str]) -> tuple[str, ...]:
    return tuple(news.pop(place, mark) for place, mark in zip(gate.places, gate.marks, strict=True))


def _checkpoint(gate: Gate) -> Checkpoint:
    nowhere = Span(0, 0)
    criteria = tuple(
        Criterion("", nowhere, Checkbox(MARKS[mark], mark, Span(place, place + 1)) if mark else None)
        for place, mark in zip(gate.places, gate.marks, strict=True)
    )
    return Checkpoint(gate.id, "", "", Anchor(AnchorKind.NONE), nowhere, nowhere, criteria)


def _assignment(row: Row, source: SourceText) -> Assignment:
    where = Span(row.start, row.end)
    nothing = Cell("", Span(0, 0))
    return Assignment(row.tasks, nothing, nothing, None, Cell(source.slice(where), where), None, where)


def _box(task: Task, text: str) -> Box | None:
    found = task.checkbox
    if found is None or task.written is not None or found.span.end - found.span.start != 1:
        return None
    mark = text[found.span.start]
    if mark != found.mark or MARKS.get(mark) is not found.state:
        return None
    return Box(task.id, found.span.start, mark, task.parent, task.optional, task.struck, found.state)


def write_on(
    sheet: Sheet, source: SourceText, state: RunState, today: str, seen: Collection[str], again: Collection[str]
) -> Written | None:
    """Do with the sheet of a document what the projection does with the plan; None when the plan has to be read.

    ``seen`` are the tasks whose boxes were ticked once, ``again`` those that are to be done again.
    """
    from milepost.app.projection import box_edits, claim_edits, dated
    from milepost.app.syncs import unticked_by_hand
    from milepost.lint.status import Status, derived

    if _CONFLICT in source.text:
        return None
    plan = sheet.plan(source)
    unticked = unticked_by_hand(plan, state, seen)
    ticks = box_edits(plan, state, unticked, again)
    marked = sheet.marked(ticks)
    if marked is None:
        return None
    ticked = apply(source, ticks)
    plan = marked.plan(ticked)
    if not plan.required or derived(plan.required) is Status.COMPLETE:
        return None  # whether it is complete depends on lines that are no tasks
    edits = claim_edits(plan)
    if not ticks and not edits:
        return Written(source, sheet, unticked)
    edits = dated(plan, edits, today)
    moved = marked.moved(edits)
    return Written(apply(ticked, edits), moved, unticked)
