"""How much of a document was understood: what was read, what is prose, and what looks like a task but is none.

A plan is never complete while lines of it look like tasks that nobody read.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from milepost.plan.blocks import BlockKind, walk
from milepost.plan.dialects.fences import parse_mended
from milepost.plan.model import Criterion, Plan, Step, Task
from milepost.source import SourceText, Span
from milepost.source.lazy_regex import lazy_regex

_LINE = lazy_regex(r"[^\r\n]+")
_NUMBERED = r"[\W_]*(?P<name>[^\W\d_]+[ \t]+(?:\d+(?:\.\d+)*|[A-Z]))\b"
_HEADING = lazy_regex(_NUMBERED)
_BOXED = lazy_regex(rf"(?:\S+[ \t]+)?(?:\*\*)?\[.?\][ \t]+{_NUMBERED}")
_SHOWN = (BlockKind.FENCE, BlockKind.CODE, BlockKind.HTML, BlockKind.QUOTE, BlockKind.FRONT_MATTER)
"""Blocks whose text is shown, quoted or data: boxes in them are no tasks of this plan."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The lines of a document by what became of them; ``unread`` are the ones that look like tasks.

    ``lines`` = ``blank`` + ``recognised`` + ``prose`` + the number of ``unread`` ones.
    """

    lines: int
    blank: int
    recognised: int
    prose: int
    unread: tuple[Span, ...]

    @property
    def complete(self) -> bool:
        """Whether every line that looks like a task was read as something."""
        return not self.unread


def coverage(plan: Plan) -> Coverage:
    """Say what became of each line of a plan's document."""
    source = plan.source
    read = _lines_of(source, _recognised(plan))
    unread = tuple(unread_tasks(plan))
    lost = {source.position(span.start).line for span in unread}
    blank = prose = 0
    number = len(source.line_starts)
    for line in range(1, number + 1):
        if not source.slice(source.line_span(line)).strip():
            blank += 1
        elif line not in lost and line not in read:
            prose += 1
    return Coverage(number, blank, number - blank - prose - len(lost), prose, unread)


def unread_tasks(plan: Plan) -> Iterator[Span]:
    """Find the lines that look like tasks but are neither task nor step nor criterion, outside code and quotes.

    A box in front of a phase's name sums up the tasks of that phase, and is none.
    """
    text = plan.source.text
    if text.lstrip().startswith(("{", "[{")):
        return  # data, not Markdown
    found = list(_candidates(text, plan))
    if not found:
        return
    known = _Places(_tasklike(plan))
    found = [span for span in found if not known.touch(span)]
    if not found:
        return
    phases = {_name(_HEADING, text, phase.heading_span) for phase in plan.phases} - {""}
    found = [span for span in found if _name(_BOXED, text, span) not in phases]
    shown = _Places(block.span for block in walk(parse_mended(text)) if block.kind in _SHOWN)
    yield from (span for span in found if not shown.touch(Span(span.start, span.start + 1)))


def _candidates(text: str, plan: Plan) -> Iterator[Span]:
    """Lines with a box that is nobody's, or with the number of a task, or of a group of them, that is not there."""
    known = set(_boxes(plan))
    marks = [found.start() for found in _BOX.finditer(text) if found.start() + 1 not in known]
    marks += [found.start() for found in _TASK_HEADING.finditer(text)]
    ids = _ids(plan) if marks else frozenset()
    end = 0
    for mark in sorted(marks):
        if mark >= end:
            line = Span(_line_start(text, mark), _line_end(text, mark))
            found = _shape().match(text, *line)
            if found and (found["id"] or found["row"]) not in ids:
                yield Span(found.start("line"), line.end)
            end = line.end


def _ids(plan: Plan) -> frozenset[str]:
    """The ids of tasks, and those of the groups that their numbers put them in."""
    names = {name for task in plan.tasks for name in (task.id, _PREFIX.sub("", task.id))}
    return frozenset(name[:place] for name in names for place, letter in enumerate(f"{name}.") if letter == ".")


def _line_start(text: str, place: int) -> int:
    start = text.rfind("\n", 0, place) + 1
    return max(start, text.rfind("\r", start, place) + 1)


def _line_end(text: str, place: int) -> int:
    found = _LINE.match(text, place)
    return found.end() if found else place


