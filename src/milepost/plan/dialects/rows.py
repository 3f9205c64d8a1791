"""Rows of tables as tasks: ``| 1.1 | Title | ✅ Done |``, ``| Title | [ ] |``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from milepost.plan.blocks import Block
from milepost.plan.dialects.boxes import MARKS
from milepost.plan.dialects.document import plain
from milepost.plan.dialects.labelled import read_written, understand_labels
from milepost.plan.dialects.reading import Reading
from milepost.plan.dialects.values import Values
from milepost.plan.grammar.ids import is_id
from milepost.plan.grammar.states import SIGN, find_state
from milepost.plan.model import Checkbox, Field, Task, TaskState, WrittenState
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_BOX = lazy_regex(r"[`*]*\[(?P<mark>[ xX~/!>-])\][`*]*")
_COLUMNS: dict[str, str] = {
    "id": r"#|ids?|no\.?|nr\.?|number|task(?:[ ]+(?:id|no\.?|number|#))?|step|milestone|编号|序号|任务",
    "title": r"task(?:[ ]+(?:name|title|description))?|titles?|names?|descriptions?|issues?|items?|summary|what|action"
    r"|deliverables?|tarea|título|任务|描述|名称",
    "status": r"status|state|progress|done\??|complete[d]?\??|✓|✅|estado|状态",
    "estimated": r"estimates?(?:d)?(?:[ ]+(?:time|effort|hours))?|effort|est\.?|duration|time|hours|工时|估时",
    "depends": r"depends(?:[ ]+on)?|dependenc(?:y|ies)|deps?|blocked[ ]+by|requires|after|prerequisites?|predecessors?"
    r"|depende[ ]+de|dependencias?|dependências?|abhängig(?:keiten|[ ]+von)|依赖",
    "blocks": r"blocks|unblocks|blocking|desbloqueia|bloquea|bloqueia",
    "owner": r"owner|assignee|assigned(?:[ ]+to)?|who|responsible|负责人",
    "priority": r"priority|prio|prioridad|优先级",
}
_PATTERNS = tuple((name, lazy_regex(pattern, re.IGNORECASE)) for name, pattern in _COLUMNS.items())
_TELLING = frozenset({"status", "estimated", "depends", "blocks", "owner", "priority"})
_KEYS = {"depends": "depends on"}
_OWN_ID = lazy_regex(r"(?:task[ ]*)?(?:ids?|key|code)|编号", re.IGNORECASE)
_CODE = lazy_regex(
    r"(?:[A-Za-z][A-Za-z_]*\d*-)*[A-Za-z]{0,6}\d+[A-Za-z]?(?:\.\d+[A-Za-z]?)*(?:[-–][A-Za-z]{0,6}\d+(?:\.\d+)*)?"
)
_WORK = lazy_regex(r"tasks?|to-?dos?|action items?|work items?|tarea|tarefa|aufgabe|任务", re.IGNORECASE)
_CROSS = lazy_regex(r"[❌✗✘]\ufe0f?|no", re.IGNORECASE)
_LEADING_SIGN = lazy_regex(rf"(?P<sign>{SIGN})\ufe0f?[ \t]+")
_LINK = lazy_regex(r"\[(?P<text>[^\[\]]*)\]\([^()\s]*\)")


class TaskTable(NamedTuple):
    """A table of tasks: its rows, and the place of each column that means something."""

    rows: list[Block]
    columns: dict[str, int]


def task_table(reading: Reading, table: Block) -> TaskTable | None:
    """Read a table as one of tasks: every row starts with an id, and a column tells more than a title does.

    A table without ids is one where it has a column of tasks, and a state for each of them.
    """
    if len(table.children) < 2:
        return None
    columns = _columns(reading, table.children[0])
    rows = [row for row in table.children[1:] if any(_text(reading, row, place) for place in range(len(row.children)))]
    if not rows or not columns.keys() & _TELLING:
        return None
    place = columns.get("id")
    if place is not None:
        ids = [_text(reading, row, place) for row in rows]
        if all(map(_is_code, ids)) and ("status" in columns or 2 * sum(map(is_id, ids)) >= len(ids)):
            return TaskTable(rows, columns)
        if not _WORK.fullmatch(plain(_text(reading, table.children[0], place))):
            return None
        columns = {**{name: at for name, at in columns.items() if at != place}, "title": place}
    return TaskTable(rows, columns) if _tells_states(reading, table.children[0], rows, columns) else None


def _tells_states(reading: Reading, header: Block, rows: list[Block], columns: dict[str, int]) -> bool:
    if "title" not in columns or "status" not in columns or len(rows) < 2:
        return False
    is_of_work = _WORK.fullmatch(plain(_text(reading, header, columns["title"]))) is not None
    spans = [_span(row, columns["status"]) for row in rows]
    return is_of_work and all(
        span and (_BOX.fullmatch(reading.text, *span) or find_state(reading.text, *span)) for span in spans
    )


def _is_code(text: str) -> bool:
    return is_id(text) or _CODE.fullmatch(text) is not None


def table_tasks(reading: Reading, table: TaskTable, phase: str | None, name: Callable[[], str]) -> Iterator[Task]:
    """The tasks of a table's rows; ``name`` gives an id to each row of a table without ids."""
    columns = table.columns
    title_place = columns.get("title", columns.get("id", -1) + 1)
    for row in table.rows:
        id_span = _bare(reading, row, columns["id"]) if "id" in columns else None
        title = _span(row, title_place) or Span(row.span.end, row.span.end)
        fields = tuple(_fields(reading, row, columns))
        values: Values = understand_labels(reading, fields)
        written = _written(reading, row, columns, values.pop("written", None))
        checkbox = next((box for cell in row.children if (box := _box(reading, cell))), None)
        raw = reading.text[title.start : title.end]
        yield Task(
            id=reading.text[id_span.start : id_span.end] if id_span else name(),
            title=plain(_LINK.sub(lambda found: found["text"], raw).replace("~~", "")),
            span=row.span,
            head_span=row.span,
            title_span=title,
            id_span=id_span,
            checkbox=checkbox,
            phase=phase,
            struck=raw.startswith("~~") and raw.endswith("~~"),
            fields=fields,
            written=written,
            **values,
        )


