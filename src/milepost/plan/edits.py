"""Changes to a plan's document, each as the smallest edits that make it.

An empty list means that the document says so already, or has no place for it (an item without a checkbox, a plan
without that header line). Only under a heading that is a task is a line inserted, for its status, as other labels
stand there.
"""

from __future__ import annotations

from milepost.errors import UnknownName
from milepost.plan.grammar.columns import display_width
from milepost.plan.grammar.states import read_state, restate
from milepost.plan.marks import MARK_OF
from milepost.plan.model import Assignment, Checkbox, Checkpoint, ClaimKind, Plan, Step, TaskState, WrittenState
from milepost.source import Edit, Span


def tick(plan: Plan, task_id: str, state: TaskState) -> list[Edit]:
    """Make a task's checkbox say a state, or the words that stand in its place; a heading gets a line that does.

    Raises:
        UnknownName: the plan has no such task.
        ValueError: no mark stands for the state ``UNKNOWN``.
    """
    task = plan.by_id.get(task_id)
    if task is None:
        raise UnknownName(f"the plan has no task {task_id}", place=plan.source.path)
    if task.checkbox is None and task.written is not None:
        return (_reword if task.written.words else _restate)(plan, task.written, state)
    if task.checkbox is None and task.state is not state:
        from milepost.plan.status_lines import insert_status  # which reads plans, for which others have no need

        return insert_status(plan, task, state)
    return _mark(task.checkbox, state)


def tick_step(step: Step, state: TaskState) -> list[Edit]:
    """Make a sub-step's checkbox say a state."""
    return _mark(step.checkbox, state)


def tick_criterion(plan: Plan, checkpoint_id: str, index: int, state: TaskState) -> list[Edit]:
    """Make the checkbox of a checkpoint's criterion (counted from 0) say a state.

    Raises:
        UnknownName: the plan has no such checkpoint, or the checkpoint no such criterion.
    """
    checkpoint = _checkpoint(plan, checkpoint_id)
    if not 0 <= index < len(checkpoint.criteria):
        raise UnknownName(f"{checkpoint.name} has no criterion {index + 1}", place=plan.source.path)
    return _mark(checkpoint.criteria[index].checkbox, state)


def set_header(plan: Plan, kind: ClaimKind, text: str) -> list[Edit]:
    """Replace the value of the first claim of a kind; label, emphasis and trailing blanks stay."""
    claim = plan.claim(kind)
    if claim is None or claim.text == text:
        return []
    span = claim.value_span
    glued = span.start == span.end and not plan.source.text[: span.start].endswith((" ", "\t"))
    return [Edit(span, _one_line(f" {text}" if glued and text else text))]


def set_assignment_status(plan: Plan, row: Assignment | int, text: str) -> list[Edit]:
    """Replace the status cell of a row of the assignment table (or of the row counted from 0).

    The column keeps its width when the cell has room for the text.

    Raises:
        UnknownName: the plan's tables have no such row.
    """
    if isinstance(row, int):
        if not 0 <= row < len(plan.assignments):
            raise UnknownName(f"the assignment table has no row {row + 1}", place=plan.source.path)
        row = plan.assignments[row]
    if row.status is None or row.status.text == _cell_text(text):
        return []
    return [_fill(plan, row.status.span, _cell_text(text))]


def _reword(plan: Plan, written: WrittenState, state: TaskState) -> list[Edit]:
    """Say a state in the word its format has for it; one that it has no word for is not said."""
    text = dict(written.words).get(state, "")
    if written.state is state or not text:
        return []
    span = written.span
    glued = span.start == span.end and plan.source.text[: span.start].endswith(":")
    return [Edit(span, f" {text}" if glued else text)]


def _fill(plan: Plan, span: Span, text: str) -> Edit:
    """Put a text into a cell, taking up or giving back the blanks around it that pad the column."""
    source = plan.source.text
    start, end = span
    if start == end:
        while start > 0 and source[start - 1] in " \t":
            start -= 1
        if start < end and end - start > 1:
            start += 1
    while end < len(source) and source[end] in " \t":
        end += 1
    if not source.startswith("|", end):
        return Edit(span, text)
    room = display_width(source[start:end])
    lead = " " if source.startswith("|", start - 1) and start > 0 else ""
    padding = room - display_width(lead + text)
    return Edit(Span(start, end), f"{lead}{text}{' ' * max(padding, 1)}")


def _cell_text(text: str) -> str:
    return _one_line(text).strip().replace("\\|", "|").replace("|", "\\|")


def _one_line(text: str) -> str:
    return text.replace("\r\n", " ").replace("\n", " ").replace("\r", " ")


def _checkpoint(plan: Plan, checkpoint_id: str) -> Checkpoint:
    for checkpoint in plan.checkpoints:
        if checkpoint.id == checkpoint_id:
            return checkpoint
    raise UnknownName(f"the plan has no checkpoint {checkpoint_id}", place=plan.source.path)


def _restate(plan: Plan, written: WrittenState, state: TaskState) -> list[Edit]:
    if written.state is state:
        return []
    text = restate(written.text, state)
    if read_state(text) is not state:
        return []
    line = plan.source.line_span(plan.source.position(written.span.start).line)
    in_table = plan.source.text[line.start : line.end].lstrip(" \t>").startswith("|")
    return [_fill(plan, written.span, text) if in_table else Edit(written.span, text)]


def _mark(checkbox: Checkbox | None, state: TaskState) -> list[Edit]:
    if checkbox is None or checkbox.state is state:
        return []
    if state not in MARK_OF:
        raise ValueError(f"no mark stands for {state.value!r}")
    return [Edit(checkbox.span, MARK_OF[state])]