_BOX = lazy_regex(r"\[[^\[\]\r\nP]?\]")
_PREFIX = lazy_regex(r"^task[ -]?0*(?=\d)", re.IGNORECASE)
_TASK_HEADING = lazy_regex(r"##{0,5}[ \t]+(?:\*\*)?(?:[Tt]ask|TASK)")


def _name(pattern: re.Pattern[str], text: str, span: Span) -> str:
    """The word and the number that a text starts with, by which a phase may be called: ``phase 2``."""
    found = pattern.match(text, span.start, span.end)
    return " ".join(found["name"].casefold().split()) if found else ""


@cache
def _shape() -> re.Pattern[str]:
    """A list item with a box and text, a box in a table, a heading or item that begins with a task's number."""
    number = r"(?:[Tt]ask|TASK)[ \t-]*(?P<id>\d+(?:\.\d+)*)(?!\.?\d)(?=[ \t]*[:：.—–-])"
    return re.compile(
        r"[ \t]*(?P<line>"
        r"(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\*\*)?\[[^\[\]\r\nP]?\](?:\\?\*)?[ \t]+[^\s\r\n][^\r\n]*"
        r"|\|(?:[ \t]*(?P<row>[\w.-]*\d[a-z]?)[ \t]*\|)?(?:[^\r\n]*\|)?[ \t]*\[[ xX]\][ \t]*\|[^\r\n]*"
        rf"|\#{{1,6}}[ \t]+(?:\*\*)?{number}[^\r\n]*"
        r")"
    )


def _boxes(plan: Plan) -> Iterator[int]:
    """Where the plan's checkboxes have their marks."""
    boxed: list[Task | Step | Criterion] = [*plan.tasks, *plan.criteria]
    boxed += (criterion for checkpoint in plan.checkpoints for criterion in checkpoint.criteria)
    for one in boxed:
        if one.checkbox:
            yield one.checkbox.span.start
        if isinstance(one, (Task, Step)):
            boxed += one.steps


def _tasklike(plan: Plan) -> Iterator[Span]:
    """Where the plan has tasks, steps and criteria, and the phases that a heading "Task 1: …" may be."""
    yield from (phase.heading_span for phase in plan.phases)
    for task in plan.tasks:
        yield task.head_span
        yield from _steps(task.steps)
    for checkpoint in plan.checkpoints:
        yield checkpoint.heading_span
        yield from (criterion.span for criterion in checkpoint.criteria)
    yield from (criterion.span for criterion in plan.criteria)
    yield from (row.span for row in plan.assignments)


def _steps(steps: Sequence[Step]) -> Iterator[Span]:
    waiting = list(steps)
    while waiting:
        step = waiting.pop()
        yield step.span
        waiting += step.steps


def _recognised(plan: Plan) -> Iterator[Span]:
    """The spans of everything the plan was read from."""
    yield from _tasklike(plan)
    if plan.title_span:
        yield plan.title_span
    for task in plan.tasks:
        yield from _details(task)
    yield from (source.span for link in plan.dependencies for source in link.sources)
    yield from (claim.span for claim in plan.claims)
    yield from (note.span for note in plan.notes)
    yield from (found.span for found in plan.observations)
    if plan.escalation:
        yield plan.escalation.span


def _details(task: Task) -> Iterator[Span]:
    yield from (field.span for field in task.fields)
    yield from (reference.span for reference in task.requirements)
    yield from (command.span for command in (task.run, *task.verify) if command)
    yield from (part.span for part in (task.effort, task.written) if part)


def _lines_of(source: SourceText, spans: Iterable[Span]) -> set[int]:
    lines: set[int] = set()
    for span in spans:
        first = source.position(span.start).line
        last = source.position(max(span.start, span.end - 1)).line
        lines.update(range(first, last + 1))
    return lines


class _Places:
    """Spans, asked whether one of them touches another span."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        reach = -1
        for span in sorted(spans):
            reach = max(reach, span.end)
            self._starts.append(span.start)
            self._ends.append(reach)

    def touch(self, span: Span) -> bool:
        index = bisect_right(self._starts, max(span.end - 1, span.start)) - 1
        return index >= 0 and self._ends[index] > span.start