def _written(
    reading: Reading, row: Block, columns: dict[str, int], written: WrittenState | None
) -> WrittenState | None:
    """A row's state: what its column says, where a cross under "Done?" says "not yet"; or a sign before its id."""
    status = _span(row, columns["status"]) if "status" in columns else None
    if written and status and written.state is TaskState.BLOCKED and _CROSS.fullmatch(written.text):
        return replace(written, state=TaskState.NOT_STARTED)
    if written or "id" not in columns:
        return written
    cell = _span(row, columns["id"])
    sign = _LEADING_SIGN.match(reading.text, *cell) if cell else None
    return read_written(reading.text, Span(*sign.span("sign"))) if sign else None


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
    titles = [plain(_text(reading, header, place)) for place in range(len(header.children))]
    own = next((place for place, title in enumerate(titles) if _OWN_ID.fullmatch(title)), None)
    columns: dict[str, int] = {} if own is None else {"id": own}
    for place, title in enumerate(titles):
        for name, pattern in _PATTERNS:
            if name not in columns and place != own and pattern.fullmatch(title):
                columns[name] = place
                break
    return columns


def _fields(reading: Reading, row: Block, columns: dict[str, int]) -> Iterator[Field]:
    for name in sorted(_TELLING & columns.keys()):
        span = _span(row, columns[name])
        if span and span.start < span.end and not _BOX.fullmatch(reading.text, span.start, span.end):
            yield Field(_KEYS.get(name, name), reading.text[span.start : span.end], span, span)


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
    sign = _LEADING_SIGN.match(reading.text, start, end)
    start = sign.end() if sign else start
    while start < end and reading.text[start] in "*_`~ [":
        start += 1
    while start < end and reading.text[end - 1] in "*_`~ ]":
        end -= 1
    return Span(start, end)


def _text(reading: Reading, row: Block, place: int) -> str:
    span = _bare(reading, row, place)
    return reading.text[span.start : span.end]
