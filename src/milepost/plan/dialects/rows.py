"""Rows of tables as tasks: ``| 1.1 | Title | ✅ Done |``, ``| Title | [ ] |``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from milepost.plan.blocks import Block
from milepost.plan.dialects.boxes import MARKS
from milepost.plan.dialects.document import plain
from milepost.plan.dialects.labelled import understand_labels
from milepost.plan.dialects.reading import Reading
from milepost.plan.dialects.values import Values
from milepost.plan.grammar.ids import is_id
from milepost.plan.model import Checkbox, Field, Task, TaskState
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_BOX = lazy_regex(r"[`*]*\[(?P<mark>[ xX~/!>-])\][`*]*")
_COLUMNS: dict[str, str] = {
    "id": r"#|ids?|no\.?|nr\.?|number|task(?:[ ]+(?:id|no\.?|number|#))?|step|编号|序号|任务",
    "title": r"task(?:[ ]+(?:name|title|description))?|titles?|names?|descriptions?|issues?|items?|summary|what|action"
    r"|tarea|título|任务|描述|名称",
    "status": r"status|state|progress|done\??|complete[d]?\??|✓|✅|estado|状态",
    "estimated": r"estimates?(?:d)?(?:[ ]+(?:time|effort|hours))?|effort|est\.?|duration|time|hours|工时|估时",
    "depends": r"depends(?:[ ]+on)?|dependenc(?:y|ies)|blocked[ ]+by|prerequisites?|predecessors?|依赖",
    "owner": r"owner|assignee|assigned(?:[ ]+to)?|who|responsible|负责人",
    "priority": r"priority|prio|prioridad|优先级",
}
_PATTERNS = tuple((name, lazy_regex(pattern, re.IGNORECASE)) for name, pattern in _COLUMNS.items())
_TELLING = frozenset({"status", "estimated", "depends", "owner", "priority"})


class TaskTable(NamedTuple):
    """A table of tasks: its rows, and the place of each column that means something."""

    rows: list[Block]
    columns: dict[str, int]


def task_table(reading: Reading, table: Block) -> TaskTable | None:
    """Read a table as one of tasks: every row starts with an id, and a column tells more than a title does."""
    if len(table.children) < 2:
        return None
    columns = _columns(reading, table.children[0])
    rows = [row for row in table.children[1:] if any(_text(reading, row, place) for place in range(len(row.children)))]
    if "id" not in columns or not columns.keys() & _TELLING or not rows:
        return None
    if not all(is_id(_text(reading, row, columns["id"])) for row in rows):
        return None
    return TaskTable(rows, columns)


def table_tasks(reading: Reading, table: TaskTable, phase: str | None) -> Iterator[Task]:
    """The tasks of a table's rows."""
    title_place = table.columns.get("title", table.columns["id"] + 1)
    for row in table.rows:
        id_span = _bare(reading, row, table.columns["id"])
        title = _span(row, title_place) or Span(row.span.end, row.span.end)
        fields = tuple(_fields(reading, row, table.columns))
        values: Values = understand_labels(reading, fields)
        checkbox = next((box for cell in row.children if (box := _box(reading, cell))), None)
        raw = reading.text[title.start : title.end]
        yield Task(
            id=reading.text[id_span.start : id_span.end],
            title=plain(raw.replace("~~", "")),
            span=row.span,
            head_span=row.span,
            title_span=title,
            id_span=id_span,
            checkbox=checkbox,
            phase=phase,
            struck=raw.startswith("~~") and raw.endswith("~~"),
            fields=fields,
            **values,
        )


def boxed_row(reading: Reading, row: Block, task_id: str, phase: str | None) -> Task | None:
    """Read a row with a checkbox in one of its cells as a task called after its first other cell."""
    boxes = [(cell, box) for cell in row.children if (box := _box(reading, cell))]
    titles = [cell.span for cell in row.children if cell.span.start < cell.span.end and not _box(reading, cell)]
    if len(boxes) != 1 or not titles:
        return None
    words = ", ".join(plain(reading.text[span.start : span.end]) for span in titles)
    return Task(task_id, words, row.span, row.span, titles[0], checkbox=boxes[0][1], phase=phase)


def _columns(reading: Reading, header: Block) -> dict[str, int]:
    """The meanings of columns; a column "Task" beside one of ids holds the titles."""
    columns: dict[str, int] = {}
    for place in range(len(header.children)):
        title = plain(_text(reading, header, place))
        for name, pattern in _PATTERNS:
            if name not in columns and pattern.fullmatch(title):
                columns[name] = place
                break
    return columns


def _fields(reading: Reading, row: Block, columns: dict[str, int]) -> Iterator[Field]:
    for name in sorted(_TELLING & columns.keys()):
        span = _span(row, columns[name])
        if span and span.start < span.end and not _BOX.fullmatch(reading.text, span.start, span.end):
            key = "depends on" if name == "depends" else name
            yield Field(key, reading.text[span.start : span.end], span, span)


def _box(reading: Reading, cell: Block) -> Checkbox | None:
    found = _BOX.fullmatch(reading.text, cell.span.start, cell.span.end)
    if found is None:
        return None
    return Checkbox(MARKS.get(found["mark"], TaskState.UNKNOWN), found["mark"], Span(*found.span("mark")))


def _span(row: Block, place: int) -> Span | None:
    return row.children[place].span if place < len(row.children) else None


def _bare(reading: Reading, row: Block, place: int) -> Span:
    """A cell's span without marks of emphasis."""
    start, end = _span(row, place) or Span(row.span.end, row.span.end)
    while start < end and reading.text[start] in "*_`~ [":
        start += 1
    while start < end and reading.text[end - 1] in "*_`~ ]":
        end -= 1
    return Span(start, end)


def _text(reading: Reading, row: Block, place: int) -> str:
    span = _bare(reading, row, place)
    return reading.text[span.start : span.end]
